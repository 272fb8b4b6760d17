// Terms: operators by rising precedence, references, composites, comprehensions.
#include <array>
#include <utility>

#include "syntax/parser_impl.h"

namespace unhidra::rego {

Term Parser::make(Term::Type type) const {
  Term out;
  out.type = type;
  out.location = here();
  return out;
}

Term Parser::binary(std::string name, Term a, Term b) {
  Term out;
  out.type = Term::Type::call;
  out.location = a.location;
  out.name = std::move(name);
  out.items.push_back(std::move(a));
  out.items.push_back(std::move(b));
  return out;
}

Term Parser::term_in() {
  Term left = term_relation();
  while (!failed_ && keywords_.in && at_name("in")) {
    take();
    left = binary("internal.member_2", std::move(left), term_relation());
  }
  return left;
}

Term Parser::term_relation(bool no_or) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kRelations{
      {{"==", "equal"}, {"!=", "neq"}, {"<", "lt"}, {"<=", "lte"}, {">", "gt"}, {">=", "gte"}}};
  Term left = term_or(no_or);
  for (bool more = true; more && !failed_;) {
    more = false;
    for (const auto& [symbol, name] : kRelations) {
      if (at(symbol)) {
        take();
        left = binary(std::string(name), std::move(left), term_or(no_or));
        more = true;
        break;
      }
    }
  }
  return left;
}

Term Parser::term_or(bool no_or) {
  Term left = term_and();
  while (!failed_ && !no_or && at("|")) {
    take();
    left = binary("or", std::move(left), term_and());
  }
  return left;
}

Term Parser::term_and() {
  Term left = term_sum();
  while (!failed_ && at("&")) {
    take();
    left = binary("and", std::move(left), term_sum());
  }
  return left;
}

Term Parser::term_sum() {
  Term left = term_product();
  while (!failed_ && (at("+") || at("-"))) {
    const std::string name = take().text == "+" ? "plus" : "minus";
    left = binary(name, std::move(left), term_product());
  }
  return left;
}

Term Parser::term_product() {
  Term left = term();
  while (!failed_ && (at("*") || at("/") || at("%"))) {
    const std::string symbol = take().text;
    left = binary(symbol == "*" ? "mul" : symbol == "/" ? "div" : "rem", std::move(left), term());
  }
  return left;
}

Term Parser::term() {
  if (!descend()) {
    return {};
  }
  Term out = postfix(primary());
  --depth_;
  return out;
}

Term Parser::primary() {
  Term out = make(Term::Type::constant);
  const Token& token = peek();
  switch (token.type) {
    case TokenType::string:
      out.value = Value::string(take().text);
      return out;
    case TokenType::number:
      out.value = Value::number(take().text);
      return out;
    case TokenType::name:
      return name_term();
    case TokenType::text_begin:
      return interpolated();
    case TokenType::symbol:
      break;
    default:
      unexpected();
      return out;
  }
  if (at("-")) {
    marks_.signs.insert(take().begin);
    if (peek().type == TokenType::number && adjacent()) {
      out.value = Value::number("-" + take().text);
      return out;
    }
    Term zero = out;
    zero.value = Value::integer(0);
    return binary("minus", std::move(zero), term());
  }
  if (at("[")) {
    return array_or_comprehension();
  }
  if (at("{")) {
    return brace_term();
  }
  if (at("(")) {
    take();
    Term inner = term_in();
    if (keywords_.in && at(",")) {
      take();
      Term value = term_relation();
      if (!skip_name("in")) {
        unexpected();
      }
      Term domain = term_relation();
      inner = binary("internal.member_3", std::move(inner), std::move(value));
      inner.items.push_back(std::move(domain));
    }
    expect(")");
    return inner;
  }
  unexpected();
  return out;
}

Term Parser::name_term() {
  Term out = make(Term::Type::constant);
  const Token token = peek();
  if ((token.text == "null" || token.text == "true" || token.text == "false") && !begins_ref()) {
    take();
    out.value = token.text == "null" ? Value() : Value::boolean(token.text == "true");
    return out;
  }
  const bool calls = peek(1).text == "(" && peek(1).begin == token.end;
  if (is_keyword(token.text) && !begins_ref() && !(token.text == "contains" && calls)) {
    unexpected();
    return out;
  }
  take();
  // set() is how the empty set is written.
  if (token.text == "set" && at("(") && adjacent() && peek(1).text == ")") {
    take();
    take();
    out.value = Value::set({});
    return out;
  }
  out.type = Term::Type::var;
  out.name = token.text == "_" ? "$" + std::to_string(wildcards_++) : token.text;
  return out;
}

Term Parser::arguments_of(Term head) {
  Term call = make(Term::Type::call);
  call.location = head.location;
  if (head.is(Term::Type::var)) {
    call.name = head.name;
  } else if (head.is(Term::Type::ref) && head.items[0].is(Term::Type::var)) {
    call.name = head.items[0].name;
    for (std::size_t i = 1; i < head.items.size(); ++i) {
      if (!head.items[i].is_constant_string()) {
        unexpected();
        return call;
      }
      call.name += "." + head.items[i].value.text();
    }
  } else {
    unexpected();
    return call;
  }
  take();
  while (!failed_ && !at(")")) {
    call.items.push_back(term_in());
    if (!skip(",")) {
      break;
    }
  }
  expect(")");
  return call;
}

Term Parser::postfix(Term head) {
  while (!failed_ && adjacent() && (at(".") || at("[") || at("("))) {
    if (at("(")) {
      if (!head.is(Term::Type::var) && !head.is(Term::Type::ref)) {
        break;
      }
      head = arguments_of(std::move(head));
      continue;
    }
    if (!head.is(Term::Type::ref)) {
      if (head.is(Term::Type::constant) && !head.value.is(Kind::string) &&
          !head.value.is(Kind::set)) {
        break;
      }
      Term ref = make(Term::Type::ref);
      ref.location = head.location;
      ref.items.push_back(std::move(head));
      head = std::move(ref);
    }
    if (take().text == ".") {
      if (peek().type != TokenType::name || !adjacent()) {
        unexpected();
        break;
      }
      Term key = make(Term::Type::constant);
      key.value = Value::string(take().text);
      head.items.push_back(std::move(key));
    } else {
      head.items.push_back(term_in());
      expect("]");
    }
  }
  return head;
}

std::shared_ptr<Body> Parser::comprehension_body(std::string_view closing) {
  marks_.bars.insert(peek().begin);
  expect("|");
  auto out = std::make_shared<Body>(body(closing));
  expect(closing);
  return out;
}

Term Parser::array_or_comprehension() {
  Term out = make(Term::Type::array);
  take();
  if (skip("]")) {
    return out;
  }
  const std::size_t begin = position_;
  Term first = term_relation(true);
  if (at("|")) {
    out.type = Term::Type::array_comp;
    out.items.push_back(std::move(first));
    out.body = comprehension_body("]");
    return out;
  }
  position_ = begin;
  while (!failed_ && !at("]")) {
    out.items.push_back(term_in());
    if (!skip(",")) {
      break;
    }
  }
  expect("]");
  return out;
}

Term Parser::brace_term() {
  Term out = make(Term::Type::object);
  take();
  if (skip("}")) {
    return out;
  }
  const std::size_t begin = position_;
  Term first = term_relation(true);
  if (at("|")) {
    out.type = Term::Type::set_comp;
    out.items.push_back(std::move(first));
    out.body = comprehension_body("}");
    return out;
  }
  if (at(":")) {
    return object_tail(std::move(out), std::move(first));
  }
  position_ = begin;
  return set_tail(std::move(out), term_in());
}

Term Parser::object_tail(Term out, Term key) {
  take();
  Term value = term_relation(true);
  if (at("|")) {
    out.type = Term::Type::object_comp;
    const std::size_t bar = position_;
    out.items.push_back(std::move(key));
    out.items.push_back(std::move(value));
    position_ = bar;
    out.body = comprehension_body("}");
    return out;
  }
  if (keywords_.in && at_name("in")) {
    take();
    value = binary("internal.member_2", std::move(value), term_relation());
  }
  out.items.push_back(std::move(key));
  out.items.push_back(std::move(value));
  while (!failed_ && skip(",") && !at("}")) {
    out.items.push_back(term_relation());
    expect(":");
    out.items.push_back(term_in());
  }
  expect("}");
  return out;
}

Term Parser::set_tail(Term out, Term first) {
  out.type = Term::Type::set;
  out.items.push_back(std::move(first));
  while (!failed_ && skip(",") && !at("}")) {
    out.items.push_back(term_in());
  }
  expect("}");
  return out;
}

Term Parser::interpolated() {
  Term out = make(Term::Type::text);
  take();
  while (!failed_ && peek().type != TokenType::text_end) {
    if (peek().type == TokenType::string) {
      Term part = make(Term::Type::constant);
      part.value = Value::string(take().text);
      out.items.push_back(std::move(part));
    } else if (peek().type == TokenType::text_open) {
      take();
      // The set of the expression's values: what is undefined has a text of its own.
      Term part = make(Term::Type::set_comp);
      Term value = make(Term::Type::var);
      value.name = "$" + std::to_string(wildcards_++);
      Expr expr;
      expr.type = Expr::Type::unify;
      expr.location = here();
      expr.items.push_back(value);
      expr.items.push_back(term_in());
      with_modifiers(expr);
      part.items.push_back(std::move(value));
      part.body = std::make_shared<Body>();
      part.body->push_back(std::move(expr));
      out.items.push_back(std::move(part));
      if (peek().type != TokenType::text_close) {
        unexpected();
      } else {
        take();
      }
    } else {
      unexpected();
    }
  }
  if (!failed_) {
    take();
  }
  return out;
}

}  // namespace unhidra::rego
