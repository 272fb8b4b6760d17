#include "builtins/template_pieces.h"

#include "builtins/function.h"
#include "builtins/go_text.h"

namespace unhidra::rego::builtins {
namespace {

// The words of one action: names, fields, literals, and the marks ( ) | , := =.
Result<std::vector<std::string>> words_of(std::string_view action) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while (at < action.size()) {
    const char c = action[at];
    if (is_space(static_cast<unsigned char>(c))) {
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    if (c == '"' || c == '`') {
      while (end < action.size() && action[end] != c) {
        end += c == '"' && action[end] == '\\' ? 2 : 1;
      }
      if (end >= action.size()) {
        return failed("template: unterminated quoted string");
      }
      ++end;
    } else if (action.substr(at).starts_with(":=")) {
      end = at + 2;
    } else if (std::string_view("()|,=").find(c) == std::string_view::npos) {
      while (end < action.size() &&
             std::string_view("()|,=:\"` \t\r\n").find(action[end]) == std::string_view::npos) {
        ++end;
      }
    }
    out.emplace_back(action.substr(at, end - at));
    at = end;
  }
  return out;
}

}  // namespace

Result<std::vector<TemplatePiece>> pieces_of(std::string_view pattern) {
  std::vector<TemplatePiece> out;
  bool trim_next = false;
  while (!pattern.empty()) {
    const std::size_t open = pattern.find("{{");
    std::string_view text = pattern.substr(0, open);
    if (trim_next) {
      text = trim_left(text, " \t\r\n");
    }
    if (open == std::string_view::npos) {
      out.push_back({std::string(text), {}, false});
      break;
    }
    pattern.remove_prefix(open + 2);
    if (pattern.starts_with("- ") || pattern.starts_with("-\n")) {
      text = trim_right(text, " \t\r\n");
      pattern.remove_prefix(2);
    }
    out.push_back({std::string(text), {}, false});
    std::size_t close = pattern.find("}}");
    if (trim_left(pattern, " ").starts_with("/*")) {
      const std::size_t end = pattern.find("*/");
      close = end == std::string_view::npos ? end : pattern.find("}}", end);
    }
    if (close == std::string_view::npos) {
      return failed("template: unclosed action");
    }
    std::string_view action = pattern.substr(0, close);
    pattern.remove_prefix(close + 2);
    trim_next = action.ends_with(" -");
    if (trim_next) {
      action.remove_suffix(2);
    }
    if (trim_left(action, " ").starts_with("/*")) {
      continue;
    }
    UNHIDRA_TRY(auto words, words_of(action));
    out.push_back({"", std::move(words), true});
  }
  return out;
}

}  // namespace unhidra::rego::builtins
