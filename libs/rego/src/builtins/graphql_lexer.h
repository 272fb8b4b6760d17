#pragma once
// The tokens of a GraphQL document (GraphQL, October 2021, section 2.1).

#include <string>
#include <string_view>

namespace unhidra::rego::builtins {

enum class GraphqlToken : unsigned char {
  invalid,
  end,
  bang,
  dollar,
  amp,
  paren_l,
  paren_r,
  spread,
  colon,
  equals,
  at,
  bracket_l,
  bracket_r,
  brace_l,
  brace_r,
  pipe,
  name,
  integer,
  real,
  string,
  block_string,
};
// "<EOF>", "{", "Name".
std::string_view token_name(GraphqlToken token);

struct GraphqlLexeme {
  GraphqlToken token = GraphqlToken::end;
  std::string value;  // of names, numbers and strings; what is wrong with an invalid one
  int line = 1;
  int column = 1;

  // Name "query", or the token's name alone.
  std::string to_string() const;
};

class GraphqlLexer {
 public:
  explicit GraphqlLexer(std::string_view text) : text_(text) {}
  GraphqlLexeme next();

 private:
  void skip_ignored();
  void break_line(std::size_t& at);
  GraphqlLexeme make(GraphqlToken token, std::size_t size);
  GraphqlLexeme invalid(std::string what) const;
  GraphqlLexeme number();
  GraphqlLexeme string();
  GraphqlLexeme block_string();
  int column(std::size_t at) const;

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  int line_ = 1;
};

}  // namespace unhidra::rego::builtins
