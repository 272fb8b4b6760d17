#include "engine/resolver.h"

#include <algorithm>

#include "engine/negation.h"
#include "engine/order.h"
#include "engine/resolver_impl.h"
#include "engine/unsafe_place.h"
#include "syntax/term_text.h"
#include "types/type_checker.h"

namespace unhidra::rego {

void Resolver::closure(Term& term) {
  push_scope();
  body(*term.body);
  for (auto& item : term.items) {
    this->term(item);
  }
  pop_scope();
}

void Resolver::term(Term& term) {
  switch (term.type) {
    case Term::Type::constant:
      return;
    case Term::Type::var:
      return var(term);
    case Term::Type::ref:
      return ref(term);
    case Term::Type::call:
      return call(term, true);
    case Term::Type::array_comp:
    case Term::Type::set_comp:
    case Term::Type::object_comp:
      return closure(term);
    default:
      for (auto& item : term.items) {
        this->term(item);
      }
  }
}

void Resolver::every(Expr& expr) {
  term(expr.items.back());
  push_scope();
  for (std::size_t i = 0; i + 1 < expr.items.size(); ++i) {
    if (!expr.items[i].is(Term::Type::var)) {
      note(Errc::compile_error, expr.location, "every: key and value must be variables");
      continue;
    }
    declare(expr.items[i], Occurrence::declared);
  }
  body(*expr.body);
  pop_scope();
}

void Resolver::expr(Expr& expr) {
  with(expr);
  switch (expr.type) {
    case Expr::Type::term:
      return expr.items[0].is(Term::Type::call) ? call(expr.items[0], false) : term(expr.items[0]);
    case Expr::Type::unify:
      if (expr.assigns && (expr.negated || expr.operand_of == "not")) {
        return note(Errc::compile_error, expr.location,
                    "cannot assign vars inside negated expression");
      }
      if (expr.assigns && !expr.operand_of.empty()) {
        return note(
            Errc::compile_error, expr.location,
            "cannot assign vars inside implicit " + std::string(expr.operand_of) + " operand");
      }
      if (expr.assigns) {
        term(expr.items[1]);
        return declare_pattern(expr.items[0], Occurrence::assigned);
      }
      term(expr.items[0]);
      return term(expr.items[1]);
    case Expr::Type::some_vars:
      for (auto& item : expr.items) {
        declare(item, Occurrence::declared);
      }
      return;
    case Expr::Type::some_in:
      term(expr.items.back());
      for (std::size_t i = 0; i + 1 < expr.items.size(); ++i) {
        declare_pattern(expr.items[i], Occurrence::declared);
      }
      return;
    case Expr::Type::every:
      return every(expr);
  }
}

void Resolver::body(Body& body) {
  take_calls_out(body, taken_out_);
  for (auto& one : body) {
    expr(one);
  }
}

void Resolver::order(Body& body, const std::set<int>& bound) {
  good_ = order_body(body, bound, slot_names_, rule_, problems_) && good_;
}

void Resolver::head_term(Term& term, std::set<int>& bound) {
  Body needs(1);
  needs[0].location.file = term.location.file;
  if (!is_plain(term)) {
    needs[0].location = term.location;
  }
  needs[0].items.push_back(std::move(term));
  order(needs, bound);
  if (good_) {
    bind_body(needs, bound);
  }
  term = std::move(needs[0].items[0]);
}

// What is computed from other variables cannot be matched before them: it is compared in the body.
void Resolver::move_computed_arguments(Rule& rule) {
  for (std::size_t i = 0; i < rule.arguments.size(); ++i) {
    Term& argument = rule.arguments[i];
    if (argument.is(Term::Type::text) || argument.is(Term::Type::ref) || argument.body != nullptr) {
      Expr same;
      same.type = Expr::Type::unify;
      same.location = argument.location;
      Term var;
      var.type = Term::Type::var;
      var.location = argument.location;
      var.name = "$argument" + std::to_string(i);
      same.items.push_back(var);
      same.items.push_back(std::move(argument));
      argument = std::move(var);
      rule.body.push_back(std::move(same));
    }
  }
}

void Resolver::rule(Rule& rule) {
  rule_ = &rule;
  move_computed_arguments(rule);
  for (auto& argument : rule.arguments) {
    declare_argument(argument);
  }
  std::set<int> bound;
  for (int slot = 0; slot < static_cast<int>(slot_names_.size()); ++slot) {
    bound.insert(slot);
  }
  body(rule.body);
  for (std::size_t i = 1; i < rule.head.items.size(); ++i) {
    term(rule.head.items[i]);
  }
  if (rule.value) {
    term(*rule.value);
  }
  if (!good_) {
    return;
  }
  order(rule.body, bound);
  bind_body(rule.body, bound);
  // What the head needs is checked like one more expression each.
  for (std::size_t i = 1; i < rule.head.items.size(); ++i) {
    head_term(rule.head.items[i], bound);
  }
  if (rule.value) {
    head_term(*rule.value, bound);
  }
  rule.slots = slot_names_.size();
}

Query Resolver::query(Body query) {
  body(query);
  if (good_) {
    order(query, {});
  }
  Query out;
  if (!good_) {
    return out;
  }
  out.body = std::move(query);
  out.slots = slot_names_.size();
  const auto name = [&](const Scope& scope) {
    for (const auto& [variable, slot] : scope) {
      if (!variable.starts_with('$') || variable.starts_with(kShownValue)) {
        out.variables.emplace_back(variable, slot);
      }
    }
  };
  std::set<int> used;
  bind_body(out.body, used);
  name(scopes_[0]);
  Scope outer;
  for (const auto& [variable, slot] : implicit_) {
    if (used.contains(slot)) {
      outer.emplace(variable, slot);
    }
  }
  name(outer);
  return out;
}

void resolve_rule(const Policy& policy, const Module& module, const RuleNode& package, Rule& rule,
                  Problems& problems) {
  Resolver(policy, &module, &package, problems).rule(rule);
}

Query compile_query(const Policy& policy, Body body, const Module* context, Problems& problems) {
  const bool has_package = context != nullptr && !context->package.items.empty();
  const RuleNode* package = has_package ? policy.find_package(*context) : nullptr;
  Query out = Resolver(policy, context, package, problems).query(std::move(body));
  if (problems.empty()) {
    check_types(policy.root(), policy.types(), out.body, out.slots, problems);
  }
  return out;
}

Result<Query> compile_query(const Policy& policy, Body body, const Module* context) {
  Problems problems;
  Query out = compile_query(policy, std::move(body), context, problems);
  if (!problems.empty()) {
    return fail(to_error(problems.list()));
  }
  return out;
}

}  // namespace unhidra::rego
