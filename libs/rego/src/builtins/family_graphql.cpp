// GraphQL: graphql.*.
#include "builtins/families.h"
#include "builtins/graphql_parser.h"
#include "builtins/graphql_schema.h"
#include "builtins/graphql_tree.h"

namespace unhidra::rego::builtins {
namespace {

using Parse = Result<Value> (*)(std::string_view, Environment&, GraphqlPlaces);

// A document as text, which is told where it goes wrong, or as the tree of one.
Result<Value> document(const Call& call, std::size_t i, Parse parse) {
  if (call[i].is(Kind::string)) {
    return parse(call[i].text(), call.environment(), GraphqlPlaces::kept);
  }
  if (!call[i].is(Kind::object)) {
    return wrong_kind(i, call[i], {"string", "object"});
  }
  return call[i];
}

struct Documents {
  Value query;
  Value schema;
};

Result<Documents> checked(const Call& call) {
  UNHIDRA_TRY(const Value query, document(call, 0, parse_graphql_query));
  UNHIDRA_TRY(const Value schema, document(call, 1, parse_graphql_schema));
  auto built = GraphqlSchema::build(schema, call.environment());
  if (!built) {
    if (built.error() == CallErrc::exhausted) {
      return fail(std::move(built).error());
    }
    return failed("Error in gqlparser SchemaDocument to Schema conversion: " +
                  built.error().message());
  }
  UNHIDRA_TRY_VOID(validate_graphql_query(*built, query, call.environment()));
  return Documents{query, schema};
}

Answer parse(const Call& call) {
  UNHIDRA_TRY(const Documents documents, checked(call));
  return Value::array(
      {graphql_without_places(documents.query), graphql_without_places(documents.schema)});
}

Answer parse_and_verify(const Call& call) {
  const auto documents = checked(call);
  if (documents) {
    return Value::array({Value::boolean(true), graphql_without_places(documents->query),
                         graphql_without_places(documents->schema)});
  }
  if (documents.error() == CallErrc::exhausted) {
    return fail(Error(documents.error()));
  }
  return Value::array({Value::boolean(false), Value::object({}), Value::object({})});
}

Answer is_valid(const Call& call) {
  const auto documents = checked(call);
  if (!documents && documents.error() == CallErrc::exhausted) {
    return fail(Error(documents.error()));
  }
  return Value::boolean(documents.has_value());
}

Answer parse_query(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY(Value out, parse_graphql_query(text, call.environment()));
  return out;
}

Answer parse_schema(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY(Value out, parse_graphql_schema(text, call.environment()));
  return out;
}

Answer schema_is_valid(const Call& call) {
  const auto schema = document(call, 0, parse_graphql_schema);
  if (!schema) {
    return Value::boolean(false);
  }
  return Value::boolean(GraphqlSchema::build(*schema, call.environment()).has_value());
}

constexpr Builtin kTable[] = {
    {"graphql.is_valid", 2, is_valid},
    {"graphql.parse", 2, parse},
    {"graphql.parse_and_verify", 2, parse_and_verify},
    {"graphql.parse_query", 1, parse_query},
    {"graphql.parse_schema", 1, parse_schema},
    {"graphql.schema_is_valid", 1, schema_is_valid},
};

}  // namespace

std::span<const Builtin> graphql_family() {
  return kTable;
}

}  // namespace unhidra::rego::builtins
