#pragma once
// Policy text to tokens.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace unhidra::rego {

enum class TokenType : std::uint8_t {
  name,
  string,  // text is the value
  number,
  symbol,      // text is the symbol: "{", ":=", ...
  text_begin,  // an interpolated string; then string tokens and, for each expression, text_open ...
  text_open,
  text_close,
  text_end,
  illegal,  // text tells what is wrong with it, or nothing
  end,
};

struct Token {
  TokenType type = TokenType::end;
  std::string text;
  std::uint32_t row = 0;
  std::uint32_t column = 0;
  std::size_t begin = 0;  // bytes
  std::size_t end = 0;
};

struct Comment {
  std::uint32_t row = 0;
  std::uint32_t column = 0;
  std::string text;       // without '#'
  std::size_t begin = 0;  // bytes
};

struct TokenList {
  std::vector<Token> tokens;
  std::vector<Comment> comments;
};

// What is no token becomes an illegal one.
TokenList lex(std::string_view source);

}  // namespace unhidra::rego
