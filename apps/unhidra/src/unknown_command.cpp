#include "unknown_command.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "unhidra/base/text.h"

namespace unhidra::server {
namespace {

// How many letters have to be changed, added, left out or swapped with the next.
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before;
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::vector<std::size_t> next(to.size() + 1, i + 1);
    for (std::size_t k = 0; k < to.size(); ++k) {
      next[k + 1] = std::min({next[k] + 1, row[k + 1] + 1, row[k] + (from[i] == to[k] ? 0U : 1U)});
      if (i > 0 && k > 0 && from[i] == to[k - 1] && from[i - 1] == to[k]) {
        next[k + 1] = std::min(next[k + 1], before[k - 1] + 1);
      }
    }
    before = std::exchange(row, std::move(next));
  }
  return row.back();
}

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
  const CLI::App* nearest = nullptr;
  std::size_t least = word.size() / 3 + 1;  // more is another word
  for (const auto* one : commands_of(app)) {
    const std::size_t far = distance(word, one->get_name());
    if (far <= least && (nearest == nullptr || far < least)) {
      nearest = one;
      least = far;
    }
  }
  std::string path;
  for (const auto* at = &app; at != nullptr; at = at->get_parent()) {
    path = at->get_name() + (path.empty() ? "" : " ") + path;
  }
  std::string out = path + ": there is no command \"" + printable(word) + "\"";
  if (nearest != nullptr) {
    return out + "; did you mean \"" + nearest->get_name() + "\"?";
  }
  out += "; there are";
  for (const auto* one : commands_of(app)) {
    out += (out.ends_with("are") ? " " : ", ") + one->get_name();
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
