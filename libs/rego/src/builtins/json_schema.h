#pragma once
// JSON Schema, drafts 4, 6 and 7, in the terms of the reference's checker (names and texts of its
// problems). References stay inside the schema: nothing is fetched.

#include <string>
#include <vector>

#include "builtins/function.h"

namespace unhidra::rego::builtins {

struct SchemaProblem {
  std::string type;         // "required", "invalid_type", ...
  std::string field;        // "(root)", "a.0.b"
  std::string description;  // "id is required"
};

// Whether it is a schema at all.
Status check_schema(const Value& schema, Environment& environment);
// What is wrong with the document; fails when the schema is none.
Result<std::vector<SchemaProblem>> validate_schema(const Value& document, const Value& schema,
                                                   Environment& environment);

}  // namespace unhidra::rego::builtins
