// The rules for queries (GraphQL, October 2021, section 5).
#include <algorithm>
#include <set>

#include "builtins/go_text.h"
#include "builtins/graphql_parser.h"
#include "builtins/graphql_schema.h"
#include "builtins/graphql_tree.h"
#include "builtins/graphql_values.h"

namespace unhidra::rego::builtins {
namespace {

constexpr int kMaxDepth = 64;

using Names = std::set<std::string, std::less<>>;

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
        return graphql_violated(fragment, "Fragment " + quote(name) + " is never used.");
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
        return graphql_violated(operation,
                                "This anonymous operation must be the only defined operation.");
      }
      if (!operations.insert(name).second) {
        return graphql_violated(operation,
                                "There can be only one operation named " + quote(name) + ".");
      }
    }
    Names fragments;
    for (const Value& fragment : fragments_) {
      const std::string name = graphql_text(fragment, "Name");
      if (!fragments.insert(name).second) {
        return graphql_violated(fragment,
                                "There can be only one fragment named " + quote(name) + ".");
      }
      UNHIDRA_TRY_VOID(composite(fragment));
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

  // What a fragment, or an inline one, is about.
  Result<const GraphqlType*> composite(const Value& fragment) const {
    const std::string condition = graphql_text(fragment, "TypeCondition");
    const std::string name = graphql_text(fragment, "Name");
    const GraphqlType* type = schema_.type(condition);
    if (type == nullptr) {
      return graphql_violated(fragment, "Unknown type " + quote(condition) + ".");
    }
    if (!type->is_composite()) {
      return graphql_violated(fragment, "Fragment " + (name.empty() ? "" : quote(name) + " ") +
                                            "cannot condition on non composite type " +
                                            quote(condition) + ".");
    }
    return type;
  }

  Status check_operation(const Value& operation) {
    std::string kind = graphql_text(operation, "Operation");
    kind = kind.empty() ? "query" : kind;
    const GraphqlType* root = schema_.root(kind);
    if (root == nullptr) {
      return graphql_violated(operation, "Schema does not support operation type " + quote(kind));
    }
    variables_ = {.operation = graphql_text(operation, "Name"), .declared = {}, .used = {}};
    for (const Value& definition : graphql_list(operation, "VariableDefinitions")) {
      UNHIDRA_TRY_VOID(declare(operation, definition));
    }
    UNHIDRA_TRY_VOID(check_directives(operation, to_upper(kind)));
    UNHIDRA_TRY_VOID(check_selections(operation, *root, 0));
    const std::string name = variables_.operation;
    const auto selected = graphql_list(operation, "SelectionSet");
    if (kind == "subscription" && selected.size() > 1) {
      return graphql_violated(
          selected[1], (name.empty() ? "Anonymous Subscription" : "Subscription " + quote(name)) +
                           " must select only one top level field.");
    }
    for (const Value& definition : graphql_list(operation, "VariableDefinitions")) {
      const std::string variable = graphql_text(definition, "Variable");
      if (!variables_.used.contains(variable)) {
        return graphql_violated(definition,
                                "Variable " + quote("$" + variable) + " is never used" +
                                    (name.empty() ? "." : " in operation " + quote(name) + "."));
      }
    }
    return {};
  }

  Status declare(const Value& operation, const Value& definition) {
    const std::string name = graphql_text(definition, "Variable");
    const Value* type = definition.find("Type");
    const std::string type_name = type != nullptr ? graphql_type_name(*type) : "";
    const GraphqlType* found = schema_.type(type_name);
    if (found == nullptr) {
      return graphql_violated(operation, "Unknown type " + quote(type_name) + ".");
    }
    if (!found->is_input()) {
      return graphql_violated(operation, "Variable " + quote("$" + name) +
                                             " cannot be non-input type " + quote(type_name) + ".");
    }
    if (!variables_.declared.emplace(name, definition).second) {
      return graphql_violated(definition,
                              "There can be only one variable named " + quote("$" + name) + ".");
    }
    if (const Value* given = definition.find("DefaultValue")) {
      UNHIDRA_TRY_VOID(values_.check(*given, *type, false));
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
        UNHIDRA_TRY_VOID(check_condition(selection, selection, type, answers, depth));
      } else {
        UNHIDRA_TRY_VOID(check_spread(selection, type, answers, depth));
      }
    }
    return {};
  }

  // `at`: what is told when it does not fit there.
  Status check_condition(const Value& body, const Value& at, const GraphqlType& type,
                         std::map<std::string, Value>& answers, int depth) {
    const std::string condition = graphql_text(body, "TypeCondition");
    if (condition.empty()) {
      return check_set(body, type, answers, depth + 1);
    }
    UNHIDRA_TRY(const GraphqlType* inner, composite(body));
    if (!schema_.may_overlap(type, *inner)) {
      const std::string name = graphql_text(body, "Name");
      return graphql_violated(at, "Fragment " + (name.empty() ? "" : quote(name) + " ") +
                                      "cannot be spread here as objects of type " +
                                      quote(type.name) + " can never be of type " +
                                      quote(condition) + ".");
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
      return graphql_violated(spread, "Unknown fragment " + quote(name) + ".");
    }
    if (!open_fragments_.insert(name).second) {
      return graphql_violated(spread, "Cannot spread fragment " + quote(name) + " within itself.");
    }
    used_fragments_.insert(name);
    UNHIDRA_TRY_VOID(check_directives(spread, "FRAGMENT_SPREAD"));
    UNHIDRA_TRY_VOID(check_directives(*target, "FRAGMENT_DEFINITION"));
    UNHIDRA_TRY_VOID(check_condition(*target, spread, type, answers, depth));
    open_fragments_.erase(name);
    return {};
  }

  // Two fields that are answered by one name are one.
  static Status check_merge(const Value& field, std::map<std::string, Value>& answers) {
    const std::string name = graphql_text(field, "Name");
    const auto [at, fresh] = answers.emplace(graphql_text(field, "Alias"), field);
    const std::string other = graphql_text(at->second, "Name");
    const auto arguments = [](const Value& of) {
      return graphql_without_places(Value::array(graphql_list(of, "Arguments")));
    };
    if (fresh || (other == name && arguments(at->second) == arguments(field))) {
      return {};
    }
    return graphql_violated(
        field, "Fields " + quote(at->first) + " conflict because " +
                   (other != name ? quote(other) + " and " + quote(name) + " are different fields"
                                  : "they have differing arguments") +
                   ". Use different aliases on the fields to fetch both if this was intentional.");
  }

  Status check_field(const Value& field, const GraphqlType& type,
                     std::map<std::string, Value>& answers, int depth) {
    const std::string name = graphql_text(field, "Name");
    UNHIDRA_TRY_VOID(check_directives(field, "FIELD"));
    UNHIDRA_TRY_VOID(check_merge(field, answers));
    if (name == "__typename") {
      return {};
    }
    if (&type == schema_.root("query") && (name == "__schema" || name == "__type")) {
      const GraphqlType* inner = schema_.type(name == "__schema" ? "__Schema" : "__Type");
      return check_selections(field, *inner, depth + 1);
    }
    const Value* definition = type.kind == "UNION" ? nullptr : type.field(name);
    if (definition == nullptr) {
      return graphql_violated(
          field, "Cannot query field " + quote(name) + " on type " + quote(type.name) + ".");
    }
    UNHIDRA_TRY_VOID(values_.check_arguments(
        field, *definition,
        {.known = "field " + quote(type.name + "." + name), .asking = "Field " + quote(name)}));
    const Value* reference = definition->find("Type");
    const GraphqlType* result =
        reference != nullptr ? schema_.type(graphql_type_name(*reference)) : nullptr;
    if (result == nullptr) {
      return graphql_violated(field, "Unknown type of field " + quote(name) + ".");
    }
    const bool selects = field.find("SelectionSet") != nullptr;
    if (result->is_leaf() && selects) {
      return graphql_violated(field,
                              "Field " + quote(name) + " must not have a selection since type " +
                                  quote(graphql_type_text(*reference)) + " has no subfields.");
    }
    if (!result->is_leaf() && !selects) {
      return graphql_violated(
          field, "Field " + quote(name) + " of type " + quote(graphql_type_text(*reference)) +
                     " must have a selection of subfields. Did you mean \"" + name + " { ... }\"?");
    }
    return selects ? check_selections(field, *result, depth + 1) : Status();
  }

  Status check_directives(const Value& node, std::string_view location) {
    Names seen;
    for (const Value& used : graphql_list(node, "Directives")) {
      const std::string name = graphql_text(used, "Name");
      const Value* definition = schema_.directive(name);
      if (definition == nullptr) {
        return graphql_violated(used, "Unknown directive " + quote("@" + name) + ".");
      }
      const auto locations = graphql_list(*definition, "Locations");
      if (std::ranges::none_of(locations, [&](const Value& l) { return l.text() == location; })) {
        return graphql_violated(used, "Directive " + quote("@" + name) + " may not be used on " +
                                          std::string(location) + ".");
      }
      const Value* repeatable = definition->find("IsRepeatable");
      if (!seen.insert(name).second && (repeatable == nullptr || !repeatable->as_boolean())) {
        return graphql_violated(used, "The directive " + quote("@" + name) +
                                          " can only be used once at this location.");
      }
      const std::string own = quote("@" + name);
      UNHIDRA_TRY_VOID(values_.check_arguments(
          used, *definition, {.known = "directive " + own, .asking = "Directive " + own}));
    }
    return {};
  }

  const GraphqlSchema& schema_;
  Environment& environment_;
  std::vector<Value> operations_;
  std::vector<Value> fragments_;
  GraphqlVariables variables_;
  GraphqlValues values_{schema_, variables_};
  Names used_fragments_;
  Names open_fragments_;
};

}  // namespace

Status validate_graphql_query(const GraphqlSchema& schema, const Value& query,
                              Environment& environment) {
  return Validator(schema, query, environment).run();
}

}  // namespace unhidra::rego::builtins
