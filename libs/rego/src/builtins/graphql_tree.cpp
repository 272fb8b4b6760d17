#include "builtins/graphql_tree.h"

namespace unhidra::rego::builtins {
namespace {

constexpr std::string_view kPosition = "Position";

std::string place_of(const Value& node) {
  const Value* position = node.find(kPosition);
  const Value* line = position == nullptr ? nullptr : position->find("Line");
  const Value* column = position == nullptr ? nullptr : position->find("Column");
  const bool is_known =
      line != nullptr && line->is(Kind::number) && column != nullptr && column->is(Kind::number);
  return is_known ? " in GraphQL string at location " + line->text() + ':' + column->text() : "";
}

}  // namespace

std::string graphql_text(const Value& node, std::string_view member) {
  const Value* found = node.find(member);
  return found != nullptr && found->is(Kind::string) ? found->text() : "";
}

std::vector<Value> graphql_list(const Value& node, std::string_view member) {
  const Value* found = node.find(member);
  if (found == nullptr) {
    return {};
  }
  return {found->elements().begin(), found->elements().end()};
}

GraphqlValueKind graphql_kind(const Value& value) {
  const Value* kind = value.find("Kind");
  const std::string text = kind != nullptr && kind->is(Kind::number) ? kind->text() : "6";
  return text.size() == 1 && text[0] >= '0' && text[0] <= '9'
             ? static_cast<GraphqlValueKind>(text[0] - '0')
             : GraphqlValueKind::null;
}

std::string graphql_type_name(const Value& type) {
  const Value* at = &type;
  while (const Value* element = at->find("Elem")) {
    at = element;
  }
  return graphql_text(*at, "NamedType");
}

bool graphql_is_non_null(const Value& type) {
  const Value* flag = type.find("NonNull");
  return flag != nullptr && flag->is(Kind::boolean) && flag->as_boolean();
}

std::string graphql_type_text(const Value& type) {
  const Value* element = type.find("Elem");
  return (element != nullptr ? "[" + graphql_type_text(*element) + "]"
                             : graphql_text(type, "NamedType")) +
         (graphql_is_non_null(type) ? "!" : "");
}

Value graphql_without_places(const Value& node) {
  if (node.is(Kind::array)) {
    std::vector<Value> out;
    for (const Value& element : node.elements()) {
      out.push_back(graphql_without_places(element));
    }
    return Value::array(std::move(out));
  }
  if (!node.is(Kind::object)) {
    return node;
  }
  std::vector<Value::Member> out;
  for (const auto& [name, member] : node.members()) {
    if (!(name.is(Kind::string) && name.text() == kPosition)) {
      out.emplace_back(name, graphql_without_places(member));
    }
  }
  return Value::object(std::move(out));
}

std::unexpected<Error> graphql_refused(const Value& node, const std::string& message) {
  return failed(message + place_of(node));
}

std::unexpected<Error> graphql_violated(const Value& node, std::string message) {
  if (message.ends_with('.')) {
    message.pop_back();
  }
  return graphql_refused(node, message);
}

}  // namespace unhidra::rego::builtins
