#pragma once
// A GraphQL schema that was checked (GraphQL, October 2021, section 3), and queries against it
// (section 5). Both are the trees of graphql_parser.h.

#include <map>
#include <string>
#include <string_view>

#include "builtins/function.h"

namespace unhidra::rego::builtins {

struct GraphqlType {
  std::string kind;  // SCALAR, OBJECT, INTERFACE, UNION, ENUM, INPUT_OBJECT
  std::string name;
  std::vector<Value> fields;
  std::vector<Value> directives;
  std::vector<std::string> interfaces;
  std::vector<std::string> types;  // of a union
  std::vector<std::string> enum_values;
  bool built_in = false;
  Value definition;  // the first

  const Value* field(std::string_view name) const;
  bool is_input() const { return kind == "SCALAR" || kind == "ENUM" || kind == "INPUT_OBJECT"; }
  bool is_leaf() const { return kind == "SCALAR" || kind == "ENUM"; }
  bool is_composite() const { return kind == "OBJECT" || kind == "INTERFACE" || kind == "UNION"; }
};

class GraphqlSchema {
 public:
  static Result<GraphqlSchema> build(const Value& document, Environment& environment);

  const GraphqlType* type(std::string_view name) const;
  const Value* directive(std::string_view name) const;
  // The type that operations of this kind ("query") begin with; null when there is none.
  const GraphqlType* root(std::string_view operation) const;
  // Whether a value may be of both types.
  bool may_overlap(const GraphqlType& a, const GraphqlType& b) const;

 private:
  Status add_document(const Value& document, bool built_in);
  Status add_type(const Value& definition, bool extension, bool built_in);
  Status add_roots(const Value& document);
  Status check_type(const GraphqlType& type) const;
  Status check_interface(const GraphqlType& type, const std::string& name) const;
  Status check_fields(const GraphqlType& type) const;
  Status check_reference(const Value& type, bool input) const;
  Status check_directives(const std::vector<Value>& used) const;
  bool possible(const GraphqlType& abstract, const GraphqlType& object) const;

  std::map<std::string, GraphqlType, std::less<>> types_;
  std::map<std::string, Value, std::less<>> directives_;
  std::map<std::string, std::string, std::less<>> roots_;
};

Status validate_graphql_query(const GraphqlSchema& schema, const Value& query,
                              Environment& environment);

}  // namespace unhidra::rego::builtins
