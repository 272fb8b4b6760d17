// `unhidra policy fmt`.
#include "unhidra/rego/format.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "unhidra/base/text.h"
#include "unhidra/runtime/files.h"

#include "loading.h"

namespace unhidra::server::policy_line {
namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// What differs between the first and the last line that do, as a unified diff has it.
void print_difference(const std::string& file, std::string_view before, std::string_view after) {
  const auto old_lines = lines_of(before);
  const auto new_lines = lines_of(after);
  const std::size_t shorter = std::min(old_lines.size(), new_lines.size());
  std::size_t head = 0;
  while (head < shorter && old_lines[head] == new_lines[head]) {
    ++head;
  }
  std::size_t tail = 0;
  while (tail < shorter - head &&
         old_lines[old_lines.size() - 1 - tail] == new_lines[new_lines.size() - 1 - tail]) {
    ++tail;
  }
  const std::size_t removed = old_lines.size() - head - tail;
  const std::size_t added = new_lines.size() - head - tail;
  std::printf("--- %s\n+++ %s\n@@ -%zu,%zu +%zu,%zu @@\n", printable(file).c_str(),
              printable(file).c_str(), head + (removed == 0 ? 0 : 1), removed,
              head + (added == 0 ? 0 : 1), added);
  for (std::size_t i = head; i < head + removed; ++i) {
    std::printf("-%.*s\n", static_cast<int>(old_lines[i].size()), old_lines[i].data());
  }
  for (std::size_t i = head; i < head + added; ++i) {
    std::printf("+%.*s\n", static_cast<int>(new_lines[i].size()), new_lines[i].data());
  }
}

// Keeps the rights of the file.
Status replace_file(const std::string& file, const std::string& text) {
  std::error_code error;
  const auto rights = std::filesystem::status(file, error).permissions();
  return runtime::write_file_atomically(file, as_bytes(text), static_cast<mode_t>(rights) & 0777U);
}

struct Tally {
  bool refused = false;
  bool differs = false;
};

Status format_one(const Options& options, const rego::ModuleSource& module, Tally& tally) {
  const auto out = rego::format_module(module.file, module.text, options.compile().syntax);
  if (!out) {
    tally.refused = true;
    print_problems(out.error(), false);
    return {};
  }
  const bool differs = *out != module.text;
  tally.differs = tally.differs || differs;
  if (options.lists || options.shows_difference) {
    if (differs && options.lists) {
      std::printf("%s\n", printable(module.file).c_str());
    }
    if (differs && options.shows_difference) {
      print_difference(module.file, module.text, *out);
    }
    return {};
  }
  if (options.writes) {
    return differs ? replace_file(module.file, *out) : Status();
  }
  std::fputs(out->c_str(), stdout);
  return {};
}

}  // namespace

Result<int> format(const Options& options) {
  std::vector<rego::ModuleSource> modules;
  if (options.paths.empty()) {
    if (options.writes) {
      return fail(policy::Errc::bad_file, "--write needs a file or folder");
    }
    UNHIDRA_TRY(auto text, read_stdin());
    modules.push_back({"stdin", std::move(text)});
  } else {
    UNHIDRA_TRY(modules, policy::load_modules(options.paths, options.ignored));
  }
  Tally tally;
  for (const auto& module : modules) {
    UNHIDRA_TRY_VOID(format_one(options, module, tally));
  }
  return tally.refused || (options.fails && tally.differs) ? 1 : 0;
}

}  // namespace unhidra::server::policy_line
