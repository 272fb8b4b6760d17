// Bodies and their expressions.
#include "syntax/parser_impl.h"

namespace unhidra::rego {
namespace {

constexpr std::string_view kMember = "internal.member_2";
constexpr std::string_view kKeyedMember = "internal.member_3";

}  // namespace

std::optional<Body> Parser::body(std::string_view closing) {
  const Level level(*this);
  if (level.is_too_deep()) {
    return std::nullopt;
  }
  const auto ended = [&] { return closing.empty() ? at_end() : at(closing); };
  if (ended()) {
    fault("found empty body");
    return std::nullopt;
  }
  Body out;
  while (true) {
    const State begin = save();
    auto one = literal();
    if (!one) {
      return std::nullopt;
    }
    out.push_back(std::move(*one));
    if (skip(";")) {
      continue;
    }
    if (ended()) {
      return out;
    }
    if (!new_line()) {
      if (!statement_failed()) {
        unexpected("expected \\n or ; or " + (closing.empty() ? "eof" : std::string(closing)) +
                   expression_hint(begin));
      }
      return std::nullopt;
    }
  }
}

std::optional<Body> Parser::braced_body() {
  mark(Mark::body);
  take();
  auto out = body("}");
  if (out) {
    take();
  }
  return out;
}

// What a v0 module would have to import for the expression to go on where it does not.
std::string Parser::expression_hint(const State& begin) {
  if (syntax_ == Syntax::v1 || (keywords_.in && keywords_.every)) {
    return {};
  }
  const State end = save();
  const Keywords keywords = keywords_;
  const std::size_t statement = statement_faults_;
  const auto reads = [&](bool with_every) {
    restore(begin);
    statement_faults_ = faults_.size();
    keywords_.in = true;
    keywords_.every = with_every;
    const bool out = literal() && !statement_failed() && position_ > end.position;
    faults_.resize(end.faults);
    keywords_ = keywords;
    statement_faults_ = statement;
    return out;
  };
  restore(begin);
  const bool is_every = peek().text == "every";
  const bool is_some = at_name("some");
  const bool is_better = reads(is_every);
  restore({end.position, end.faults, end.wildcards, begin.marks});
  if (!is_better) {
    return {};
  }
  return is_every
             ? " (hint: `import future.keywords.every` for `every x in xs { ... }` expressions)"
         : is_some ? " (hint: `import future.keywords.in` for `some x in xs` expressions)"
                   : " (hint: `import future.keywords.in` for `x in xs` expressions)";
}

void Parser::place(Expr& expr, const Location& location) {
  expr.location = location;
  if (expr.type == Expr::Type::term && expr.items[0].is(Term::Type::call)) {
    expr.items[0].location = location;
  }
}

std::optional<Expr> Parser::literal() {
  const Location location = here();
  mark(Mark::expression);
  if (keywords_.and_ || keywords_.or_) {
    bool is_operand = false;
    auto out = leading_operand(is_operand);
    if (is_operand) {
      return out;
    }
  }
  const std::size_t begin = peek().begin;
  const bool negated = skip_name("not");
  if (negated && keywords_.not_ && (at("{") || at("("))) {
    if (at("{")) {
      auto whole = negated_body(location);
      return whole ? with_operands(std::move(*whole)) : std::nullopt;
    }
    bool is_group = false;
    auto inner = group(true, is_group);
    if (is_group) {
      return inner ? with_operands(negation(std::move(*inner), location)) : std::nullopt;
    }
  }
  std::optional<Expr> out;
  if (at_name("some")) {
    if (negated) {
      unexpected("illegal negation of 'some'");
      return std::nullopt;
    }
    out = some_expr();
  } else if (keywords_.every && at_name("every")) {
    if (negated) {
      unexpected("illegal negation of 'every'");
      return std::nullopt;
    }
    out = every_expr();
  } else {
    out = plain_expr();
  }
  if (!out) {
    return std::nullopt;
  }
  place(*out, location);
  const bool may_go_on = out->type == Expr::Type::term || out->type == Expr::Type::unify;
  const bool is_improved = negated && keywords_.not_;
  out->negated = negated && !is_improved;
  Operand whole{.body = {}, .has_braces = false, .location = location};
  whole.body.push_back(std::move(*out));
  if (is_improved) {
    whole = negation(std::move(whole), location);
  }
  const Location with = here();
  const bool has_with = at_name("with");
  if (!with_modifiers(whole.body[0])) {
    return std::nullopt;
  }
  if (!may_go_on || !at_logic()) {
    return std::move(whole.body[0]);
  }
  if (has_with) {
    fault_with_operand(with);
    return std::nullopt;
  }
  if (source_[begin] == '{') {
    const std::string text = text_from(begin);
    text == "{}" ? fault_at(location, "found empty body")
                 : fault_brace_operand(location, peek().text, text);
    return std::nullopt;
  }
  return with_operands(std::move(whole));
}

// `x in xs` or `x, y in xs`; otherwise tells so.
bool Parser::is_membership(const Term& call) {
  const bool is_keyed = call.name == kKeyedMember;
  if ((is_keyed || call.name == kMember) && call.items.size() != (is_keyed ? 3U : 2U)) {
    unexpected("illegal domain");
    return false;
  }
  return is_keyed || call.name == kMember;
}

std::optional<Expr> Parser::some_expr() {
  const State begin = save();
  Expr out;
  take();
  if (auto term = infix(); term && term->is(Term::Type::call)) {
    const std::size_t faults = faults_.size();
    if (!is_membership(*term)) {
      if (faults == faults_.size()) {
        unexpected("expected `x in xs` or `x, y in xs` expression");
      }
      return std::nullopt;
    }
    out.type = Expr::Type::some_in;
    out.items = std::move(term->items);
    return out;
  }
  restore(begin);
  out.type = Expr::Type::some_vars;
  do {
    take();
    if (!at_identifier()) {
      unexpected("expected var");
      return std::nullopt;
    }
    out.items.push_back(variable());
  } while (at(","));
  return out;
}

std::optional<Expr> Parser::every_expr() {
  constexpr std::string_view kForm = "expected `x[, y] in xs { ... }` expression";
  Expr out;
  out.type = Expr::Type::every;
  take();
  auto term = infix();
  if (!term) {
    return std::nullopt;
  }
  const std::size_t faults = faults_.size();
  if (!term->is(Term::Type::call) || !is_membership(*term)) {
    if (faults == faults_.size()) {
      unexpected(kForm);
    }
    return std::nullopt;
  }
  out.items = std::move(term->items);
  if (out.items.size() == 3 && !out.items[0].is(Term::Type::var)) {
    unexpected("expected key to be a variable");
    return std::nullopt;
  }
  if (!out.items[out.items.size() - 2].is(Term::Type::var)) {
    unexpected("expected value to be a variable");
    return std::nullopt;
  }
  if (!at("{")) {
    unexpected("missing body");
    return std::nullopt;
  }
  auto body = braced_body();
  if (!body) {
    return std::nullopt;
  }
  out.body = std::make_shared<Body>(std::move(*body));
  return out;
}

std::optional<Expr> Parser::plain_expr() {
  auto left = infix();
  if (!left) {
    return std::nullopt;
  }
  Expr out;
  out.items.push_back(std::move(*left));
  if (at("=") || at(":=")) {
    out.assigns = take().text == ":=";
    out.type = Expr::Type::unify;
    auto right = infix();
    if (!right) {
      return std::nullopt;
    }
    out.items.push_back(std::move(*right));
  }
  return out;
}

bool Parser::with_modifiers(Expr& expr) {
  while (at_name("with")) {
    With made;
    made.location = here();
    take();
    if (!at_identifier()) {
      unexpected("expected ident");
      return false;
    }
    auto target = term();
    if (!target) {
      return false;
    }
    if (target->is(Term::Type::var)) {
      made.target = make(Term::Type::ref);
      made.target.location = target->location;
      made.target.items.push_back(std::move(*target));
    } else if (target->is(Term::Type::ref)) {
      made.target = std::move(*target);
    } else {
      unexpected("expected with target path");
    }
    if (!skip_name("as")) {
      unexpected("expected as keyword");
      return false;
    }
    auto value = infix();
    if (!value || made.target.items.empty()) {
      return false;
    }
    made.value = std::move(*value);
    expr.with.push_back(std::move(made));
  }
  return true;
}

}  // namespace unhidra::rego
