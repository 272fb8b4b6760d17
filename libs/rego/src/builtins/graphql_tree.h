#pragma once
// Reading the trees of graphql_parser.h.

#include <string>
#include <string_view>
#include <vector>

#include "builtins/function.h"
#include "builtins/graphql_parser.h"

namespace unhidra::rego::builtins {

// A member that is a list, or nothing.
std::vector<Value> graphql_list(const Value& node, std::string_view member);
std::string graphql_text(const Value& node, std::string_view member);
// Of a value of the tree.
GraphqlValueKind graphql_kind(const Value& value);

// ---- references to types ----
// The name at the heart of one, without lists and exclamation marks.
std::string graphql_type_name(const Value& type);
// "[String!]!"
std::string graphql_type_text(const Value& type);
bool graphql_is_non_null(const Value& type);

// The same tree, which does not know where its nodes begin.
Value graphql_without_places(const Value& node);
// `message`, and where `node` begins, if it knows.
std::unexpected<Error> graphql_refused(const Value& node, const std::string& message);
// A rule that a query violates: told without the final period, as the reference does.
std::unexpected<Error> graphql_violated(const Value& node, std::string message);

}  // namespace unhidra::rego::builtins
