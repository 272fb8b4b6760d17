// JSON Schema: json.match_schema, json.verify_schema.
#include "builtins/families.h"
#include "builtins/json_schema.h"
#include "builtins/json_text.h"

namespace unhidra::rego::builtins {
namespace {

// A document or schema is given as it is, or as JSON text.
Result<Value> document(const Call& call, std::size_t i) {
  if (call[i].is(Kind::string)) {
    return parse_json(call[i].text());
  }
  if (!call[i].is(Kind::object)) {
    return wrong_kind(i + 1, call[i], {"string", "object"});
  }
  return call[i];
}

Answer verify_schema(const Call& call) {
  const auto verdict = [](bool valid, Value text) {
    return Value::array({Value::boolean(valid), std::move(text)});
  };
  auto schema = document(call, 0);
  Status status;
  if (schema) {
    status = check_schema(*schema, call.environment());
  } else {
    status = fail(schema.error());
  }
  if (status) {
    return verdict(true, Value());
  }
  if (status.error() == CallErrc::exhausted) {
    return fail(std::move(status).error());
  }
  return verdict(false, Value::string("jsonschema: " + status.error().message()));
}

Answer match_schema(const Call& call) {
  UNHIDRA_TRY(const Value instance, document(call, 0));
  UNHIDRA_TRY(const Value schema, document(call, 1));
  UNHIDRA_TRY(const auto problems, validate_schema(instance, schema, call.environment()));
  std::vector<Value> out;
  for (const SchemaProblem& problem : problems) {
    const std::string whole = problem.field + ": " + problem.description;
    out.push_back(Value::object({{Value::string("error"), Value::string(whole)},
                                 {Value::string("type"), Value::string(problem.type)},
                                 {Value::string("field"), Value::string(problem.field)},
                                 {Value::string("desc"), Value::string(problem.description)}}));
  }
  const bool valid = out.empty();
  return Value::array({Value::boolean(valid), Value::array(std::move(out))});
}

constexpr Builtin kTable[] = {
    {"json.match_schema", 2, match_schema},
    {"json.verify_schema", 1, verify_schema},
};

}  // namespace

std::span<const Builtin> schema_family() {
  return kTable;
}

}  // namespace unhidra::rego::builtins
