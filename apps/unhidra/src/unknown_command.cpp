#include "unknown_command.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "unhidra/base/text.h"

namespace unhidra::server {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// Whether the next word is the option's value. Options of what stands above are taken below.
bool takes_word(const CLI::App* app, const std::string& option) {
  if (option.find('=') != std::string::npos) {
    return false;
  }
  for (; app != nullptr; app = app->get_parent()) {
    if (const auto* found = app->get_option_no_throw(option)) {
      return found->get_items_expected_min() > 0;
    }
  }
  return false;
}

std::string told(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  std::ranges::transform(commands_of(app), std::back_inserter(names), &CLI::App::get_name);
  std::string path;
  for (const auto* at = &app; at != nullptr; at = at->get_parent()) {
    path = at->get_name() + (path.empty() ? "" : " ") + path;
  }
  std::string out = path + ": there is no command \"" + printable(word) + "\"";
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  if (const auto near = nearest(word, candidates); !near.empty()) {
    return out + "; did you mean \"" + std::string(near) + "\"?";
  }
  out += "; there are";
  for (const auto& name : names) {
    out += (out.ends_with("are") ? " " : ", ") + name;
  }
  return out;
}

}  // namespace

std::optional<std::string> unknown_command(const CLI::App& app, int argc, const char* const* argv) {
  const CLI::App* at = &app;
  for (int i = 1; i < argc && !commands_of(*at).empty(); ++i) {
    const std::string word = argv[i];
    if (word.starts_with('-')) {
      i += takes_word(at, word) ? 1 : 0;
      continue;
    }
    const auto commands = commands_of(*at);
    const auto next =
        std::ranges::find_if(commands, [&](const CLI::App* one) { return one->check_name(word); });
    if (next == commands.end()) {
      return told(*at, word);
    }
    at = *next;
  }
  return std::nullopt;
}

}  // namespace unhidra::server
