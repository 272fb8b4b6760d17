#include "builtins/graphql_lexer.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "builtins/go_text.h"

namespace unhidra::rego::builtins {
namespace {

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Section 2.9.4: without the indentation that all lines but the first share, and without blank
// lines at either end.
std::string block_value(std::string_view raw) {
  std::vector<std::string> lines(1);
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\r' || raw[i] == '\n') {
      i += raw.substr(i).starts_with("\r\n") ? 1 : 0;
      lines.emplace_back();
    } else {
      lines.back() += raw[i];
    }
  }
  std::size_t indent = std::string::npos;
  const auto blank = [](const std::string& line) {
    return line.find_first_not_of(" \t") == std::string::npos;
  };
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (!blank(lines[i])) {
      indent = std::min(indent, lines[i].find_first_not_of(" \t"));
    }
  }
  for (std::size_t i = 1; i < lines.size() && indent != std::string::npos; ++i) {
    lines[i].erase(0, std::min(indent, lines[i].size()));
  }
  while (!lines.empty() && blank(lines.front())) {
    lines.erase(lines.begin());
  }
  while (!lines.empty() && blank(lines.back())) {
    lines.pop_back();
  }
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    out += (i > 0 ? "\n" : "") + lines[i];
  }
  return out;
}

}  // namespace

std::string_view token_name(GraphqlToken token) {
  constexpr std::array<std::string_view, 21> kNames = {
      "<Invalid>", "<EOF>", "!", "$", "&", "(",    ")",   "...",   ":",      "=",          "@",
      "[",         "]",     "{", "}", "|", "Name", "Int", "Float", "String", "BlockString"};
  return kNames[static_cast<std::size_t>(token)];
}

std::string GraphqlLexeme::to_string() const {
  const std::string name(token_name(token));
  return value.empty() || token == GraphqlToken::invalid ? name : name + ' ' + quote(value);
}

int GraphqlLexer::column(std::size_t at) const {
  return static_cast<int>(rune_count(text_.substr(line_start_, at - line_start_))) + 1;
}

void GraphqlLexer::break_line(std::size_t& at) {
  at += text_.substr(at).starts_with("\r\n") ? 2 : 1;
  ++line_;
  line_start_ = at;
}

void GraphqlLexer::skip_ignored() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '\n' || c == '\r') {
      break_line(at_);
    } else if (c == ' ' || c == '\t' || c == ',') {
      ++at_;
    } else if (text_.substr(at_).starts_with("\xEF\xBB\xBF")) {
      at_ += 3;
    } else if (c == '#') {
      at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
    } else {
      return;
    }
  }
}

GraphqlLexeme GraphqlLexer::make(GraphqlToken token, std::size_t size) {
  GraphqlLexeme out{token, {}, line_, column(at_)};
  if (token >= GraphqlToken::name) {
    out.value = text_.substr(at_, size);
  }
  at_ += size;
  return out;
}

GraphqlLexeme GraphqlLexer::invalid(std::string what) const {
  return {GraphqlToken::invalid, std::move(what), line_, column(std::min(at_, text_.size()))};
}

GraphqlLexeme GraphqlLexer::next() {
  skip_ignored();
  if (at_ >= text_.size()) {
    return make(GraphqlToken::end, 0);
  }
  constexpr std::string_view kMarks = "!$&():=@[]{}|";
  constexpr std::array kTokens = {
      GraphqlToken::bang,      GraphqlToken::dollar,  GraphqlToken::amp,
      GraphqlToken::paren_l,   GraphqlToken::paren_r, GraphqlToken::colon,
      GraphqlToken::equals,    GraphqlToken::at,      GraphqlToken::bracket_l,
      GraphqlToken::bracket_r, GraphqlToken::brace_l, GraphqlToken::brace_r,
      GraphqlToken::pipe};
  const char c = text_[at_];
  if (const std::size_t i = kMarks.find(c); i != std::string_view::npos) {
    return make(kTokens[i], 1);
  }
  if (text_.substr(at_).starts_with("...")) {
    return make(GraphqlToken::spread, 3);
  }
  if (is_name_start(c)) {
    std::size_t size = 1;
    while (at_ + size < text_.size() &&
           (is_name_start(text_[at_ + size]) || is_digit(text_[at_ + size]))) {
      ++size;
    }
    return make(GraphqlToken::name, size);
  }
  if (c == '-' || is_digit(c)) {
    return number();
  }
  if (text_.substr(at_).starts_with("\"\"\"")) {
    return block_string();
  }
  if (c == '"') {
    return string();
  }
  if (c == '\'') {
    return invalid(
        "Unexpected single quote character ('), did you mean to use a double quote "
        "(\")?");
  }
  std::string shown = quote(text_.substr(at_, decode_rune(text_.substr(at_)).size));
  return invalid("Cannot parse the unexpected character " + shown + ".");
}

GraphqlLexeme GraphqlLexer::number() {
  std::size_t end = at_ + (text_[at_] == '-' ? 1 : 0);
  const auto digits = [&] {
    const std::size_t begin = end;
    while (end < text_.size() && is_digit(text_[end])) {
      ++end;
    }
    return end > begin;
  };
  const auto bad = [&] {
    const std::string shown = end < text_.size()
                                  ? quote(text_.substr(end, decode_rune(text_.substr(end)).size))
                                  : "<EOF>";
    at_ = end;
    return invalid("Invalid number, expected digit but got: " + shown + ".");
  };
  bool is_real = false;
  if (end < text_.size() && text_[end] == '0') {
    ++end;
    if (end < text_.size() && is_digit(text_[end])) {
      return bad();
    }
  } else if (!digits()) {
    return bad();
  }
  if (end < text_.size() && text_[end] == '.') {
    is_real = true;
    ++end;
    if (!digits()) {
      return bad();
    }
  }
  if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
    is_real = true;
    ++end;
    end += end < text_.size() && (text_[end] == '+' || text_[end] == '-') ? 1 : 0;
    if (!digits()) {
      return bad();
    }
  }
  return make(is_real ? GraphqlToken::real : GraphqlToken::integer, end - at_);
}

GraphqlLexeme GraphqlLexer::string() {
  // The position is that of the first character inside.
  GraphqlLexeme out{GraphqlToken::string, {}, line_, column(at_) + 1};
  std::size_t at = at_ + 1;
  while (at < text_.size() && text_[at] != '\n' && text_[at] != '\r') {
    const char c = text_[at];
    if (c == '"') {
      at_ = at + 1;
      return out;
    }
    if (c != '\\') {
      out.value += c;
      ++at;
      continue;
    }
    constexpr std::string_view kFrom = "\"\\/bfnrt";
    constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    const char escape = at + 1 < text_.size() ? text_[at + 1] : '\0';
    const std::size_t i = kFrom.find(escape);
    if (escape != '\0' && i != std::string_view::npos) {
      out.value += kTo[i];
      at += 2;
      continue;
    }
    char32_t rune = 0;
    std::size_t digits = 0;
    while (escape == 'u' && digits < 4 && at + 2 + digits < text_.size() &&
           std::isxdigit(static_cast<unsigned char>(text_[at + 2 + digits])) != 0) {
      const int digit = text_[at + 2 + digits++];
      rune =
          rune * 16 + static_cast<char32_t>(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
    }
    if (digits != 4) {
      at_ = at;
      return invalid("Invalid character escape sequence: \\" + std::string(1, escape) + ".");
    }
    append_rune(out.value, rune);
    at += 6;
  }
  at_ = at;
  return invalid("Unterminated string.");
}

GraphqlLexeme GraphqlLexer::block_string() {
  GraphqlLexeme out{GraphqlToken::block_string, {}, line_, column(at_) + 3};
  std::string raw;
  std::size_t at = at_ + 3;
  while (at < text_.size()) {
    const std::string_view rest = text_.substr(at);
    if (rest.starts_with("\"\"\"")) {
      at_ = at + 3;
      out.value = block_value(raw);
      return out;
    }
    if (rest.starts_with("\\\"\"\"")) {
      raw += "\"\"\"";
      at += 4;
    } else if (rest[0] == '\n' || rest[0] == '\r') {
      raw += '\n';
      break_line(at);
    } else {
      raw += rest[0];
      ++at;
    }
  }
  at_ = at;
  return invalid("Unterminated string.");
}

}  // namespace unhidra::rego::builtins
