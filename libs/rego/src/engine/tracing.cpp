#include "engine/tracing.h"

namespace unhidra::rego {
namespace {

void add_places(const Body& body, std::vector<Place>& out);

void add_places(const Term& term, std::vector<Place>& out) {
  for (const auto& item : term.items) {
    add_places(item, out);
  }
  if (term.body) {
    add_places(*term.body, out);
  }
}

void add_places(const Body& body, std::vector<Place>& out) {
  for (const auto& expr : body) {
    out.push_back(place_of(expr.location));
    for (const auto& item : expr.items) {
      add_places(item, out);
    }
    if (expr.body) {
      add_places(*expr.body, out);
    }
    for (const auto& with : expr.with) {
      add_places(with.value, out);
    }
  }
}

RuleInfo info_of(const Rule& rule) {
  RuleInfo out;
  out.path = rule.node->name();
  out.place = place_of(rule.location);
  out.is_default = rule.is_default;
  out.is_function = rule.kind == RuleKind::function;
  out.has_keys = rule.head.items.size() != rule.prefix;
  add_places(rule.body, out.expressions);
  for (const auto& item : rule.head.items) {
    add_places(item, out.expressions);
  }
  if (rule.value) {
    add_places(*rule.value, out.expressions);
  }
  return out;
}

}  // namespace

std::vector<RuleInfo> list_rules(const Policy& policy) {
  std::vector<RuleInfo> out;
  for (const auto& module : policy.modules()) {
    for (const auto& rule : module->rules) {
      for (const Rule* one = rule.get(); one != nullptr; one = one->otherwise.get()) {
        out.push_back(info_of(*one));
        out.back().is_else = one != rule.get();
      }
    }
  }
  return out;
}

}  // namespace unhidra::rego
