// `with`: what is replaced, and by what.
#include <algorithm>
#include <array>

#include "engine/resolver_impl.h"

namespace unhidra::rego {
namespace {

// a.b.c, as functions are named.
std::string dotted(const Term& ref) {
  std::string name;
  for (const auto& item : ref.items) {
    name += (name.empty() ? "" : ".") + (item.is(Term::Type::var)    ? item.name
                                         : item.is_constant_string() ? item.value.text()
                                                                     : "[]");
  }
  return name;
}

// Why a built-in function must not be replaced; empty: it may be.
std::string why_not_replaced(const std::string& name) {
  constexpr std::array<std::string_view, 3> kFixed{"eq", "rego.metadata.chain",
                                                   "rego.metadata.rule"};
  if (std::ranges::find(kFixed, name) != kFixed.end()) {
    return "replacement of \"" + name + "\" invalid";
  }
  if (name.starts_with("internal.")) {
    return "replacement of internal function \"" + name + "\" invalid";
  }
  if (name == "walk") {
    return "target must not be a relation";
  }
  return name == "print" ? "target must not be a void function" : "";
}

}  // namespace

void Resolver::with(Expr& expr) {
  for (auto& with : expr.with) {
    with_target(with);
    with_value(with);
  }
}

void Resolver::with_target(With& with) {
  Term& target = with.target;
  target.name = dotted(target);
  ref(target);
  const Term& head = target.items[0];
  if (head.is(Term::Type::var) && head.slot >= 0) {
    return builtin_target(target);
  }
  target.name.clear();
  if (!head.is(Term::Type::var) || head.name != "data") {
    return;
  }
  const RuleNode* node = &policy_.root();
  for (std::size_t i = 1; i + 1 < target.items.size() && target.items[i].is_constant_string();
       ++i) {
    node = node->child(target.items[i].value.text());
    if (node == nullptr) {
      return;
    }
    if (node->has_rules()) {
      return note(Errc::compile_error, target.location,
                  "with keyword cannot partially replace virtual document(s)");
    }
  }
}

void Resolver::builtin_target(const Term& target) {
  if (const std::string why = why_not_replaced(target.name); !why.empty()) {
    return note(Errc::compile_error, target.location,
                "with keyword replacing built-in function: " + why);
  }
  if (policy_.builtin(target.name) == nullptr) {
    note(Errc::type_error, target.location,
         "with keyword target must reference existing input, data, or a function");
  }
}

// Names of functions are no variables.
void Resolver::with_value(With& with) {
  Term& value = with.value;
  const std::string name = value.is(Term::Type::var)   ? value.name
                           : value.is(Term::Type::ref) ? dotted(value)
                                                       : std::string();
  if (!name.empty() && find_declared(name.substr(0, name.find('.'))) == nullptr &&
      policy_.builtin(name) != nullptr) {
    value.callee.builtin = policy_.builtin(name);
    value.type = Term::Type::constant;
    return;
  }
  term(value);
  if (!value.is(Term::Type::ref) || value.items[0].name != "data") {
    return;
  }
  const RuleNode* node = &policy_.root();
  for (std::size_t i = 1; node != nullptr && i < value.items.size(); ++i) {
    const Term& key = value.items[i];
    node = key.is_constant_string() ? node->child(key.value.text()) : nullptr;
  }
  if (node != nullptr && node->has_rules() && node->kind == RuleKind::function) {
    value.callee.function = node;
  }
}

}  // namespace unhidra::rego
