#include "builtins/json_schema.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "builtins/go_text.h"
#include "builtins/json_text.h"
#include "builtins/number_math.h"
#include "builtins/regex.h"
#include "builtins/schema_parts.h"

namespace unhidra::rego::builtins {
namespace {

class SchemaValidator {
 public:
  SchemaValidator(const Value& schema, Environment& environment)
      : root_(schema), environment_(environment) {}

  Result<std::vector<SchemaProblem>> run(const Value& document, const Value& schema) {
    UNHIDRA_TRY_VOID(validate(document, schema, "(root)", 0));
    return std::move(problems_);
  }

 private:
  void report(std::string type, const std::string& context, std::string description) {
    constexpr std::string_view kRoot = "(root).";
    std::string field = context.starts_with(kRoot) ? context.substr(kRoot.size()) : context;
    problems_.push_back({std::move(type), std::move(field), std::move(description)});
  }

  static std::string field_name(const std::string& context) {
    return context == "(root)" ? context : context.substr(7);
  }

  // Whether the value is valid, without a word about what is not.
  Result<bool> holds(const Value& value, const Value& schema, int depth) {
    std::vector<SchemaProblem> kept = std::move(problems_);
    problems_.clear();
    const Status status = validate(value, schema, "(root)", depth + 1);
    const bool valid = problems_.empty();
    problems_ = std::move(kept);
    if (!status) {
      return fail(Error(status.error()));
    }
    return valid;
  }

  Status validate(const Value& value, const Value& schema, const std::string& context, int depth) {
    if (depth > kMaxSchemaDepth) {
      return fail(CallErrc::exhausted, "the schema is nested too deeply, or refers to itself");
    }
    UNHIDRA_TRY_VOID(environment_.charge(256));
    if (schema.is(Kind::boolean)) {
      if (!schema.as_boolean()) {
        report("false", context, "False always fails validation");
      }
      return {};
    }
    if (const Value* reference = schema.find("$ref")) {
      const Value* target = resolve_schema(root_, reference->text());
      return target != nullptr ? validate(value, *target, context, depth + 1) : Status();
    }
    if (!check_type(value, schema, context)) {
      return {};
    }
    UNHIDRA_TRY_VOID(check_combinations(value, schema, context, depth));
    check_values(value, schema, context);
    if (value.is(Kind::object)) {
      UNHIDRA_TRY_VOID(check_object(value, schema, context, depth));
    } else if (is_schema_list(value)) {
      UNHIDRA_TRY_VOID(check_list(value, schema, context, depth));
    } else if (value.is(Kind::string)) {
      check_string(value.text(), schema, context);
    } else if (value.is(Kind::number)) {
      check_number(value, schema, context);
    }
    return {};
  }

  bool check_type(const Value& value, const Value& schema, const std::string& context) {
    const Value* type = schema.find("type");
    if (type == nullptr) {
      return true;
    }
    std::string expected;
    const std::vector<Value> types =
        is_schema_list(*type) ? std::vector<Value>(type->elements().begin(), type->elements().end())
                              : std::vector<Value>{*type};
    for (const Value& name : types) {
      if (has_schema_type(value, name.text())) {
        return true;
      }
      expected += (expected.empty() ? "" : ",") + name.text();
    }
    report("invalid_type", context,
           "Invalid type. Expected: " + expected + ", given: " + schema_type_of(value));
    return false;
  }

  Status check_combinations(const Value& value, const Value& schema, const std::string& context,
                            int depth) {
    std::array<std::size_t, 3> valid{};
    for (std::size_t i = 0; i < kSchemaLists.size(); ++i) {
      const Value* list = schema.find(kSchemaLists[i]);
      for (const Value& part : list != nullptr ? list->elements() : std::span<const Value>()) {
        UNHIDRA_TRY(const bool fits, holds(value, part, depth));
        valid[i] += fits ? 1 : 0;
        if (i == 0 && !fits) {
          UNHIDRA_TRY_VOID(validate(value, part, context, depth + 1));
        }
      }
      if (list == nullptr || list->size() == 0) {
        continue;
      }
      if (i == 0 && valid[i] != list->size()) {
        report("number_all_of", context, "Must validate all the schemas (allOf)");
      } else if (i == 1 && valid[i] == 0) {
        report("number_any_of", context, "Must validate at least one schema (anyOf)");
      } else if (i == 2 && valid[i] != 1) {
        report("number_one_of", context, "Must validate one and only one schema (oneOf)");
      }
    }
    if (const Value* part = schema.find("not")) {
      UNHIDRA_TRY(const bool fits, holds(value, *part, depth));
      if (fits) {
        report("number_not", context, "Must not validate the schema (not)");
      }
    }
    if (const Value* condition = schema.find("if")) {
      UNHIDRA_TRY(const bool fits, holds(value, *condition, depth));
      const Value* part = schema.find(fits ? "then" : "else");
      UNHIDRA_TRY(const bool follows,
                  part != nullptr ? holds(value, *part, depth) : Result<bool>(true));
      if (!follows) {
        report(fits ? "condition_then" : "condition_else", context,
               fits ? "Must validate \"then\" as \"if\" was valid"
                    : "Must validate \"else\" as \"if\" was not valid");
      }
    }
    return {};
  }

  void check_values(const Value& value, const Value& schema, const std::string& context) {
    if (const Value* constant = schema.find("const");
        constant != nullptr && !(*constant == value)) {
      report("const", context, field_name(context) + " does not match: " + to_json(*constant));
    }
    const Value* allowed = schema.find("enum");
    if (allowed == nullptr) {
      return;
    }
    std::string list;
    for (const Value& element : allowed->elements()) {
      if (element == value) {
        return;
      }
      list += (list.empty() ? "" : ", ") + to_json(element);
    }
    report("enum", context, field_name(context) + " must be one of the following: " + list);
  }

  // A bound on how many there are; the reference names it in its text.
  void check_count(std::size_t count, const Value& schema, std::string_view keyword, bool least,
                   const std::string& context, const std::string& type, const std::string& before,
                   const std::string& after) {
    const Value* bound = schema.find(keyword);
    if (bound == nullptr) {
      return;
    }
    const int order = compare_decimals(std::to_string(count), bound->text());
    if (least ? order < 0 : order > 0) {
      report(type, context, before + bound->text() + after);
    }
  }

  Status check_object(const Value& value, const Value& schema, const std::string& context,
                      int depth) {
    if (const Value* required = schema.find("required")) {
      for (const Value& name : required->elements()) {
        if (value.find(name) == nullptr) {
          report("required", context, name.text() + " is required");
        }
      }
    }
    check_count(value.size(), schema, "minProperties", true, context, "array_min_properties",
                "Must have at least ", " properties");
    check_count(value.size(), schema, "maxProperties", false, context, "array_max_properties",
                "Must have at most ", " properties");
    UNHIDRA_TRY_VOID(check_dependencies(value, schema, context, depth));
    for (const auto& [key, member] : value.members()) {
      UNHIDRA_TRY_VOID(check_member(key, member, schema, context, depth));
    }
    return {};
  }

  Status check_dependencies(const Value& value, const Value& schema, const std::string& context,
                            int depth) {
    const Value* dependencies = schema.find("dependencies");
    if (dependencies == nullptr) {
      return {};
    }
    for (const auto& [key, dependency] : dependencies->members()) {
      if (value.find(key) == nullptr) {
        continue;
      }
      if (!is_schema_list(dependency)) {
        UNHIDRA_TRY_VOID(validate(value, dependency, context, depth + 1));
        continue;
      }
      for (const Value& name : dependency.elements()) {
        if (value.find(name) == nullptr) {
          report("missing_dependency", context, "Has a dependency on " + name.text());
        }
      }
    }
    return {};
  }

  Status check_member(const Value& key, const Value& member, const Value& schema,
                      const std::string& context, int depth) {
    const std::string name = key.is(Kind::string) ? key.text() : to_json(key);
    const std::string inner = context + '.' + name;
    if (const Value* names = schema.find("propertyNames")) {
      UNHIDRA_TRY(const bool fits, holds(Value::string(name), *names, depth));
      if (!fits) {
        report("invalid_property_name", context,
               "Property name of \"" + name + "\" does not match");
      }
    }
    bool known = false;
    const Value* properties = schema.find("properties");
    if (const Value* part = properties != nullptr ? properties->find(name) : nullptr) {
      known = true;
      UNHIDRA_TRY_VOID(validate(member, *part, inner, depth + 1));
    }
    const Value* patterns = schema.find("patternProperties");
    if (patterns != nullptr) {
      for (const auto& [pattern, part] : patterns->members()) {
        const auto regex = Regex::compile(pattern.text());
        if (regex && regex->match(name)) {
          known = true;
          UNHIDRA_TRY_VOID(validate(member, part, inner, depth + 1));
        }
      }
    }
    const Value* additional = schema.find("additionalProperties");
    if (known || additional == nullptr) {
      return {};
    }
    if (additional->is(Kind::boolean)) {
      if (!additional->as_boolean()) {
        report("additional_property_not_allowed", context,
               "Additional property " + name + " is not allowed");
      }
      return {};
    }
    return validate(member, *additional, inner, depth + 1);
  }

  Status check_list(const Value& value, const Value& schema, const std::string& context,
                    int depth) {
    const auto elements = value.elements();
    check_count(elements.size(), schema, "minItems", true, context, "array_min_items",
                "Array must have at least ", " items");
    check_count(elements.size(), schema, "maxItems", false, context, "array_max_items",
                "Array must have at most ", " items");
    UNHIDRA_TRY_VOID(check_items(elements, schema, context, depth));
    const Value* unique = schema.find("uniqueItems");
    if (unique != nullptr && unique->as_boolean()) {
      check_unique(elements, context);
    }
    if (const Value* wanted = schema.find("contains")) {
      bool found = false;
      for (std::size_t i = 0; i < elements.size() && !found; ++i) {
        UNHIDRA_TRY(found, holds(elements[i], *wanted, depth));
      }
      if (!found) {
        report("contains", context, "At least one of the items must match");
      }
    }
    return {};
  }

  Status check_items(std::span<const Value> elements, const Value& schema,
                     const std::string& context, int depth) {
    const Value* items = schema.find("items");
    if (items == nullptr) {
      return {};
    }
    const Value* additional = schema.find("additionalItems");
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const Value* part = !is_schema_list(*items) ? items
                          : i < items->size()     ? &items->elements()[i]
                                                  : additional;
      if (part == nullptr) {
        break;
      }
      if (part == additional && part->is(Kind::boolean)) {
        if (!part->as_boolean()) {
          report("array_no_additional_items", context, "No additional items allowed on array");
        }
        break;
      }
      UNHIDRA_TRY_VOID(validate(elements[i], *part, context + '.' + std::to_string(i), depth + 1));
    }
    return {};
  }

  void check_unique(std::span<const Value> elements, const std::string& context) {
    std::map<Value, std::size_t> seen;
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const auto [at, fresh] = seen.emplace(elements[i], i);
      if (!fresh) {
        report("unique", context,
               "array items[" + std::to_string(at->second) + "," + std::to_string(i) +
                   "] must be unique");
      }
    }
  }

  void check_string(const std::string& text, const Value& schema, const std::string& context) {
    check_count(rune_count(text), schema, "minLength", true, context, "string_gte",
                "String length must be greater than or equal to ", "");
    check_count(rune_count(text), schema, "maxLength", false, context, "string_lte",
                "String length must be less than or equal to ", "");
    if (const Value* pattern = schema.find("pattern")) {
      const auto regex = Regex::compile(pattern->text());
      if (regex && !regex->match(text)) {
        report("pattern", context, "Does not match pattern '" + pattern->text() + "'");
      }
    }
    const Value* format = schema.find("format");
    if (format != nullptr && !has_format(text, format->text())) {
      report("format", context, "Does not match format '" + format->text() + "'");
    }
  }

  void check_number(const Value& value, const Value& schema, const std::string& context) {
    const auto bound = [&](std::string_view keyword, auto broken, const std::string& type,
                           const std::string& text) {
      const Value* limit = schema.find(keyword);
      if (limit != nullptr && limit->is(Kind::number) &&
          broken(compare_decimals(value.text(), limit->text()))) {
        report(type, context, text + limit->text());
      }
    };
    const auto flag = [&](std::string_view keyword) {
      const Value* found = schema.find(keyword);  // a boolean in draft 4
      return found != nullptr && found->is(Kind::boolean) && found->as_boolean();
    };
    const auto low = [](int order) { return order < 0; };
    const auto low_or_equal = [](int order) { return order <= 0; };
    const auto high = [](int order) { return order > 0; };
    const auto high_or_equal = [](int order) { return order >= 0; };
    if (flag("exclusiveMinimum")) {
      bound("minimum", low_or_equal, "number_gt", "Must be greater than ");
    } else {
      bound("minimum", low, "number_gte", "Must be greater than or equal to ");
    }
    if (flag("exclusiveMaximum")) {
      bound("maximum", high_or_equal, "number_lt", "Must be less than ");
    } else {
      bound("maximum", high, "number_lte", "Must be less than or equal to ");
    }
    bound("exclusiveMinimum", low_or_equal, "number_gt", "Must be greater than ");
    bound("exclusiveMaximum", high_or_equal, "number_lt", "Must be less than ");
    const Value* multiple = schema.find("multipleOf");
    if (multiple != nullptr) {
      const auto quotient = compute(Arithmetic::divide, value.text(), multiple->text());
      if (quotient && !integer_text(*quotient)) {
        report("multiple_of", context, "Must be a multiple of " + multiple->text());
      }
    }
  }

  const Value& root_;
  Environment& environment_;
  std::vector<SchemaProblem> problems_;
};

}  // namespace

Result<std::vector<SchemaProblem>> validate_schema(const Value& document, const Value& schema,
                                                   Environment& environment) {
  UNHIDRA_TRY_VOID(check_schema(schema, environment));
  return SchemaValidator(schema, environment).run(document, schema);
}

}  // namespace unhidra::rego::builtins
