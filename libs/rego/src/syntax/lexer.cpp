#include "syntax/lexer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "unhidra/base/text.h"

#include "values/work.h"

namespace unhidra::rego {
namespace {

constexpr std::size_t kMaxNesting = 32;  // of interpolated strings

bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | point >> 6);
    put(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    put(0xe0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  } else {
    put(0xf0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3f));
    put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  }
}

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// What is wrong with the characters of a text; empty: nothing.
std::string_view unfit_character(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    return "illegal null character";
  }
  if (text.find(kByteOrderMark) != std::string_view::npos) {
    return "illegal byte-order mark";
  }
  return is_valid_utf8(text) ? "" : "illegal utf-8 character";
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {
    if (source_.starts_with(kByteOrderMark)) {
      position_ = line_begin_ = kByteOrderMark.size();
    }
  }

  TokenList run() {
    constexpr std::uint64_t kWorkOfToken = 64;
    while (skip_space() && WorkScope::take(kWorkOfToken)) {
      lex_token();
    }
    begin();
    push(TokenType::end, {});
    return std::move(out_);
  }

 private:
  char at(std::size_t offset = 0) const {
    return position_ + offset < source_.size() ? source_[position_ + offset] : '\0';
  }
  bool ended() const { return position_ >= source_.size(); }
  void advance() {
    if (source_[position_] == '\n') {
      ++row_;
      line_begin_ = position_ + 1;
    }
    ++position_;
  }
  std::uint32_t column() const { return static_cast<std::uint32_t>(position_ - line_begin_ + 1); }
  void begin() {
    token_row_ = row_;
    token_column_ = column();
    token_begin_ = position_;
  }
  std::string_view lexeme() const { return source_.substr(token_begin_, position_ - token_begin_); }
  void push(TokenType type, std::string text) {
    if (!complaint_.empty()) {
      type = TokenType::illegal;
      text = std::exchange(complaint_, {});
    }
    out_.tokens.push_back(
        {type, std::move(text), token_row_, token_column_, token_begin_, position_});
  }
  // About the token that is read; the first counts.
  void complain(std::string_view message) {
    if (complaint_.empty()) {
      complaint_ = message;
    }
  }
  void complain_about_characters() {
    if (const auto message = unfit_character(lexeme()); !message.empty()) {
      complain(message);
    }
  }

  // False at the end.
  bool skip_space() {
    while (!ended()) {
      if (at() == '#') {
        lex_comment();
      } else if (at() == ' ' || at() == '\t' || at() == '\n' || at() == '\r') {
        advance();
      } else {
        return true;
      }
    }
    return false;
  }

  void lex_comment() {
    begin();
    position_ = std::min(source_.find('\n', position_), source_.size());
    out_.comments.push_back({row_, token_column_, std::string(lexeme().substr(1)), token_begin_});
    complain_about_characters();
    if (!complaint_.empty()) {
      push(TokenType::illegal, {});
    }
  }

  void lex_token() {
    begin();
    if (is_letter(at())) {
      lex_name();
    } else if (is_digit(at())) {
      lex_number();
    } else if (at() == '"') {
      lex_string();
    } else if (at() == '`') {
      lex_raw_string();
    } else if (at() == '$' && (at(1) == '"' || at(1) == '`')) {
      lex_text();
    } else {
      lex_symbol();
    }
  }

  void lex_name() {
    while (is_letter(at()) || is_digit(at())) {
      advance();
    }
    push(TokenType::name, std::string(lexeme()));
  }

  bool skip_digits() {
    const std::size_t begin = position_;
    while (is_digit(at())) {
      ++position_;
    }
    return position_ != begin;
  }

  void lex_number() {
    skip_digits();
    if (at() == '.') {
      ++position_;
      if (!skip_digits()) {
        complain("expected fraction");
      }
    }
    if (at() == 'e' || at() == 'E') {
      position_ += at(1) == '+' || at(1) == '-' ? 2 : 1;
      if (!skip_digits()) {
        complain("expected exponent");
      }
    }
    if (is_letter(at())) {
      complain("illegal number format");
      while (is_letter(at()) || is_digit(at())) {
        ++position_;
      }
    }
    push(TokenType::number, std::string(lexeme()));
  }

  std::uint32_t hex4() {
    std::uint32_t out = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = at();
      if (std::isxdigit(static_cast<unsigned char>(c)) == 0) {
        is_bad_literal_ = true;
        return 0;
      }
      const int digit = is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
      out = out * 16 + static_cast<std::uint32_t>(digit);
      advance();
    }
    return out;
  }

  void lex_unicode_escape(std::string& out) {
    std::uint32_t point = hex4();
    if (point >= 0xd800 && point < 0xdc00 && at() == '\\' && at(1) == 'u') {
      position_ += 2;
      const std::uint32_t low = hex4();
      point = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00)
                                            : 0xfffd;
    } else if (point >= 0xd800 && point < 0xe000) {
      point = 0xfffd;
    }
    append_utf8(out, point);
  }

  // Behind the backslash.
  void lex_escape(std::string& out, bool interpolated) {
    static constexpr std::string_view kFrom = "\"\\/bfnrt";
    static constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    const char c = at();
    if (const auto known = kFrom.find(c); c != '\0' && known != std::string_view::npos) {
      out.push_back(kTo[known]);
      advance();
    } else if (interpolated && c == '{') {
      out.push_back('{');
      advance();
    } else if (c == 'u') {
      advance();
      lex_unicode_escape(out);
    } else {
      complain("illegal escape sequence");
    }
  }

  void lex_string() {
    std::string out;
    is_bad_literal_ = false;
    advance();
    while (at() != '"') {
      if (ended() || at() == '\n') {
        complain("non-terminated string");
        return push(TokenType::string, {});
      }
      if (at() == '\\') {
        advance();
        lex_escape(out, false);
      } else {
        out.push_back(at());
        advance();
      }
    }
    advance();
    complain_about_characters();
    if (is_bad_literal_) {
      complain("illegal string literal: " + std::string(lexeme()));
    }
    push(TokenType::string, std::move(out));
  }

  void lex_raw_string() {
    advance();
    while (!ended() && at() != '`') {
      advance();
    }
    if (ended()) {
      complain("non-terminated string");
      return push(TokenType::string, {});
    }
    advance();
    complain_about_characters();
    push(TokenType::string, std::string(lexeme().substr(1, lexeme().size() - 2)));
  }

  void lex_text() {
    if (nesting_ >= kMaxNesting) {
      position_ += 2;
      complain("interpolated strings are nested too deeply");
      return push(TokenType::illegal, {});
    }
    ++nesting_;
    const char quote = at(1);
    position_ += 2;
    push(TokenType::text_begin, {});
    std::string literal;
    is_bad_literal_ = false;
    while (at() != quote && !ended() && (quote == '`' || at() != '\n')) {
      if (at() == '\\' && (quote == '"' || at(1) == '{')) {
        advance();
        lex_escape(literal, true);
      } else if (at() == '{') {
        push_part(std::exchange(literal, {}));
        lex_text_expression();
        begin();
      } else {
        literal.push_back(at());
        advance();
      }
    }
    --nesting_;
    if (at() != quote || ended()) {
      complain("non-terminated string");
      return push(TokenType::string, {});
    }
    push_part(std::move(literal));
    advance();
    push(TokenType::text_end, {});
  }

  // What stands between expressions.
  void push_part(std::string literal) {
    complain_about_characters();
    if (is_bad_literal_) {
      complain("illegal template-string part: " + std::string(lexeme()));
      is_bad_literal_ = false;
    }
    push(TokenType::string, std::move(literal));
  }

  void lex_text_expression() {
    begin();
    advance();
    push(TokenType::text_open, "{");
    for (int depth = 1; skip_space();) {
      depth += at() == '{' ? 1 : at() == '}' ? -1 : 0;
      if (depth == 0) {
        begin();
        advance();
        return push(TokenType::text_close, "}");
      }
      lex_token();
    }
  }

  void lex_symbol() {
    static constexpr std::array<std::string_view, 5> kPairs{":=", "==", "!=", "<=", ">="};
    static constexpr std::string_view kSingles = "{}[]().,;:|&+-*/%=<>";
    const auto two = source_.substr(position_, 2);
    if (std::ranges::find(kPairs, two) != kPairs.end()) {
      position_ += 2;
      return push(TokenType::symbol, std::string(two));
    }
    if (kSingles.find(at()) == std::string_view::npos || at() == '\0') {
      return lex_unknown();
    }
    advance();
    push(TokenType::symbol, std::string(two.substr(0, 1)));
  }

  // One character, all of its bytes.
  void lex_unknown() {
    const char first = at();
    do {
      advance();
    } while (!ended() && (static_cast<unsigned char>(at()) & 0xc0) == 0x80);
    if (first == '!' || first == '$') {
      complain(std::string("illegal ") + first + " character");
    }
    complain_about_characters();
    push(TokenType::illegal, {});
  }

  std::string_view source_;
  TokenList out_;
  std::string complaint_;
  bool is_bad_literal_ = false;  // an escape of the string that is read means nothing
  std::size_t nesting_ = 0;
  std::size_t position_ = 0;
  std::size_t line_begin_ = 0;
  std::uint32_t row_ = 1;
  std::size_t token_begin_ = 0;
  std::uint32_t token_row_ = 1;
  std::uint32_t token_column_ = 1;
};

}  // namespace

TokenList lex(std::string_view source) {
  return Lexer(source).run();
}

}  // namespace unhidra::rego
