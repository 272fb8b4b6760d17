#pragma once
// What JSON Schemas say of types, and which of them hold where.

#include <utility>
#include <vector>

#include "unhidra/rego/schemas.h"

#include "engine/policy.h"
#include "types/type.h"

namespace unhidra::rego {

// What is known of input and of the given data; none: nothing.
struct GivenTypes {
  TypePtr input;
  std::vector<std::pair<std::vector<Value>, TypePtr>> data;  // by the place, without data
};

// As the reference's checker reads a schema: `type`, `properties`, `items`, `allOf`, `anyOf`,
// `$ref` inside the schema. An object with properties has no others. Errc::type_error: it is none.
Result<TypePtr> type_of_schema(const Value& schema);

class SchemaTypes {
 public:
  // `schemas`: none: annotations that name one say nothing. Not owned.
  SchemaTypes(const Policy& policy, const Schemas* schemas, Problems& problems);

  // Where nothing else is said.
  const GivenTypes& everywhere() const { return everywhere_; }
  // By the annotations of the rule, of its document, its package and the packages above.
  GivenTypes of(const Rule& rule) const;

 private:
  struct Statement {
    bool of_input = false;
    std::vector<Value> path;
    TypePtr type;
  };
  using Statements = std::vector<Statement>;

  Statements read(const Annotation& annotation, const Location& location);
  TypePtr type_named(const Value& path, const Location& location);
  TypePtr type_written(const Value& schema, const Location& location);
  void read_packages(const Policy& policy);
  void read_rules(const RuleNode& node);
  static void add(const Statements& from, GivenTypes& to);

  const Schemas* schemas_;
  Problems& problems_;
  GivenTypes everywhere_;
  std::map<const RuleNode*, Statements> subpackages_;
  std::map<const RuleNode*, Statements> packages_;
  std::map<const RuleNode*, Statements> documents_;
  std::map<const Rule*, Statements> rules_;
  const Policy& policy_;
};

}  // namespace unhidra::rego
