// Heads of rules, and what a default rule may be.
#include <algorithm>

#include "syntax/parser_impl.h"

namespace unhidra::rego {
namespace {

// What a default rule's value must not contain, outside of comprehensions; empty: it has none.
std::string_view variable_part(const Term& term) {
  if (term.body) {
    return {};
  }
  if (term.is(Term::Type::var) || term.is(Term::Type::ref) || term.is(Term::Type::call)) {
    return term_kind(term);
  }
  for (const Term& item : term.items) {
    if (const auto found = variable_part(item); !found.empty()) {
      return found;
    }
  }
  return {};
}

}  // namespace

Parser::Outcome Parser::head_ref(Rule& rule) {
  const std::size_t begin = peek().begin;
  Term& ref = rule.head;
  ref = make(Term::Type::ref);
  Term name = make(Term::Type::var);
  name.name = take().text;
  ref.items.push_back(std::move(name));
  static constexpr std::string_view kOperators = "+-*/%&|<>";
  if (adjacent() && peek().type == TokenType::symbol &&
      (kOperators.find(peek().text[0]) != std::string_view::npos || at("==") || at("!="))) {
    unexpected();
    return Outcome::failed;
  }
  // Space may stand between the name and what follows it.
  for (bool first = true; (at(".") || at("[")) && (first || adjacent()); first = false) {
    const bool is_dot = at(".");
    if (!look_up(ref)) {
      return Outcome::failed;
    }
    if (is_dot) {
      ref.items.back().location.column = 0;
    }
    if (ref.items.size() > kMaxDepth) {
      fault("max parsing recursion depth exceeded");
      return Outcome::failed;
    }
  }
  if (!at("(") || !(ref.items.size() == 1 || adjacent())) {
    return Outcome::bodyless;
  }
  take();
  if (!term_list(")", rule.arguments)) {
    return Outcome::failed;
  }
  take();
  // What takes no argument is a value: p() := 1 is p := 1.
  rule.kind = rule.arguments.empty() ? RuleKind::complete : RuleKind::function;
  if (adjacent() && (at(".") || at("["))) {
    return called_head(begin) ? Outcome::failed : Outcome::none;
  }
  return Outcome::bodyless;
}

// A call behind a call, f(0).g(0), which is no head. False: it is not there, and nothing was told
// or read.
bool Parser::called_head(std::size_t begin) {
  const State here = save();
  Term ref = make(Term::Type::ref);
  while (adjacent() && (at(".") || at("["))) {
    if (!look_up(ref)) {
      restore(here);
      return false;
    }
  }
  const std::string text = text_from(begin);
  std::vector<Term> arguments;
  if (!adjacent() || !skip("(") || !term_list(")", arguments)) {
    restore(here);
    return false;
  }
  take();
  unexpected("rule head ref " + text + " invalid");
  return true;
}

bool Parser::head_key(Rule& rule) {
  const std::string example = " (e.g., " + rule.head.items[0].name + " contains <VALUE> { ... })";
  if (rule.kind == RuleKind::function) {
    unexpected("the contains keyword can only be used with multi-value rule definitions" + example);
  }
  take();
  rule.kind = RuleKind::partial_set;
  rule.value = infix();
  if (!rule.value) {
    unexpected("expected rule key term" + example);
  }
  return !statement_failed();
}

bool Parser::head_value(Rule& rule, const Form& form, std::size_t begin) {
  const std::string name = text_from(begin);
  rule.assigned = take().text == ":=";
  rule.value = infix();
  if (rule.value) {
    return !statement_failed();
  }
  if (!rule.assigned) {
    unexpected("expected rule value term (e.g., " + name + "[<nil>] = <VALUE> { ... })");
  } else if (form.is_function) {
    unexpected("expected function value term (e.g., " + name.substr(0, name.find('(')) +
               "(...) := <VALUE> { ... })");
  } else if (form.is_default) {
    unexpected("expected default rule value term (e.g., default " + name + " := <VALUE>)");
  } else {
    unexpected("expected rule value term (e.g., " + name + " := <VALUE> { ... })");
  }
  return false;
}

Parser::Outcome Parser::head(Rule& rule, Form& form) {
  const std::size_t begin = peek().begin;
  if (const Outcome outcome = head_ref(rule); outcome != Outcome::bodyless) {
    return outcome;
  }
  form.is_function = rule.kind == RuleKind::function;
  form.name = rule.head.items.size() == 1 ? rule.head.items[0].name : std::string();
  if (keywords_.contains && at_name("contains")) {
    form.has_contains = true;
    return head_key(rule) ? Outcome::bodyless : Outcome::failed;
  }
  form.has_value = at("=") || at(":=");
  if (form.has_value && !head_value(rule, form, begin)) {
    return Outcome::failed;
  }
  return Outcome::bodyless;
}

bool Parser::default_rule(const Rule& rule) {
  const auto refuse = [&](std::string_view what) {
    fault_at(rule.location, "illegal default rule (" + std::string(what) + ")");
  };
  if (!rule.value && rule.head.items.size() == 2 && rule.kind == RuleKind::complete) {
    refuse("must have a value");
  }
  if (const auto part = rule.value ? variable_part(*rule.value) : ""; !part.empty()) {
    refuse("value cannot contain " + std::string(part));
  }
  for (std::size_t i = 0; i < rule.arguments.size(); ++i) {
    const Term& argument = rule.arguments[i];
    if (!argument.is(Term::Type::var)) {
      refuse("arguments cannot contain " + std::string(term_kind(argument)));
    } else if (std::any_of(rule.arguments.begin(),
                           rule.arguments.begin() + static_cast<std::ptrdiff_t>(i),
                           [&](const Term& other) { return other.name == argument.name; })) {
      refuse("arguments cannot be repeated " + argument.name);
    }
  }
  return !statement_failed();
}

// In v0, `p[x] { ... }` is a set; with `if` it is an object whose value is true.
void Parser::set_or_object(Rule& rule, bool has_if) {
  const auto& items = rule.head.items;
  if (rule.kind == RuleKind::complete && !rule.value && !has_if && syntax_ == Syntax::v0 &&
      items.size() == 2 && items[1].location.column != 0) {
    rule.kind = RuleKind::partial_set;
    rule.value = rule.head.items[1];
    rule.head.items.pop_back();
  }
}

}  // namespace unhidra::rego
