// Whether a schema is one.
#include <algorithm>
#include <array>

#include "builtins/json_schema.h"
#include "builtins/number_math.h"
#include "builtins/regex.h"
#include "builtins/schema_parts.h"

namespace unhidra::rego::builtins {
namespace {

constexpr auto kTypes = std::to_array<std::string_view>(
    {"array", "boolean", "integer", "number", "null", "object", "string"});

// The keywords whose values are schemas, maps of schemas, lists of schemas.
constexpr auto kSchemas =
    std::to_array<std::string_view>({"not", "if", "then", "else", "contains", "propertyNames",
                                     "additionalProperties", "additionalItems"});
constexpr auto kSchemaMaps =
    std::to_array<std::string_view>({"properties", "patternProperties", "definitions"});
constexpr auto kCounts = std::to_array<std::string_view>(
    {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"});

class SchemaChecker {
 public:
  SchemaChecker(const Value& root, Environment& environment)
      : root_(root), environment_(environment) {}

  Status check(const Value& schema, int depth) {
    if (depth > kMaxSchemaDepth) {
      return failed("schema is nested too deeply");
    }
    UNHIDRA_TRY_VOID(environment_.charge(256));
    if (schema.is(Kind::boolean)) {
      return {};
    }
    if (!schema.is(Kind::object)) {
      return failed("schema is invalid: must be of type object or boolean");
    }
    UNHIDRA_TRY_VOID(check_type(schema));
    UNHIDRA_TRY_VOID(check_shapes(schema));
    if (const Value* reference = schema.find("$ref")) {
      UNHIDRA_TRY_VOID(check_reference(*reference));
    }
    return check_parts(schema, depth);
  }

 private:
  static Status check_type(const Value& schema) {
    const Value* type = schema.find("type");
    if (type == nullptr) {
      return {};
    }
    const std::vector<Value> types =
        is_schema_list(*type) ? std::vector<Value>(type->elements().begin(), type->elements().end())
                              : std::vector<Value>{*type};
    for (const Value& name : types) {
      if (!name.is(Kind::string)) {
        return failed("type must be of type string/array of strings");
      }
      if (std::ranges::find(kTypes, name.text()) == kTypes.end()) {
        return failed("has a primitive type that is NOT VALID -- given: /" + name.text() +
                      "/ Expected valid values are:[array boolean integer number null object "
                      "string]");
      }
    }
    return {};
  }

  Status check_reference(const Value& reference) const {
    if (!reference.is(Kind::string) || resolve_schema(root_, reference.text()) == nullptr) {
      return failed("Object has no key '" + to_term(reference) +
                    "': only references inside the schema can be followed");
    }
    return {};
  }

  static Status must_be(const Value& schema, std::string_view keyword, Kind kind) {
    const Value* found = schema.find(keyword);
    if (found != nullptr && !found->is(kind) && !(kind == Kind::array && found->is(Kind::set))) {
      return failed(std::string(keyword) + " must be of type " + std::string(kind_name(kind)));
    }
    return {};
  }

  static Status check_shapes(const Value& schema) {
    for (const std::string_view keyword : kSchemaMaps) {
      UNHIDRA_TRY_VOID(must_be(schema, keyword, Kind::object));
    }
    for (const std::string_view keyword : kSchemaLists) {
      UNHIDRA_TRY_VOID(must_be(schema, keyword, Kind::array));
    }
    UNHIDRA_TRY_VOID(must_be(schema, "required", Kind::array));
    UNHIDRA_TRY_VOID(must_be(schema, "enum", Kind::array));
    UNHIDRA_TRY_VOID(must_be(schema, "pattern", Kind::string));
    UNHIDRA_TRY_VOID(must_be(schema, "format", Kind::string));
    UNHIDRA_TRY_VOID(must_be(schema, "uniqueItems", Kind::boolean));
    for (const std::string_view keyword : {"minimum", "maximum", "multipleOf"}) {
      UNHIDRA_TRY_VOID(must_be(schema, keyword, Kind::number));
    }
    const Value* multiple = schema.find("multipleOf");
    if (multiple != nullptr && compare_decimals(multiple->text(), "0") <= 0) {
      return failed("multipleOf must be strictly greater than 0");
    }
    for (const std::string_view keyword : kCounts) {
      const Value* count = schema.find(keyword);
      if (count != nullptr && schema_type_of(*count) != "integer") {
        return failed(std::string(keyword) + " must be of type integer");
      }
      if (count != nullptr && is_negative(count->text())) {
        return failed(std::string(keyword) + " must be greater than or equal to 0");
      }
    }
    const Value* pattern = schema.find("pattern");
    if (pattern != nullptr && !Regex::compile(pattern->text())) {
      return failed("pattern must be a valid regex");
    }
    return {};
  }

  Status check_parts(const Value& schema, int depth) {
    for (const std::string_view keyword : kSchemas) {
      if (const Value* part = schema.find(keyword)) {
        UNHIDRA_TRY_VOID(check(*part, depth + 1));
      }
    }
    for (const std::string_view keyword : kSchemaMaps) {
      if (const Value* parts = schema.find(keyword)) {
        for (const auto& [name, part] : parts->members()) {
          UNHIDRA_TRY_VOID(check(part, depth + 1));
        }
      }
    }
    for (const std::string_view keyword : kSchemaLists) {
      if (const Value* parts = schema.find(keyword)) {
        for (const Value& part : parts->elements()) {
          UNHIDRA_TRY_VOID(check(part, depth + 1));
        }
      }
    }
    const Value* items = schema.find("items");
    if (items == nullptr) {
      return {};
    }
    if (!is_schema_list(*items)) {
      return check(*items, depth + 1);
    }
    for (const Value& part : items->elements()) {
      UNHIDRA_TRY_VOID(check(part, depth + 1));
    }
    return {};
  }

 private:
  const Value& root_;
  Environment& environment_;
};

}  // namespace

Status check_schema(const Value& schema, Environment& environment) {
  return SchemaChecker(schema, environment).check(schema, 0);
}

}  // namespace unhidra::rego::builtins
