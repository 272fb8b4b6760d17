// The rules for queries (GraphQL, October 2021, section 5).
#include <algorithm>
#include <set>

#include "builtins/go_text.h"
#include "builtins/graphql_parser.h"
#include "builtins/graphql_schema.h"

namespace unhidra::rego::builtins {
namespace {

constexpr int kMaxDepth = 64;

using Names = std::set<std::string, std::less<>>;

bool is_non_null(const Value& type) {
  const Value* flag = type.find("NonNull");
  return flag != nullptr && flag->as_boolean();
}

std::string type_text(const Value& type) {
  const Value* element = type.find("Elem");
  return (element != nullptr ? "[" + type_text(*element) + "]" : graphql_text(type, "NamedType")) +
         (is_non_null(type) ? "!" : "");
}

GraphqlValueKind kind_of(const Value& value) {
  const Value* kind = value.find("Kind");
  const std::string text = kind != nullptr ? kind->text() : "6";
  return text.size() == 1 && text[0] >= '0' && text[0] <= '9'
             ? static_cast<GraphqlValueKind>(text[0] - '0')
             : GraphqlValueKind::null;
}

// A variable's type where this type is wanted: section 5.8.5.
bool usable(const Value& variable, const Value& wanted) {
  if (is_non_null(wanted) && !is_non_null(variable)) {
    return false;
  }
  const Value* a = variable.find("Elem");
  const Value* b = wanted.find("Elem");
  if (a != nullptr && b != nullptr) {
    return usable(*a, *b);
  }
  return a == nullptr && b == nullptr &&
         graphql_text(variable, "NamedType") == graphql_text(wanted, "NamedType");
}

class Validator {
 public:
  Validator(const GraphqlSchema& schema, const Value& query, Environment& environment)
      : schema_(schema),
        environment_(environment),
        operations_(graphql_list(query, "Operations")),
        fragments_(graphql_list(query, "Fragments")) {}

  Status run() {
    UNHIDRA_TRY_VOID(check_names());
    for (const Value& operation : operations_) {
      UNHIDRA_TRY_VOID(check_operation(operation));
    }
    for (const Value& fragment : fragments_) {
      const std::string name = graphql_text(fragment, "Name");
      if (!used_fragments_.contains(name)) {
        return failed("Fragment " + quote(name) + " is never used.");
      }
    }
    return {};
  }

 private:
  Status check_names() {
    Names operations;
    for (const Value& operation : operations_) {
      const std::string name = graphql_text(operation, "Name");
      if (name.empty() && operations_.size() > 1) {
        return failed("This anonymous operation must be the only defined operation.");
      }
      if (!operations.insert(name).second) {
        return failed("There can be only one operation named " + quote(name) + ".");
      }
    }
    Names fragments;
    for (const Value& fragment : fragments_) {
      const std::string name = graphql_text(fragment, "Name");
      if (!fragments.insert(name).second) {
        return failed("There can be only one fragment named " + quote(name) + ".");
      }
      UNHIDRA_TRY_VOID(composite(graphql_text(fragment, "TypeCondition"), name));
    }
    return {};
  }

  const Value* fragment(std::string_view name) const {
    for (const Value& fragment : fragments_) {
      if (graphql_text(fragment, "Name") == name) {
        return &fragment;
      }
    }
    return nullptr;
  }

  Result<const GraphqlType*> composite(const std::string& name, std::string_view fragment) const {
    const GraphqlType* type = schema_.type(name);
    if (type == nullptr) {
      return failed("Unknown type " + quote(name) + ".");
    }
    if (!type->is_composite()) {
      return failed("Fragment " + quote(fragment) + " cannot condition on non composite type " +
                    quote(name) + ".");
    }
    return type;
  }

  Status check_operation(const Value& operation) {
    std::string kind = graphql_text(operation, "Operation");
    kind = kind.empty() ? "query" : kind;
    const GraphqlType* root = schema_.root(kind);
    if (root == nullptr) {
      return failed("Schema does not support operation type " + quote(kind));
    }
    variables_.clear();
    used_variables_.clear();
    for (const Value& definition : graphql_list(operation, "VariableDefinitions")) {
      UNHIDRA_TRY_VOID(declare(definition));
    }
    UNHIDRA_TRY_VOID(check_directives(operation, to_upper(kind)));
    UNHIDRA_TRY_VOID(check_selections(operation, *root, 0));
    if (kind == "subscription" && graphql_list(operation, "SelectionSet").size() > 1) {
      return failed("Subscription must select only one top level field.");
    }
    for (const auto& [name, definition] : variables_) {
      if (!used_variables_.contains(name)) {
        return failed("Variable " + quote("$" + name) + " is never used.");
      }
    }
    return {};
  }

  Status declare(const Value& definition) {
    const std::string name = graphql_text(definition, "Variable");
    const Value* type = definition.find("Type");
    const std::string type_name = type != nullptr ? graphql_type_name(*type) : "";
    const GraphqlType* found = schema_.type(type_name);
    if (found == nullptr) {
      return failed("Unknown type " + quote(type_name) + ".");
    }
    if (!found->is_input()) {
      return failed("Variable " + quote("$" + name) + " cannot be non-input type " +
                    quote(type_name) + ".");
    }
    if (!variables_.emplace(name, definition).second) {
      return failed("There can be only one variable named " + quote("$" + name) + ".");
    }
    if (const Value* given = definition.find("DefaultValue")) {
      UNHIDRA_TRY_VOID(check_value(*given, *type, false, 0));
    }
    return check_directives(definition, "VARIABLE_DEFINITION");
  }

  Status check_selections(const Value& parent, const GraphqlType& type, int depth) {
    if (depth > kMaxDepth) {
      return failed("the query is nested too deeply");
    }
    std::map<std::string, Value> answers;  // by the name under which they are answered
    return check_set(parent, type, answers, depth);
  }

  Status check_set(const Value& parent, const GraphqlType& type,
                   std::map<std::string, Value>& answers, int depth) {
    if (depth > kMaxDepth) {
      return failed("the query is nested too deeply");
    }
    for (const Value& selection : graphql_list(parent, "SelectionSet")) {
      UNHIDRA_TRY_VOID(environment_.charge(256));
      if (selection.find("Alias") != nullptr) {
        UNHIDRA_TRY_VOID(check_field(selection, type, answers, depth));
      } else if (selection.find("TypeCondition") != nullptr ||
                 selection.find("SelectionSet") != nullptr) {
        UNHIDRA_TRY_VOID(check_directives(selection, "INLINE_FRAGMENT"));
        UNHIDRA_TRY_VOID(check_condition(selection, graphql_text(selection, "TypeCondition"), "",
                                         type, answers, depth));
      } else {
        UNHIDRA_TRY_VOID(check_spread(selection, type, answers, depth));
      }
    }
    return {};
  }

  Status check_condition(const Value& body, const std::string& condition, std::string_view name,
                         const GraphqlType& type, std::map<std::string, Value>& answers,
                         int depth) {
    if (condition.empty()) {
      return check_set(body, type, answers, depth + 1);
    }
    UNHIDRA_TRY(const GraphqlType* inner, composite(condition, name));
    if (!schema_.may_overlap(type, *inner)) {
      return failed("Fragment cannot be spread here as objects of type " + quote(type.name) +
                    " can never be of type " + quote(condition) + ".");
    }
    // Fields of types that exclude each other never meet.
    if (type.kind != "OBJECT" && inner->kind == "OBJECT" && type.name != inner->name) {
      std::map<std::string, Value> own;
      return check_set(body, *inner, own, depth + 1);
    }
    return check_set(body, *inner, answers, depth + 1);
  }

  Status check_spread(const Value& spread, const GraphqlType& type,
                      std::map<std::string, Value>& answers, int depth) {
    const std::string name = graphql_text(spread, "Name");
    const Value* target = fragment(name);
    if (target == nullptr) {
      return failed("Unknown fragment " + quote(name) + ".");
    }
    if (!open_fragments_.insert(name).second) {
      return failed("Cannot spread fragment " + quote(name) + " within itself.");
    }
    used_fragments_.insert(name);
    UNHIDRA_TRY_VOID(check_directives(spread, "FRAGMENT_SPREAD"));
    UNHIDRA_TRY_VOID(check_directives(*target, "FRAGMENT_DEFINITION"));
    UNHIDRA_TRY_VOID(check_condition(*target, graphql_text(*target, "TypeCondition"), name, type,
                                     answers, depth));
    open_fragments_.erase(name);
    return {};
  }

  Status check_field(const Value& field, const GraphqlType& type,
                     std::map<std::string, Value>& answers, int depth) {
    const std::string name = graphql_text(field, "Name");
    UNHIDRA_TRY_VOID(check_directives(field, "FIELD"));
    const auto [at, fresh] = answers.emplace(graphql_text(field, "Alias"), field);
    if (!fresh && (graphql_text(at->second, "Name") != name ||
                   graphql_list(at->second, "Arguments") != graphql_list(field, "Arguments"))) {
      return failed("Fields " + quote(at->first) + " conflict because " +
                    (graphql_text(at->second, "Name") != name
                         ? quote(graphql_text(at->second, "Name")) + " and " + quote(name) +
                               " are different fields."
                         : "they have differing arguments.") +
                    " Use different aliases on the fields to fetch both if this was intentional.");
    }
    if (name == "__typename") {
      return {};
    }
    if (&type == schema_.root("query") && (name == "__schema" || name == "__type")) {
      const GraphqlType* inner = schema_.type(name == "__schema" ? "__Schema" : "__Type");
      return check_selections(field, *inner, depth + 1);
    }
    const Value* definition = type.kind == "UNION" ? nullptr : type.field(name);
    if (definition == nullptr) {
      return failed("Cannot query field " + quote(name) + " on type " + quote(type.name) + ".");
    }
    UNHIDRA_TRY_VOID(check_arguments(field, *definition, "Field " + quote(name)));
    const Value* reference = definition->find("Type");
    const GraphqlType* result =
        reference != nullptr ? schema_.type(graphql_type_name(*reference)) : nullptr;
    if (result == nullptr) {
      return failed("Unknown type of field " + quote(name) + ".");
    }
    const bool selects = field.find("SelectionSet") != nullptr;
    if (result->is_leaf() && selects) {
      return failed("Field " + quote(name) + " must not have a selection since type " +
                    quote(type_text(*reference)) + " has no subfields.");
    }
    if (!result->is_leaf() && !selects) {
      return failed("Field " + quote(name) + " of type " + quote(type_text(*reference)) +
                    " must have a selection of subfields.");
    }
    return selects ? check_selections(field, *result, depth + 1) : Status();
  }

  Status check_directives(const Value& node, std::string_view location) {
    Names seen;
    for (const Value& used : graphql_list(node, "Directives")) {
      const std::string name = graphql_text(used, "Name");
      const Value* definition = schema_.directive(name);
      if (definition == nullptr) {
        return failed("Unknown directive " + quote("@" + name) + ".");
      }
      const auto locations = graphql_list(*definition, "Locations");
      if (std::ranges::none_of(locations, [&](const Value& l) { return l.text() == location; })) {
        return failed("Directive " + quote("@" + name) + " may not be used on " +
                      std::string(location) + ".");
      }
      const Value* repeatable = definition->find("IsRepeatable");
      if (!seen.insert(name).second && (repeatable == nullptr || !repeatable->as_boolean())) {
        return failed("The directive " + quote("@" + name) +
                      " can only be used once at this location.");
      }
      UNHIDRA_TRY_VOID(check_arguments(used, *definition, "Directive " + quote("@" + name)));
    }
    return {};
  }

  Status check_arguments(const Value& node, const Value& definition, const std::string& owner) {
    const auto defined = graphql_list(definition, "Arguments");
    Names given;
    for (const Value& argument : graphql_list(node, "Arguments")) {
      const std::string name = graphql_text(argument, "Name");
      const auto found = std::ranges::find_if(
          defined, [&](const Value& d) { return graphql_text(d, "Name") == name; });
      if (found == defined.end()) {
        return failed("Unknown argument " + quote(name) + " on " + owner + ".");
      }
      if (!given.insert(name).second) {
        return failed("There can be only one argument named " + quote(name) + ".");
      }
      const Value* value = argument.find("Value");
      const Value* type = found->find("Type");
      if (value != nullptr && type != nullptr) {
        UNHIDRA_TRY_VOID(check_value(*value, *type, found->find("DefaultValue") != nullptr, 0));
      }
    }
    for (const Value& argument : defined) {
      const std::string name = graphql_text(argument, "Name");
      const Value* type = argument.find("Type");
      if (type != nullptr && is_non_null(*type) && argument.find("DefaultValue") == nullptr &&
          !given.contains(name)) {
        return failed(owner + " argument " + quote(name) + " of type " + quote(type_text(*type)) +
                      " is required, but it was not provided.");
      }
    }
    return {};
  }

  Status check_variable(const Value& value, Value wanted, bool has_default) {
    const std::string name = graphql_text(value, "Raw");
    const auto found = variables_.find(name);
    if (found == variables_.end()) {
      return failed("Variable " + quote("$" + name) + " is not defined.");
    }
    used_variables_.insert(name);
    const Value* type = found->second.find("Type");
    const Value* own_default = found->second.find("DefaultValue");
    if (is_non_null(wanted) && (has_default || own_default != nullptr)) {
      // With a default the place takes a variable that may be null.
      std::vector<Value::Member> members(wanted.members().begin(), wanted.members().end());
      members.emplace_back(Value::string("NonNull"), Value::boolean(false));
      wanted = Value::object(std::move(members));
    }
    if (type != nullptr && !usable(*type, wanted)) {
      return failed("Variable " + quote("$" + name) + " of type " + quote(type_text(*type)) +
                    " used in position expecting type " + quote(type_text(wanted)) + ".");
    }
    return {};
  }

  Status check_value(const Value& value, const Value& type, bool has_default, int depth) {
    using VK = GraphqlValueKind;
    if (depth > kMaxDepth) {
      return failed("the value is nested too deeply");
    }
    const VK kind = kind_of(value);
    const auto wrong = [&] {
      return failed("Expected value of type " + quote(type_text(type)) + ", found " +
                    graphql_text(value, "Raw") + ".");
    };
    if (kind == VK::variable) {
      return check_variable(value, type, has_default);
    }
    if (kind == VK::null) {
      return is_non_null(type) ? Status(wrong()) : Status();
    }
    if (const Value* element = type.find("Elem")) {
      if (kind != VK::list) {
        return check_value(value, *element, false, depth + 1);  // one stands for a list of one
      }
      for (const Value& child : graphql_list(value, "Children")) {
        if (const Value* inner = child.find("Value")) {
          UNHIDRA_TRY_VOID(check_value(*inner, *element, false, depth + 1));
        }
      }
      return {};
    }
    const GraphqlType* named = schema_.type(graphql_text(type, "NamedType"));
    if (named == nullptr) {
      return wrong();
    }
    if (named->kind == "INPUT_OBJECT") {
      return kind == VK::object ? check_input_object(value, *named, depth) : Status(wrong());
    }
    return fits_leaf(value, kind, *named) ? Status() : Status(wrong());
  }

  static bool fits_leaf(const Value& value, GraphqlValueKind kind, const GraphqlType& type) {
    using VK = GraphqlValueKind;
    if (type.kind == "ENUM") {
      const std::string raw = graphql_text(value, "Raw");
      return kind == VK::enumeration &&
             std::ranges::find(type.enum_values, raw) != type.enum_values.end();
    }
    const bool text = kind == VK::string || kind == VK::block;
    if (type.name == "Int") {
      return kind == VK::integer;
    }
    if (type.name == "Float") {
      return kind == VK::integer || kind == VK::real;
    }
    if (type.name == "String") {
      return text;
    }
    if (type.name == "Boolean") {
      return kind == VK::boolean;
    }
    if (type.name == "ID") {
      return text || kind == VK::integer;
    }
    return true;  // a scalar of the schema's own takes anything
  }

  Status check_input_object(const Value& value, const GraphqlType& type, int depth) {
    Names given;
    for (const Value& child : graphql_list(value, "Children")) {
      const std::string name = graphql_text(child, "Name");
      const Value* field = type.field(name);
      if (field == nullptr) {
        return failed("Field " + quote(name) + " is not defined by type " + quote(type.name) + ".");
      }
      if (!given.insert(name).second) {
        return failed("There can be only one input field named " + quote(name) + ".");
      }
      const Value* inner = child.find("Value");
      const Value* inner_type = field->find("Type");
      if (inner != nullptr && inner_type != nullptr) {
        UNHIDRA_TRY_VOID(
            check_value(*inner, *inner_type, field->find("DefaultValue") != nullptr, depth + 1));
      }
    }
    for (const Value& field : type.fields) {
      const std::string name = graphql_text(field, "Name");
      const Value* field_type = field.find("Type");
      if (field_type != nullptr && is_non_null(*field_type) &&
          field.find("DefaultValue") == nullptr && !given.contains(name)) {
        return failed("Field " + quote(type.name + "." + name) + " of required type " +
                      quote(type_text(*field_type)) + " was not provided.");
      }
    }
    return {};
  }

  const GraphqlSchema& schema_;
  Environment& environment_;
  std::vector<Value> operations_;
  std::vector<Value> fragments_;
  std::map<std::string, Value, std::less<>> variables_;
  Names used_variables_;
  Names used_fragments_;
  Names open_fragments_;
};

}  // namespace

Status validate_graphql_query(const GraphqlSchema& schema, const Value& query,
                              Environment& environment) {
  return Validator(schema, query, environment).run();
}

}  // namespace unhidra::rego::builtins
