// Arrays, sets, objects, comprehensions and interpolated strings.
#include "syntax/parser_impl.h"

namespace unhidra::rego {

// A bar after the first term begins a comprehension; where its body cannot be read and a comma
// follows, the bar was an operator.
std::optional<Body> Parser::comprehension_body(std::string_view closing) {
  const State bar = save();
  mark(Mark::bar);
  take();
  auto out = body(closing);
  if (!out && at(",")) {
    restore(bar);
  }
  return out;
}

bool Parser::term_list(std::string_view closing, std::vector<Term>& items) {
  while (!at(closing)) {
    auto item = in_list();
    if (!item) {
      return false;
    }
    items.push_back(std::move(*item));
    if (!skip(",") && !at(closing)) {
      unexpected("expected \",\" or \"" + std::string(closing) + "\"");
      return false;
    }
  }
  return true;
}

bool Parser::pair_list(std::vector<Term>& items) {
  while (!at("}")) {
    auto key = in_list();
    if (!key) {
      return false;
    }
    if (!skip(":")) {
      unexpected("expected \":\"");
      return false;
    }
    auto value = in_list();
    if (!value) {
      return false;
    }
    items.push_back(std::move(*key));
    items.push_back(std::move(*value));
    if (!skip(",") && !at("}")) {
      unexpected("expected \",\" or \"}\"");
      return false;
    }
  }
  return true;
}

bool Parser::comprehend(Term& out, Term::Type type, Term& head, std::string_view closing) {
  auto body = comprehension_body(closing);
  if (!body) {
    return false;
  }
  take();
  out.type = type;
  out.items.push_back(std::move(head));
  out.body = std::make_shared<Body>(std::move(*body));
  return true;
}

Parser::MaybeTerm Parser::array() {
  Term out = make(Term::Type::array);
  take();
  if (skip("]")) {
    return out;
  }
  const bool may_comprehend = !skip(",");
  auto first = term();
  if (!first) {
    return std::nullopt;
  }
  if (at("|") && may_comprehend) {
    if (comprehend(out, Term::Type::array_comp, *first, "]")) {
      return out;
    }
    if (statement_failed()) {
      return std::nullopt;
    }
  }
  auto item = continued(std::move(*first), false);
  out.items.push_back(std::move(*item));
  if (!skip(",") && !at("]")) {
    unexpected("expected \",\" or \"]\"");
    return std::nullopt;
  }
  if (!term_list("]", out.items)) {
    return std::nullopt;
  }
  take();
  return out;
}

Parser::MaybeTerm Parser::set_or_object_term() {
  Term out = make(Term::Type::object);
  take();
  if (skip("}")) {
    return out;
  }
  const bool may_comprehend = !skip(",");
  auto first = term();
  if (!first) {
    return std::nullopt;
  }
  if (at(":")) {
    return object_tail(std::move(out), std::move(*first), may_comprehend);
  }
  if (at("|") && may_comprehend) {
    if (comprehend(out, Term::Type::set_comp, *first, "}")) {
      return out;
    }
    if (statement_failed()) {
      return std::nullopt;
    }
  }
  auto item = continued(std::move(*first), false);
  if (at(":")) {
    return object_tail(std::move(out), std::move(*item), may_comprehend);
  }
  if (!at("}") && !at(",")) {
    unexpected("non-terminated set");
    return std::nullopt;
  }
  return set_tail(std::move(out), std::move(*item));
}

Parser::MaybeTerm Parser::set_tail(Term out, Term first) {
  out.type = Term::Type::set;
  out.items.push_back(std::move(first));
  if (skip(",") && !term_list("}", out.items)) {
    return std::nullopt;
  }
  take();
  return out;
}

Parser::MaybeTerm Parser::object_tail(Term out, Term key, bool may_comprehend) {
  take();
  const State begin = save();
  auto value = term();
  if (!value) {
    return std::nullopt;
  }
  if (at("|") && may_comprehend) {
    mark(Mark::bar);
    take();
    if (auto body = this->body("}")) {
      take();
      out.type = Term::Type::object_comp;
      out.items.push_back(std::move(key));
      out.items.push_back(std::move(*value));
      out.body = std::make_shared<Body>(std::move(*body));
      return out;
    }
    restore(begin);
    value = term();
  }
  if (value && !at("}") && !at(",")) {
    value = continued(std::move(*value), false);
  }
  if (!value) {
    return std::nullopt;
  }
  const bool is_pair = at("}") || at(",");
  if (is_pair) {
    out.items.push_back(std::move(key));
    out.items.push_back(std::move(*value));
    if (!skip(",") || pair_list(out.items)) {
      take();
      return out;
    }
    restore(begin);
  }
  unexpected("non-terminated object");
  return std::nullopt;
}

Parser::MaybeTerm Parser::interpolated() {
  if (!has_feature("template_strings")) {
    fault("template strings are not supported by current capabilities");
    return std::nullopt;
  }
  Term out = make(Term::Type::text);
  take();
  while (peek().type != TokenType::text_end) {
    if (peek().type == TokenType::string) {
      Term part = make(Term::Type::constant);
      part.value = Value::string(take().text);
      out.items.push_back(std::move(part));
      continue;
    }
    if (peek().type != TokenType::text_open) {
      unexpected();
      return std::nullopt;
    }
    take();
    auto part = interpolated_expression(out.location);
    if (!part) {
      return std::nullopt;
    }
    out.items.push_back(std::move(*part));
    if (peek().type != TokenType::text_close) {
      fault("expected } to end template string expression");
      return std::nullopt;
    }
    take();
  }
  take();
  return out;
}

// The set of the expression's values: what is undefined has a text of its own.
Parser::MaybeTerm Parser::interpolated_expression(const Location& text) {
  const Location location = here();
  auto read = literal();
  if (!read) {
    fault("invalid template-string expression");
    return std::nullopt;
  }
  const auto refuse = [&](std::string_view what) -> MaybeTerm {
    fault_at(location, "unexpected " + std::string(what) + " in template-string expression");
    return std::nullopt;
  };
  if (read->negated) {
    return refuse("negation ('not')");
  }
  switch (read->type) {
    case Expr::Type::unify:
      return refuse(read->assigns ? "assignment (':=')" : "unification ('=')");
    case Expr::Type::every:
      return refuse("'every'");
    case Expr::Type::some_in:
    case Expr::Type::some_vars:
      return refuse("'some'");
    case Expr::Type::term:
      break;
  }
  if (read->items[0].logic != Term::Logic::none) {
    return refuse("'and' or 'or'");
  }
  Term out = make(Term::Type::set_comp);
  Term value = make(Term::Type::var);
  value.name = "$text" + std::to_string(wildcards_++);
  read->type = Expr::Type::unify;
  read->assigns = true;
  read->location = text;
  read->items.insert(read->items.begin(), value);
  out.items.push_back(std::move(value));
  out.body = std::make_shared<Body>();
  out.body->push_back(std::move(*read));
  return out;
}

}  // namespace unhidra::rego
