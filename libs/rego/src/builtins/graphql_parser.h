#pragma once
// GraphQL documents as values: the tree that the reference's parser makes, without members that are
// null or empty.

#include <string_view>

#include "builtins/function.h"

namespace unhidra::rego::builtins {

inline constexpr std::size_t kMaxGraphql = 256 * 1024;

// Whether nodes know where they begin: {"Position": {"Line": 1, "Column": 2}}.
enum class GraphqlPlaces : std::uint8_t { dropped, kept };

// "Expected Name, found <EOF> in GraphQL string at location 1:2".
Result<Value> parse_graphql_query(std::string_view text, Environment& environment,
                                  GraphqlPlaces places = GraphqlPlaces::dropped);
Result<Value> parse_graphql_schema(std::string_view text, Environment& environment,
                                   GraphqlPlaces places = GraphqlPlaces::dropped);

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
