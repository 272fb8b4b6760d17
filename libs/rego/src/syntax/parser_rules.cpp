// Rules: bodies, else.
#include <algorithm>

#include "syntax/parser_impl.h"

namespace unhidra::rego {
namespace {

// A copy of a term shares the bodies of its comprehensions, which the compiler changes.
void own_closures(Term& term) {
  if (term.body) {
    term.body = std::make_shared<Body>(*term.body);
    for (auto& expr : *term.body) {
      std::ranges::for_each(expr.items, own_closures);
      if (expr.body) {
        expr.body = std::make_shared<Body>(*expr.body);
      }
    }
  }
  std::ranges::for_each(term.items, own_closures);
}

bool is_set_literal(const Expr& expr) {
  return expr.type == Expr::Type::term &&
         (expr.items[0].is(Term::Type::set) ||
          (expr.items[0].is(Term::Type::constant) && expr.items[0].value.is(Kind::set)));
}

Term truth_at(const Location& location) {
  Term out;
  out.location = location;
  out.value = Value::boolean(true);
  return out;
}

bool is_ground(const Term& term) {
  if (term.is(Term::Type::var) || term.is(Term::Type::ref) || term.is(Term::Type::call)) {
    return false;
  }
  return std::ranges::all_of(term.items, is_ground);
}

// The part of a head behind its name that an input can change.
bool has_variables(const Term& head) {
  return std::any_of(head.items.begin() + 1, head.items.end(),
                     [](const Term& item) { return !is_ground(item); });
}

}  // namespace

Parser::Outcome Parser::rule(Rule& rule, Form& form, Module& out) {
  if (skip_name("default")) {
    rule.is_default = form.is_default = true;
  }
  if (!at_identifier()) {
    return Outcome::none;
  }
  if (const Outcome outcome = head(rule, form); outcome != Outcome::bodyless) {
    return outcome;
  }
  if (rule.is_default) {
    if (!default_rule(rule)) {
      return Outcome::failed;
    }
    add(out, std::move(rule), std::move(form));
    return Outcome::read;
  }
  if (!form.has_value && !form.has_contains && !form.is_function && rule.head.items.size() == 2 &&
      !(keywords_.if_ && at_name("if"))) {
    form.is_set = true;
  }
  form.is_set = form.is_set || form.has_contains;
  if ((keywords_.if_ && at_name("if")) || at("{")) {
    if (!rule_body(rule, form)) {
      return Outcome::failed;
    }
  } else if (!form.has_contains) {
    return Outcome::bodyless;
  }
  set_or_object(rule, form.has_if);
  const Rule head_only = at("{") ? rule : Rule();
  if (at_name("else") && !else_rules(rule, form)) {
    return Outcome::failed;
  }
  const bool has_else = rule.otherwise != nullptr;
  add(out, std::move(rule), form);
  if (at("{") && has_else) {
    fault("expected else keyword");
  } else if (at("{")) {
    chained_rules(head_only, form, out);
  }
  return statement_failed() ? Outcome::failed : Outcome::read;
}

// Braces that no reading makes a term of: nothing in them that collections have, nothing behind
// them that goes on with an expression.
bool Parser::is_only_a_body() const {
  if (!at("{") || peek(1).text == "}") {
    return false;
  }
  std::size_t depth = 0;
  for (std::size_t i = 0; peek(i).type != TokenType::end; ++i) {
    const Token& token = peek(i);
    if (token.type != TokenType::symbol || token.text.size() != 1) {
      continue;
    }
    const char symbol = token.text[0];
    if (depth == 1 && (symbol == ',' || symbol == '|' || symbol == ':')) {
      return false;
    }
    if (symbol == '{' || symbol == '[' || symbol == '(') {
      ++depth;
    } else if ((symbol == '}' || symbol == ']' || symbol == ')') && --depth == 0) {
      const Token& next = peek(i + 1);
      return next.type == TokenType::end || (next.type == TokenType::symbol && next.text == "{") ||
             (next.type == TokenType::name && next.text != "in" && next.text != "with" &&
              !(keywords_.and_ && next.text == "and") && !(keywords_.or_ && next.text == "or"));
    }
  }
  return false;
}

// After `if` an expression; where it begins with braces a body, if they could be a set:
// `if {1, 2}[x]`, `if {x | ...} == s`.
bool Parser::rule_body(Rule& rule, Form& form) {
  form.has_body = true;
  form.has_if = skip_name("if");
  if (form.has_if && !is_only_a_body()) {
    const State begin = save();
    const bool has_braces = at("{");
    auto only = literal();
    if (only && !(has_braces && is_set_literal(*only))) {
      rule.body.push_back(std::move(*only));
      return !statement_failed();
    }
    if (!has_braces) {
      return false;
    }
    restore(begin);
  }
  auto body = braced_body();
  if (body) {
    rule.body = std::move(*body);
  }
  return body && !statement_failed();
}

bool Parser::else_rules(Rule& rule, const Form& form) {
  if (rule.head.items.size() > 1 && has_variables(rule.head)) {
    fault("else keyword cannot be used on rules with variables in head");
  } else if (rule.kind == RuleKind::partial_set) {
    fault("else keyword cannot be used on multi-value rules");
  } else {
    rule.otherwise = else_rule(rule, form);
  }
  return rule.otherwise != nullptr && !statement_failed();
}

std::shared_ptr<Rule> Parser::else_rule(const Rule& before, const Form& form) {
  const Level level(*this);
  if (level.is_too_deep()) {
    return nullptr;
  }
  auto out = std::make_shared<Rule>();
  Form own{.location = here(), .name = {}, .is_function = form.is_function};
  out->location = own.location;
  take();
  out->kind = before.kind;
  out->head = before.head;
  out->arguments = before.arguments;
  own.has_value = at("=") || at(":=");
  if (own.has_value) {
    out->assigned = take().text == ":=";
    out->value = infix();
    if (!out->value) {
      return nullptr;
    }
  } else if (!at("{") && !(keywords_.if_ && at_name("if"))) {
    unexpected("expected else value term or rule body");
    return nullptr;
  } else {
    out->value = truth_at(out->location);
  }
  own.has_if = keywords_.if_ && skip_name("if");
  own.has_body = own.has_if || at("{");
  if (at("{")) {
    auto body = braced_body();
    if (!body) {
      return nullptr;
    }
    out->body = std::move(*body);
  } else if (own.has_if) {
    auto only = at_end() ? std::nullopt : literal();
    if (!only) {
      if (at_end()) {
        unexpected("rule body expected");
      }
      return nullptr;
    }
    out->body.push_back(std::move(*only));
  }
  forms_.push_back(own);
  if (at_name("else")) {
    out->otherwise = else_rule(*out, form);
    if (out->otherwise == nullptr) {
      return nullptr;
    }
  }
  return out;
}

// Further bodies of the same head.
void Parser::chained_rules(const Rule& first, const Form& form, Module& out) {
  while (at("{")) {
    Rule next = first;
    next.body.clear();
    if (next.value) {
      own_closures(*next.value);
    }
    auto body = braced_body();
    if (!body) {
      return;
    }
    next.body = std::move(*body);
    add(out, std::move(next), form);
  }
}

void Parser::add(Module& out, Rule rule, Form form) {
  if (!rule.value) {
    rule.value = truth_at(rule.location);
  }
  forms_.push_back(std::move(form));
  out.rules.push_back(std::make_shared<Rule>(std::move(rule)));
}

}  // namespace unhidra::rego
