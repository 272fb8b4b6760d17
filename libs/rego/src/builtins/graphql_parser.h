#pragma once
// GraphQL documents as values: the tree that the reference's parser makes, without positions and
// without members that are null or empty.

#include <string_view>

#include "builtins/function.h"

namespace unhidra::rego::builtins {

inline constexpr std::size_t kMaxGraphql = 256 * 1024;

// "Expected Name, found <EOF> in GraphQL string at location 1:2".
Result<Value> parse_graphql_query(std::string_view text, Environment& environment);
Result<Value> parse_graphql_schema(std::string_view text, Environment& environment);

// What `Kind` says in a value of the tree.
enum class GraphqlValueKind : std::uint8_t {
  variable,
  integer,
  real,
  string,
  block,
  boolean,
  null,
  enumeration,
  list,
  object,
};

}  // namespace unhidra::rego::builtins
