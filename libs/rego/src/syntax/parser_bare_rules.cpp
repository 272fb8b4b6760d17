// Rules without a body: expressions that have the shape of one.
#include "builtins/function.h"
#include "syntax/parser_impl.h"

namespace unhidra::rego {

// Which keyword would have made a rule of a name and what follows it.
std::string Parser::keyword_hint() const {
  if (syntax_ == Syntax::v1 || peek().type != TokenType::name) {
    return {};
  }
  if (peek().text == "if" && !keywords_.if_) {
    return " (hint: `import future.keywords.if` for `p if { ... }` rules)";
  }
  return peek().text == "contains" && !keywords_.contains
             ? " (hint: `import future.keywords.contains` for `p contains x` rules)"
             : "";
}

// `begin`: where its text begins. Empty: the expression has a rule's shape.
std::string Parser::why_no_rule(const Body& body, std::size_t begin) const {
  if (body.size() != 1) {
    return "multiple expressions cannot be used for rule head";
  }
  const Expr& expr = body[0];
  if (!expr.with.empty()) {
    return "expressions using with keyword cannot be used for rule head";
  }
  if (expr.negated) {
    return "negated expressions cannot be used for rule head";
  }
  if (expr.type == Expr::Type::some_vars || expr.type == Expr::Type::some_in) {
    return "'some' declarations cannot be used for rule head";
  }
  if (expr.type == Expr::Type::every || expr.items[0].logic != Term::Logic::none) {
    return "expression cannot be used for rule head";
  }
  const Term& term = expr.items[0];
  if (term.is(Term::Type::call) && expr.type == Expr::Type::term) {
    if ((term.name == "eq" || term.name == "assign") && term.items.size() < 2) {
      return "assignment requires two operands";
    }
    if (builtins::find_builtin(term.name) != nullptr) {
      return "rule name conflicts with built-in function";
    }
    return term.items.empty() ? "rule argument list must take at least one argument" : "";
  }
  if (term.is(Term::Type::ref) && !term.items[0].is(Term::Type::var)) {
    const std::string text = text_from(begin);
    return "invalid rule head: " + text.substr(0, text.find_first_of(" \t\r\n=:"));
  }
  if (term.is(Term::Type::ref) ||
      (expr.type == Expr::Type::unify && (term.is(Term::Type::var) || term.is(Term::Type::call)))) {
    return "";
  }
  if (term.is(Term::Type::var) && (term.name == "data" || term.name == "input")) {
    return "refs cannot be used for rule head";
  }
  return std::string(term_kind(term)) + " cannot be used for rule name" +
         (term.is(Term::Type::var) ? keyword_hint() : "");
}

void Parser::rule_from_expression(Rule& rule, const Form& form, Outcome outcome, Module& out) {
  const Location location = here();
  const std::size_t begin = peek().begin;
  Body body;
  for (bool more = true; more;) {
    auto expr = literal();
    if (!expr) {
      return;
    }
    body.push_back(std::move(*expr));
    more = skip(";");
  }
  if (statement_failed()) {
    return;
  }
  if (std::string why = why_no_rule(body, begin); !why.empty()) {
    return fault_at(location, std::move(why));
  }
  if (outcome == Outcome::bodyless) {
    set_or_object(rule, false);
    Form own = form;
    own.has_value = own.has_value || own.is_function;
    return add(out, std::move(rule), std::move(own));
  }
  // `contains` alone is a keyword that a term may begin with.
  fault_at(location, body[0].items[0].name + " keyword cannot be used for rule name");
}

}  // namespace unhidra::rego
