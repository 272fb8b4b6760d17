#pragma once
// Arguments and values of a query against what a schema asks of them (GraphQL, October 2021,
// sections 5.4, 5.6 and 5.8).

#include <map>
#include <set>
#include <string>

#include "builtins/graphql_schema.h"

namespace unhidra::rego::builtins {

// The variables of the operation that is checked.
struct GraphqlVariables {
  std::string operation;  // its name
  std::map<std::string, Value, std::less<>> declared;
  std::set<std::string, std::less<>> used;
};

class GraphqlValues {
 public:
  // Neither is owned.
  GraphqlValues(const GraphqlSchema& schema, GraphqlVariables& variables)
      : schema_(schema), variables_(variables) {}

  // Whose arguments they are: `field "Query.hero"`, and where one is missing `Field "hero"`.
  struct Owner {
    std::string known;
    std::string asking;
  };
  Status check_arguments(const Value& node, const Value& definition, const Owner& owner);
  // `has_default`: the place that wants `type` has a value without it.
  Status check(const Value& value, const Value& type, bool has_default, int depth = 0);

 private:
  Status check_variable(const Value& value, Value wanted, bool has_default);
  Status check_named(const Value& value, const Value& type, int depth);
  Status check_input_object(const Value& value, const GraphqlType& type, int depth);

  const GraphqlSchema& schema_;
  GraphqlVariables& variables_;
};

}  // namespace unhidra::rego::builtins
