#pragma once
// Policy text to tokens.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/base/error.h"

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
  std::string text;       // without '#'
  std::size_t begin = 0;  // bytes
};

struct TokenList {
  std::vector<Token> tokens;
  std::vector<Comment> comments;
};

struct SyntaxFault {
  std::uint32_t row = 0;
  std::uint32_t column = 0;
  std::string message;
};

std::expected<TokenList, SyntaxFault> lex(std::string_view source);

}  // namespace unhidra::rego
