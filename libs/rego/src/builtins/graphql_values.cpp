#include "builtins/graphql_values.h"

#include <algorithm>

#include "builtins/go_text.h"
#include "builtins/graphql_tree.h"

namespace unhidra::rego::builtins {
namespace {

constexpr int kMaxDepth = 64;

using Kinds = GraphqlValueKind;

// A variable's type where this type is wanted: section 5.8.5.
bool usable(const Value& variable, const Value& wanted) {
  if (graphql_is_non_null(wanted) && !graphql_is_non_null(variable)) {
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

// As it stands in a document.
std::string shown(const Value& value) {
  const std::string raw = graphql_text(value, "Raw");
  switch (graphql_kind(value)) {
    case Kinds::variable:
      return "$" + raw;
    case Kinds::string:
    case Kinds::block:
      return quote(raw);
    case Kinds::list: {
      std::string out;
      for (const Value& child : graphql_list(value, "Children")) {
        const Value* inner = child.find("Value");
        out += (out.empty() ? "" : ",") + (inner == nullptr ? std::string() : shown(*inner));
      }
      return "[" + out + "]";
    }
    case Kinds::object: {
      std::string out;
      for (const Value& child : graphql_list(value, "Children")) {
        const Value* inner = child.find("Value");
        out += (out.empty() ? "" : ",") + graphql_text(child, "Name") + ":" +
               (inner == nullptr ? std::string() : shown(*inner));
      }
      return "{" + out + "}";
    }
    default:
      return raw;
  }
}

// Why a scalar of the language itself is not what is written; empty: it is.
std::string why_no_scalar(Kinds kind, std::string_view type) {
  const bool text = kind == Kinds::string || kind == Kinds::block;
  if (type == "Int" && kind != Kinds::integer) {
    return "Int cannot represent non-integer value: ";
  }
  if (type == "Float" && kind != Kinds::integer && kind != Kinds::real) {
    return "Float cannot represent non numeric value: ";
  }
  if (type == "String" && !text) {
    return "String cannot represent a non string value: ";
  }
  if (type == "Boolean" && kind != Kinds::boolean) {
    return "Boolean cannot represent a non boolean value: ";
  }
  if (type == "ID" && !text && kind != Kinds::integer) {
    return "ID cannot represent a non-string and non-integer value: ";
  }
  return {};  // a scalar of the schema's own takes anything
}

}  // namespace

Status GraphqlValues::check_arguments(const Value& node, const Value& definition,
                                      const Owner& owner) {
  const auto defined = graphql_list(definition, "Arguments");
  std::set<std::string> given;
  for (const Value& argument : graphql_list(node, "Arguments")) {
    const std::string name = graphql_text(argument, "Name");
    const auto found = std::ranges::find_if(
        defined, [&](const Value& one) { return graphql_text(one, "Name") == name; });
    if (found == defined.end()) {
      return graphql_violated(node, "Unknown argument " + quote(name) + " on " + owner.known + ".");
    }
    if (!given.insert(name).second) {
      return graphql_violated(argument,
                              "There can be only one argument named " + quote(name) + ".");
    }
    const Value* value = argument.find("Value");
    const Value* type = found->find("Type");
    if (value != nullptr && type != nullptr) {
      UNHIDRA_TRY_VOID(check(*value, *type, found->find("DefaultValue") != nullptr));
    }
  }
  for (const Value& argument : defined) {
    const std::string name = graphql_text(argument, "Name");
    const Value* type = argument.find("Type");
    if (type != nullptr && graphql_is_non_null(*type) && argument.find("DefaultValue") == nullptr &&
        !given.contains(name)) {
      return graphql_violated(node, owner.asking + " argument " + quote(name) + " of type " +
                                        quote(graphql_type_text(*type)) +
                                        " is required, but it was not provided.");
    }
  }
  return {};
}

Status GraphqlValues::check_variable(const Value& value, Value wanted, bool has_default) {
  const std::string name = graphql_text(value, "Raw");
  const auto found = variables_.declared.find(name);
  if (found == variables_.declared.end()) {
    const std::string& operation = variables_.operation;
    return graphql_violated(
        value, "Variable " + quote("$" + name) + " is not defined" +
                   (operation.empty() ? "." : " by operation " + quote(operation) + "."));
  }
  variables_.used.insert(name);
  const Value* type = found->second.find("Type");
  const Value* own_default = found->second.find("DefaultValue");
  if (graphql_is_non_null(wanted) && (has_default || own_default != nullptr)) {
    // With a default the place takes a variable that may be null.
    std::vector<Value::Member> members(wanted.members().begin(), wanted.members().end());
    members.emplace_back(Value::string("NonNull"), Value::boolean(false));
    wanted = Value::object(std::move(members));
  }
  if (type != nullptr && !usable(*type, wanted)) {
    return graphql_violated(
        value, "Variable " + quote("$" + name) + " of type " + quote(graphql_type_text(*type)) +
                   " used in position expecting type " + quote(graphql_type_text(wanted)) + ".");
  }
  return {};
}

Status GraphqlValues::check(const Value& value, const Value& type, bool has_default, int depth) {
  if (depth > kMaxDepth) {
    return failed("the value is nested too deeply");
  }
  const Kinds kind = graphql_kind(value);
  if (kind == Kinds::variable) {
    return check_variable(value, type, has_default);
  }
  if (kind == Kinds::null) {
    return graphql_is_non_null(type)
               ? Status(graphql_violated(
                     value,
                     "Expected value of type " + quote(graphql_type_text(type)) + ", found null."))
               : Status();
  }
  const Value* element = type.find("Elem");
  if (element == nullptr) {
    return check_named(value, type, depth);
  }
  if (kind != Kinds::list) {
    return check(value, *element, false, depth + 1);  // one stands for a list of one
  }
  for (const Value& child : graphql_list(value, "Children")) {
    if (const Value* inner = child.find("Value")) {
      UNHIDRA_TRY_VOID(check(*inner, *element, false, depth + 1));
    }
  }
  return {};
}

Status GraphqlValues::check_named(const Value& value, const Value& type, int depth) {
  const Kinds kind = graphql_kind(value);
  const GraphqlType* named = schema_.type(graphql_text(type, "NamedType"));
  const auto wrong = [&] {
    return graphql_violated(value, "Expected value of type " + quote(graphql_type_text(type)) +
                                       ", found " + shown(value) + ".");
  };
  if (named == nullptr) {
    return wrong();
  }
  if (named->kind == "INPUT_OBJECT") {
    return kind == Kinds::object ? check_input_object(value, *named, depth) : Status(wrong());
  }
  if (named->kind == "ENUM") {
    const std::string raw = graphql_text(value, "Raw");
    if (kind != Kinds::enumeration) {
      return graphql_violated(value, "Enum " + quote(named->name) +
                                         " cannot represent non-enum value: " + shown(value) + ".");
    }
    const bool is_known = std::ranges::find(named->enum_values, raw) != named->enum_values.end();
    return is_known ? Status()
                    : Status(graphql_violated(value, "Value " + quote(raw) + " does not exist in " +
                                                         quote(named->name) + " enum."));
  }
  const std::string why = why_no_scalar(kind, named->name);
  return why.empty() ? Status() : Status(graphql_violated(value, why + shown(value)));
}

Status GraphqlValues::check_input_object(const Value& value, const GraphqlType& type, int depth) {
  std::set<std::string> given;
  for (const Value& child : graphql_list(value, "Children")) {
    const std::string name = graphql_text(child, "Name");
    const Value* field = type.field(name);
    const Value* inner = child.find("Value");
    if (field == nullptr) {
      return graphql_violated(
          inner == nullptr ? value : *inner,
          "Field " + quote(name) + " is not defined by type " + quote(type.name) + ".");
    }
    if (!given.insert(name).second) {
      return graphql_violated(inner == nullptr ? value : *inner,
                              "There can be only one input field named " + quote(name) + ".");
    }
    const Value* inner_type = field->find("Type");
    if (inner != nullptr && inner_type != nullptr) {
      UNHIDRA_TRY_VOID(
          check(*inner, *inner_type, field->find("DefaultValue") != nullptr, depth + 1));
    }
  }
  for (const Value& field : type.fields) {
    const std::string name = graphql_text(field, "Name");
    const Value* field_type = field.find("Type");
    if (field_type != nullptr && graphql_is_non_null(*field_type) &&
        field.find("DefaultValue") == nullptr && !given.contains(name)) {
      return graphql_violated(value,
                              "Field " + quote(type.name + "." + name) + " of required type " +
                                  quote(graphql_type_text(*field_type)) + " was not provided.");
    }
  }
  return {};
}

}  // namespace unhidra::rego::builtins
