// `and`, `or` and `not { ... }`, which a module asks for by `import future.keywords.or` and such.
//
// An operand is an expression that binds nothing, or a body in braces, whose variables are its own.
#include <algorithm>

#include "syntax/parser_impl.h"

namespace unhidra::rego {
namespace {

Term logic_term(Term::Logic logic, const Location& location, Body body) {
  Term truth;
  truth.location = location;
  truth.value = Value::boolean(true);
  Term out;
  out.type = Term::Type::array_comp;
  out.logic = logic;
  out.location = location;
  out.items.push_back(std::move(truth));
  out.body = std::make_shared<Body>(std::move(body));
  return out;
}

Expr expression(Term term) {
  Expr out;
  out.location = term.location;
  out.items.push_back(std::move(term));
  return out;
}

bool is_call_of(const Expr& expr, std::string_view name) {
  return expr.type == Expr::Type::term && !expr.negated && expr.items[0].is(Term::Type::call) &&
         expr.items[0].name == name;
}

// `{a | b}` would be a comprehension elsewhere; `or(a, b)` and `(a | b)` would not.
bool is_ambiguous(const Body& body) {
  const Expr& first = body[0];
  if (!is_call_of(first, "or") || first.items[0].items.size() != 2) {
    return false;
  }
  const Location& left = first.items[0].items[0].location;
  return left.row == first.location.row && left.column == first.location.column;
}

}  // namespace

bool Parser::at_logic() const {
  return (keywords_.and_ && at_name("and")) || (keywords_.or_ && at_name("or"));
}

// The body of an operand: why it is none has been told.
std::optional<Body> Parser::operand_body(std::string_view of) {
  const State begin = save();
  const Location location = here();
  const std::size_t first = peek().begin;
  const bool is_empty = peek(1).text == "}";
  auto out = braced_body();
  if (out && is_ambiguous(*out)) {
    fault_at(location,
             "ambiguous `{ ... | ... }` operand: read as a body holding a set-union expression, "
             "not as a comprehension (hint: write `(" +
                 text_from(first) + ")` for the comprehension, or put the union in parentheses)");
    return std::nullopt;
  }
  if (out || is_empty || of.empty()) {
    return out;
  }
  // Braces may hold a value instead of a body.
  const State failed = save();
  const std::vector<Fault> told(faults_.begin() + static_cast<std::ptrdiff_t>(begin.faults),
                                faults_.end());
  restore(begin);
  if (const auto value = infix()) {
    const std::string text = text_from(first);
    const std::string kind(term_kind(*value));
    restore(begin);
    if (of == "not") {
      fault("`{...}` in an operand position must contain expression(s), got: " + kind +
            " (hint: write `not (" + text + ")` to negate the value, or `not {" + text +
            "}` for a body holding it)");
    } else {
      fault_brace_operand(here(), of, text);
    }
    return std::nullopt;
  }
  restore({failed.position, begin.faults, failed.wildcards, begin.marks});
  std::ranges::copy(told, std::back_inserter(faults_));
  return std::nullopt;
}

void Parser::fault_brace_operand(const Location& location, std::string_view of,
                                 const std::string& text) {
  fault_at(location, "operand of `" + std::string(of) +
                         "` cannot begin with `{` unless the braces hold a body (hint: wrap the "
                         "operand to keep the value: `(" +
                         text + ") " + std::string(of) + " ...`)");
}

void Parser::fault_with_operand(const Location& with) {
  const std::string word = peek().text;
  fault_at(with, "`with` modifier is not allowed on operand of `" + word +
                     "` (hint: Wrap the operand in `(...)` or `{...}` to scope, or move `with` "
                     "after the `" +
                     word + "` expression to apply it to the whole expression)");
}

// `not`: true where the operand does not hold.
Parser::Operand Parser::negation(Operand of, const Location& begin) {
  if (!of.has_braces) {
    of.body[0].operand_of = "not";
  }
  Term holds = logic_term(Term::Logic::body, begin, std::move(of.body));
  holds.has_braces = of.has_braces;
  Operand out;
  out.location = begin;
  out.body.push_back(expression(std::move(holds)));
  out.body[0].negated = true;
  return out;
}

std::optional<Parser::Operand> Parser::operand(std::string_view of) {
  const Level level(*this);
  if (level.is_too_deep()) {
    return std::nullopt;
  }
  Operand out;
  out.location = here();
  if (at("{")) {
    auto body = operand_body(of);
    if (!body) {
      return std::nullopt;
    }
    out.body = std::move(*body);
    out.has_braces = true;
    return out;
  }
  const bool negated = skip_name("not");
  if (negated && keywords_.not_ && at("{")) {
    return negated_body(out.location);
  }
  if (at("(") && (!negated || keywords_.not_)) {
    bool is_group = false;
    auto inner = group(true, is_group);
    if (is_group) {
      return inner && negated ? negation(std::move(*inner), out.location) : std::move(inner);
    }
  }
  auto expr = plain_expr();
  if (!expr) {
    return std::nullopt;
  }
  place(*expr, out.location);
  out.body.push_back(std::move(*expr));
  if (negated && keywords_.not_) {
    return negation(std::move(out), out.location);
  }
  out.body[0].negated = negated;
  return out;
}

std::optional<Parser::Operand> Parser::negated_body(const Location& begin) {
  auto body = operand_body("not");
  if (!body) {
    return std::nullopt;
  }
  return negation({.body = std::move(*body), .has_braces = true, .location = begin}, begin);
}

// Whether parentheses hold more than a term: only then they are read as a group.
bool Parser::may_be_group() const {
  const auto is_word = [&](std::size_t i) {
    const Token& token = peek(i);
    return token.type == TokenType::name && !begins_ref(i) &&
           (token.text == "and" || token.text == "or" || token.text == "not" ||
            token.text == "with");
  };
  std::size_t depth = 0;
  for (std::size_t i = 0; peek(i).type != TokenType::end; ++i) {
    const Token& token = peek(i);
    if (is_word(i)) {
      return true;
    }
    if (token.type != TokenType::symbol) {
      continue;
    }
    depth += token.text == "(" ? 1U : 0U;
    if (token.text == ")" && --depth == 0) {
      return is_word(i + 1);
    }
  }
  return false;
}

bool Parser::close_group() {
  if (!at(")")) {
    fault("expected ) to close parenthesized group");
    return false;
  }
  take();
  return true;
}

// `(a or b)`; `(a with input as x)` and `(not a)` as operands. Not a group: nothing is told or
// read.
std::optional<Parser::Operand> Parser::group(bool is_operand, bool& is_group) {
  is_group = false;
  const Level level(*this);
  if (level.is_too_deep() || !may_be_group()) {
    return std::nullopt;
  }
  const State begin = save();
  const Location open = here();
  take();
  auto first = operand("");
  if (!first) {
    restore(begin);
    return std::nullopt;
  }
  if (at_logic()) {
    is_group = true;
    auto all = operands(std::move(*first));
    if (!all || !with_modifiers(all->body[0]) || !close_group()) {
      return std::nullopt;
    }
    return Operand{.body = std::move(all->body), .has_braces = false, .location = open};
  }
  Expr& only = first->body[0];
  if (!first->has_braces && at_name("with")) {
    is_group = true;
    const Location with = here();
    if (!with_modifiers(only)) {
      return std::nullopt;
    }
    if (at_logic()) {
      fault_with_operand(with);
      return std::nullopt;
    }
    if (!close_group()) {
      return std::nullopt;
    }
    if (is_operand || at_logic()) {
      return Operand{.body = std::move(first->body), .has_braces = false, .location = open};
    }
  } else if (!first->has_braces && (only.negated || only.items[0].logic != Term::Logic::none)) {
    is_group = true;
    if (!close_group()) {
      return std::nullopt;
    }
    return Operand{.body = std::move(first->body), .has_braces = false, .location = open};
  }
  is_group = false;
  restore(begin);
  return std::nullopt;
}

// One operand and those behind it, `and` before `or`.
std::optional<Parser::Operand> Parser::operands(Operand first) {
  auto left = chain(Term::Logic::conjunction, std::move(first));
  return left ? chain(Term::Logic::disjunction, std::move(*left)) : std::nullopt;
}

std::optional<Parser::Operand> Parser::chain(Term::Logic logic, Operand first) {
  const bool is_or = logic == Term::Logic::disjunction;
  const std::string_view word = is_or ? "or" : "and";
  if (!(is_or ? keywords_.or_ : keywords_.and_) || !at_name(word)) {
    return first;
  }
  const Location begin = first.location;
  Body sides;
  bool good = true;
  const auto add = [&](Operand side) {
    good = good && can_fail(side, word);
    if (!side.has_braces) {
      side.body[0].operand_of = word;
    }
    Term holds = logic_term(Term::Logic::body, side.location, std::move(side.body));
    holds.has_braces = side.has_braces;
    sides.push_back(expression(std::move(holds)));
  };
  add(std::move(first));
  while (skip_name(word)) {
    auto next = operand(word);
    if (next && is_or) {
      next = chain(Term::Logic::conjunction, std::move(*next));
    }
    if (!next) {
      return std::nullopt;
    }
    add(std::move(*next));
  }
  if (!good) {
    return std::nullopt;
  }
  Operand out;
  out.location = begin;
  out.body.push_back(expression(logic_term(logic, begin, std::move(sides))));
  return out;
}

// What only prints always holds.
bool Parser::can_fail(const Operand& side, std::string_view of) {
  if (!std::ranges::all_of(side.body, [](const Expr& one) { return is_call_of(one, "print"); })) {
    return true;
  }
  fault_at(side.body[0].location,
           "operand of `" + std::string(of) +
               "` cannot consist only of calls to `print` (hint: `print` produces no value and "
               "always succeeds, so the operand can never fail; move it out of the operand, or "
               "add an expression that can fail)");
  return false;
}

// What an operand that was read becomes with what follows it.
std::optional<Expr> Parser::with_operands(Operand first) {
  auto all = operands(std::move(first));
  if (!all || !with_modifiers(all->body[0])) {
    return std::nullopt;
  }
  return std::move(all->body[0]);
}

// An expression that begins with braces or parentheses and is one of operands. `is_one` tells
// whether; otherwise nothing is told or read.
std::optional<Expr> Parser::leading_operand(bool& is_one) {
  is_one = false;
  if (at("(")) {
    auto inner = group(false, is_one);
    return inner ? with_operands(std::move(*inner)) : std::nullopt;
  }
  if (!at("{")) {
    return std::nullopt;
  }
  const State begin = save();
  const Location location = here();
  auto body = operand_body("");
  if (!body || !at_logic()) {
    restore(begin);
    return std::nullopt;
  }
  is_one = true;
  return with_operands({.body = std::move(*body), .has_braces = true, .location = location});
}

}  // namespace unhidra::rego
