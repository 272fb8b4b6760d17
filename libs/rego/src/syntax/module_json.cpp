#include "syntax/module_json.h"

#include <array>
#include <utility>

namespace unhidra::rego {
namespace {

using Members = std::vector<Value::Member>;

Value text(std::string_view value) {
  return Value::string(std::string(value));
}
Value object(Members members) {
  return Value::object(std::move(members));
}
Value typed(std::string_view type, Value value) {
  return object({{text("type"), text(type)}, {text("value"), std::move(value)}});
}

Value term_json(const Term& term);
Value body_json(const Body& body);

std::vector<Value> terms_json(std::span<const Term> terms) {
  std::vector<Value> out;
  for (const auto& term : terms) {
    out.push_back(term_json(term));
  }
  return out;
}

Value constant_json(const Value& value) {
  if (value.is(Kind::set)) {
    return typed("set", Value::array({}));
  }
  return typed(kind_name(value.kind()), value);
}

// "a.b.c" as the reference to it.
Value name_ref(const std::string& name) {
  std::vector<Value> parts;
  for (std::size_t at = 0; at <= name.size();) {
    const auto end = std::min(name.find('.', at), name.size());
    parts.push_back(typed(at == 0 ? "var" : "string", text(name.substr(at, end - at))));
    at = end + 1;
  }
  return typed("ref", Value::array(std::move(parts)));
}

Value pairs_json(const Term& term) {
  std::vector<Value> pairs;
  for (std::size_t i = 0; i + 1 < term.items.size(); i += 2) {
    pairs.push_back(Value::array({term_json(term.items[i]), term_json(term.items[i + 1])}));
  }
  return typed("object", Value::array(std::move(pairs)));
}

Value comprehension_json(const Term& term) {
  if (term.is(Term::Type::object_comp)) {
    return typed("objectcomprehension", object({{text("key"), term_json(term.items[0])},
                                                {text("value"), term_json(term.items[1])},
                                                {text("body"), body_json(*term.body)}}));
  }
  const bool set = term.is(Term::Type::set_comp);
  return typed(
      set ? "setcomprehension" : "arraycomprehension",
      object({{text("term"), term_json(term.items[0])}, {text("body"), body_json(*term.body)}}));
}

std::vector<Value> call_json(const Term& term) {
  std::vector<Value> out{name_ref(term.name)};
  for (auto& argument : terms_json(term.items)) {
    out.push_back(std::move(argument));
  }
  return out;
}

Value term_json(const Term& term) {
  switch (term.type) {
    case Term::Type::constant:
      return constant_json(term.value);
    case Term::Type::var:
      return typed("var", text(term.name));
    case Term::Type::ref:
      return typed("ref", Value::array(terms_json(term.items)));
    case Term::Type::array:
      return typed("array", Value::array(terms_json(term.items)));
    case Term::Type::set:
      return typed("set", Value::array(terms_json(term.items)));
    case Term::Type::object:
      return pairs_json(term);
    case Term::Type::call:
      return typed("call", Value::array(call_json(term)));
    case Term::Type::text:
      return typed("templatestring", Value::array(terms_json(term.items)));
    default:
      return comprehension_json(term);
  }
}

Value every_json(const Expr& expr) {
  Members out{{text("value"), term_json(expr.items[expr.items.size() - 2])},
              {text("domain"), term_json(expr.items.back())},
              {text("body"), body_json(*expr.body)}};
  out.emplace_back(text("key"), expr.items.size() == 3 ? term_json(expr.items[0]) : Value());
  return object(std::move(out));
}

// The sides of `and` or `or`, two at a time from the left.
Value sides_json(const Term& term, std::size_t count) {
  const auto side = [&](std::size_t i) -> const Term& { return (*term.body)[i].items[0]; };
  const bool nests = count > 2;
  Members first{{text("index"), Value::integer(0)}};
  if (nests) {
    first.emplace_back(text("terms"), sides_json(term, count - 1));
  }
  Members out{
      {text("operator"), text(term.logic == Term::Logic::conjunction ? "and" : "or")},
      {text("lhs"), nests ? Value::array({object(std::move(first))}) : body_json(*side(0).body)},
      {text("rhs"), body_json(*side(count - 1).body)}};
  if (!nests && side(0).has_braces) {
    out.emplace_back(text("explicit_lhs"), Value::boolean(true));
  }
  if (side(count - 1).has_braces) {
    out.emplace_back(text("explicit_rhs"), Value::boolean(true));
  }
  return object(std::move(out));
}

Value logic_json(const Term& term) {
  if (term.logic != Term::Logic::body) {
    return sides_json(term, term.body->size());
  }
  Members out{{text("body"), body_json(*term.body)}};
  if (term.has_braces) {
    out.emplace_back(text("explicit_body"), Value::boolean(true));
  }
  return object(std::move(out));
}

Value expr_terms(const Expr& expr) {
  if (expr.type == Expr::Type::term && expr.items[0].logic != Term::Logic::none) {
    return logic_json(expr.items[0]);
  }
  switch (expr.type) {
    case Expr::Type::term:
      return expr.items[0].is(Term::Type::call) ? Value::array(call_json(expr.items[0]))
                                                : term_json(expr.items[0]);
    case Expr::Type::unify: {
      std::vector<Value> out{name_ref(expr.assigns ? "assign" : "eq")};
      for (auto& side : terms_json(expr.items)) {
        out.push_back(std::move(side));
      }
      return Value::array(std::move(out));
    }
    case Expr::Type::some_vars:
      return object({{text("symbols"), Value::array(terms_json(expr.items))}});
    case Expr::Type::some_in: {
      Term member;
      member.type = Term::Type::call;
      member.name = expr.items.size() == 3 ? "internal.member_3" : "internal.member_2";
      member.items = expr.items;
      return object({{text("symbols"), Value::array({term_json(member)})}});
    }
    case Expr::Type::every:
      break;
  }
  return every_json(expr);
}

Value body_json(const Body& body) {
  std::vector<Value> out;
  for (const auto& expr : body) {
    Members members{{text("index"), Value::integer(static_cast<std::int64_t>(out.size()))},
                    {text("terms"), expr_terms(expr)}};
    if (expr.negated && expr.items[0].logic != Term::Logic::body) {
      members.emplace_back(text("negated"), Value::boolean(true));
    }
    std::vector<Value> with;
    for (const auto& one : expr.with) {
      with.push_back(
          object({{text("target"), term_json(one.target)}, {text("value"), term_json(one.value)}}));
    }
    if (!with.empty()) {
      members.emplace_back(text("with"), Value::array(std::move(with)));
    }
    out.push_back(object(std::move(members)));
  }
  return Value::array(std::move(out));
}

Value head_json(const Rule& rule) {
  Members out{{text("name"), text(rule.head.items[0].name)},
              {text("ref"), Value::array(terms_json(rule.head.items))}};
  if (rule.kind == RuleKind::function) {
    out.emplace_back(text("args"), Value::array(terms_json(rule.arguments)));
  }
  if (rule.value) {
    out.emplace_back(text(rule.kind == RuleKind::partial_set ? "key" : "value"),
                     term_json(*rule.value));
  }
  if (rule.assigned) {
    out.emplace_back(text("assign"), Value::boolean(true));
  }
  return object(std::move(out));
}

Value rule_json(const Rule& rule) {
  Body body = rule.body;
  if (body.empty()) {
    Expr truth;
    truth.items.emplace_back();
    truth.items[0].value = Value::boolean(true);
    body.push_back(std::move(truth));
  }
  Members out{{text("head"), head_json(rule)}, {text("body"), body_json(body)}};
  if (rule.is_default) {
    out.emplace_back(text("default"), Value::boolean(true));
  }
  if (rule.otherwise) {
    out.emplace_back(text("else"), rule_json(*rule.otherwise));
  }
  return object(std::move(out));
}

}  // namespace

Value body_to_json(const Body& body) {
  return body_json(body);
}

Value module_to_json(const Module& module) {
  Members out{
      {text("package"), object({{text("path"), Value::array(terms_json(module.package.items))}})}};
  std::vector<Value> imports;
  for (const auto& import : module.imports) {
    Members members{{text("path"), term_json(import.path)}};
    const Term& last = import.path.items.back();
    if (import.alias != (last.is(Term::Type::var) ? last.name : last.value.text())) {
      members.emplace_back(text("alias"), text(import.alias));
    }
    imports.push_back(object(std::move(members)));
  }
  if (!imports.empty()) {
    out.emplace_back(text("imports"), Value::array(std::move(imports)));
  }
  std::vector<Value> rules;
  for (const auto& rule : module.rules) {
    rules.push_back(rule_json(*rule));
  }
  if (!rules.empty()) {
    out.emplace_back(text("rules"), Value::array(std::move(rules)));
  }
  return object(std::move(out));
}

}  // namespace unhidra::rego
