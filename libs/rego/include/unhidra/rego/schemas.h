#pragma once
// JSON Schemas of input and data that policies are checked against. Evaluations do not read them.

#include <map>
#include <string>

#include "unhidra/rego/value.h"

namespace unhidra::rego {

struct Schemas {
  // By what annotations call them: "schema", "schema.input", "schema.roles.admin". What is called
  // just "schema" holds for the input of every rule and query.
  std::map<std::string, Value, std::less<>> by_name;
};

}  // namespace unhidra::rego
