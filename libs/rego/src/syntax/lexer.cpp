#include "syntax/lexer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

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

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  std::expected<TokenList, SyntaxFault> run() {
    while (!failed_ && skip_space()) {
      lex_token();
    }
    if (failed_) {
      return std::unexpected(std::move(fault_));
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
  void push(TokenType type, std::string text) {
    out_.tokens.push_back(
        {type, std::move(text), token_row_, token_column_, token_begin_, position_});
  }
  void fault(std::string message) {
    if (!failed_) {
      failed_ = true;
      fault_ = {token_row_, token_column_, std::move(message)};
    }
  }

  // False at the end.
  bool skip_space() {
    while (!ended()) {
      if (at() == '#') {
        const auto end = std::min(source_.find('\n', position_), source_.size());
        out_.comments.push_back(
            {row_, std::string(source_.substr(position_ + 1, end - position_ - 1)), position_});
        position_ = end;
      } else if (at() == ' ' || at() == '\t' || at() == '\n' || at() == '\r') {
        advance();
      } else {
        return true;
      }
    }
    return false;
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
    push(TokenType::name, std::string(source_.substr(token_begin_, position_ - token_begin_)));
  }

  void lex_number() {
    while (is_digit(at())) {
      advance();
    }
    if (at() == '.' && is_digit(at(1))) {
      advance();
      while (is_digit(at())) {
        advance();
      }
    }
    const std::size_t sign = at(1) == '+' || at(1) == '-' ? 2 : 1;
    if ((at() == 'e' || at() == 'E') && is_digit(at(sign))) {
      position_ += sign;
      while (is_digit(at())) {
        advance();
      }
    }
    const auto text = source_.substr(token_begin_, position_ - token_begin_);
    if ((text.size() > 1 && text[0] == '0' && is_digit(text[1])) || is_letter(at())) {
      return fault("illegal number format");
    }
    push(TokenType::number, std::string(text));
  }

  std::uint32_t hex4() {
    std::uint32_t out = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = at();
      if (std::isxdigit(static_cast<unsigned char>(c)) == 0) {
        fault("illegal string escape sequence");
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
      fault("illegal string escape sequence");
    }
  }

  void lex_string() {
    std::string out;
    advance();
    while (!failed_ && at() != '"') {
      if (ended() || at() == '\n') {
        return fault("non-terminated string");
      }
      if (at() == '\\') {
        advance();
        lex_escape(out, false);
      } else {
        out.push_back(at());
        advance();
      }
    }
    if (!failed_) {
      advance();
      push(TokenType::string, std::move(out));
    }
  }

  void lex_raw_string() {
    advance();
    std::string out;
    while (!ended() && at() != '`') {
      out.push_back(at());
      advance();
    }
    if (ended()) {
      return fault("non-terminated raw string");
    }
    advance();
    push(TokenType::string, std::move(out));
  }

  void lex_text() {
    if (++nesting_ > kMaxNesting) {
      return fault("interpolated strings are nested too deeply");
    }
    const char quote = at(1);
    position_ += 2;
    push(TokenType::text_begin, {});
    std::string literal;
    while (!failed_ && at() != quote) {
      if (ended() || (quote == '"' && at() == '\n')) {
        return fault("non-terminated string");
      }
      if (at() == '\\' && (quote == '"' || at(1) == '{')) {
        advance();
        lex_escape(literal, true);
      } else if (at() == '{') {
        push(TokenType::string, std::exchange(literal, {}));
        lex_text_expression();
        begin();
      } else {
        literal.push_back(at());
        advance();
      }
    }
    if (!failed_) {
      push(TokenType::string, std::move(literal));
      advance();
      push(TokenType::text_end, {});
      --nesting_;
    }
  }

  void lex_text_expression() {
    begin();
    advance();
    push(TokenType::text_open, "{");
    for (int depth = 1; !failed_ && skip_space();) {
      depth += at() == '{' ? 1 : at() == '}' ? -1 : 0;
      if (depth == 0) {
        begin();
        advance();
        push(TokenType::text_close, "}");
        return;
      }
      lex_token();
    }
    fault("non-terminated expression in a string");
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
      return fault("illegal token");
    }
    advance();
    push(TokenType::symbol, std::string(two.substr(0, 1)));
  }

  std::string_view source_;
  TokenList out_;
  SyntaxFault fault_;
  bool failed_ = false;
  std::size_t nesting_ = 0;
  std::size_t position_ = 0;
  std::size_t line_begin_ = 0;
  std::uint32_t row_ = 1;
  std::size_t token_begin_ = 0;
  std::uint32_t token_row_ = 1;
  std::uint32_t token_column_ = 1;
};

}  // namespace

std::expected<TokenList, SyntaxFault> lex(std::string_view source) {
  return Lexer(source).run();
}

}  // namespace unhidra::rego
