#pragma once
// What documents of both kinds are read with: tokens, names, values, types, directives. Queries and
// schemas are read in graphql_query_parser.cpp and graphql_schema_parser.cpp.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "builtins/go_text.h"
#include "builtins/graphql_lexer.h"
#include "builtins/graphql_parser.h"

namespace unhidra::rego::builtins {

struct GraphqlPlace {
  int line = 0;  // from 1; 0: not asked for
  int column = 0;
};

// A node of the tree; members without content are left out.
class GraphqlNode {
 public:
  // Where it begins; left out when that is not asked for.
  GraphqlNode& at(const GraphqlPlace& place);
  GraphqlNode& text(std::string_view name, std::string_view value) {
    return raw(name, Value::string(std::string(value)));
  }
  GraphqlNode& flag(std::string_view name, bool value) { return raw(name, Value::boolean(value)); }
  GraphqlNode& list(std::string_view name, std::vector<Value> values) {
    return values.empty() ? *this : raw(name, Value::array(std::move(values)));
  }
  GraphqlNode& node(std::string_view name, const Value& value) {
    return value.is(Kind::null) ? *this : raw(name, value);
  }
  GraphqlNode& raw(std::string_view name, Value value) {
    members_.emplace_back(Value::string(std::string(name)), std::move(value));
    return *this;
  }
  Value take() { return Value::object(std::move(members_)); }

 private:
  std::vector<Value::Member> members_;
};

class GraphqlReader {
 public:
  GraphqlReader(std::string_view text, GraphqlPlaces places, Environment& environment)
      : lexer_(text),
        keeps_places_(places == GraphqlPlaces::kept),
        environment_(environment),
        next_(lexer_.next()) {}

 protected:
  using Token = GraphqlToken;
  using Node = GraphqlNode;
  static constexpr int kMaxDepth = 200;

  bool at(Token token) const { return next_.token == token; }
  bool at_keyword(std::string_view word) const {
    return next_.token == Token::name && next_.value == word;
  }
  GraphqlPlace here() const {
    return keeps_places_ ? GraphqlPlace{next_.line, next_.column} : GraphqlPlace{};
  }
  Environment& environment() const { return environment_; }
  const GraphqlLexeme& next() const { return next_; }
  GraphqlLexeme take() {
    GraphqlLexeme out = std::move(next_);
    next_ = lexer_.next();
    return out;
  }
  bool skip(Token token) {
    if (!at(token)) {
      return false;
    }
    take();
    return true;
  }

  static std::unexpected<Error> bad(const GraphqlLexeme& where, const std::string& what) {
    return failed(what + " in GraphQL string at location " + std::to_string(where.line) + ':' +
                  std::to_string(where.column));
  }
  static std::unexpected<Error> unexpected(const GraphqlLexeme& lexeme) {
    return bad(lexeme, "Unexpected " + lexeme.to_string());
  }
  std::unexpected<Error> unexpected() const { return unexpected(next_); }

  Result<std::string> expect(Token token) {
    if (!at(token)) {
      // What the lexer could not read is told in its own words.
      return bad(next_, at(Token::invalid) ? next_.value
                                           : "Expected " + std::string(token_name(token)) +
                                                 ", found " + next_.to_string());
    }
    return take().value;
  }
  Status expect_keyword(std::string_view word) {
    if (!at_keyword(word)) {
      return bad(next_, "Expected " + quote(word) + ", found " + next_.to_string());
    }
    take();
    return {};
  }
  Result<std::string> name() { return expect(Token::name); }

  // Parsers of one item each, until the closing token.
  template <class Item>
  Result<std::vector<Value>> many(Token open, Token close, bool one_at_least, Item item) {
    std::vector<Value> out;
    if (!skip(open)) {
      return out;
    }
    // At the end of the text the item says what it expected.
    while (!at(close)) {
      UNHIDRA_TRY_VOID(environment_.charge(sizeof(Value) * 4));
      UNHIDRA_TRY(Value value, item());
      out.push_back(std::move(value));
    }
    if (one_at_least && out.empty()) {
      return bad(next_,
                 "expected at least one definition, found " + std::string(token_name(next_.token)));
    }
    UNHIDRA_TRY_VOID(expect(close));
    return out;
  }

  Result<std::vector<Value>> arguments(bool constant);
  Result<std::vector<Value>> directives(bool constant);
  Result<Value> value(bool constant, int depth);
  Result<Value> type_reference(int depth);
  // What a variable or an argument is declared as: `: Type = value @directive`.
  struct Declaration {
    Value type;
    Value default_value;
    std::vector<Value> directives;
  };
  Result<Declaration> declaration();

 private:
  GraphqlLexer lexer_;
  const bool keeps_places_;
  Environment& environment_;
  GraphqlLexeme next_;
};

// Errc::invalid: it is too long.
Status check_graphql_size(std::string_view text, Environment& environment);

}  // namespace unhidra::rego::builtins
