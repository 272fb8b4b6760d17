#pragma once
// Type errors that can be seen without an input: calls, equalities and references that no value
// can satisfy.

#include <map>
#include <span>
#include <vector>

#include "engine/dependencies.h"
#include "syntax/problems.h"
#include "types/schema_type.h"

namespace unhidra::rego {

// What is known of the policy's rules.
struct RuleTypes {
  std::map<const RuleNode*, TypePtr> documents;
  std::map<const RuleNode*, FunctionType> functions;
  GivenTypes given;  // what holds for queries
};

// `order`: each node behind those that it needs (Errc::type_error).
RuleTypes check_types(const RuleNode& root, const Dependencies& dependencies,
                      std::span<const std::uint32_t> order, const SchemaTypes& schemas,
                      Problems& problems);
void check_types(const RuleNode& root, const RuleTypes& rules, const Body& query, std::size_t slots,
                 Problems& problems);

// "plus: invalid argument(s)", and below it what a call has and what its function wants.
std::string argument_error(std::string_view function, std::string_view what,
                           std::span<const std::string> have, const FunctionType& want,
                           bool with_result);
// Of a term, as far as it can be told from itself alone.
TypePtr type_alone(const Term& term);

}  // namespace unhidra::rego
