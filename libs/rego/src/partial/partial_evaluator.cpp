// Expressions.
#include "partial/partial_evaluator.h"

#include <algorithm>

#include "partial/copies.h"
#include "syntax/parser.h"

namespace unhidra::rego {
namespace {

constexpr std::size_t kMaxDepth = 1'000;

Error exhausted() {
  return {Errc::budget_exhausted, "the evaluation's budget is used up"};
}

}  // namespace

bool PartialEvaluator::fail_with(Error error) {
  if (!error_) {
    error_ = std::move(error);
  }
  return false;
}

bool PartialEvaluator::step() {
  if (++steps_ > max_steps_ || depth_ > kMaxDepth || made_ > options_.max_queries) {
    return fail_with(exhausted());
  }
  return !error_;
}

std::optional<Body> PartialEvaluator::simplified(const Body& body, const Names& live) const {
  auto out = without_copies(body, live);
  return out && passes(*out) ? std::move(out) : std::nullopt;
}

namespace {

// Rules of support have the types of those that they came from; what was negated has none.
bool name_origins(Expr& expr, const std::string& space) {
  bool good = true;
  change_terms(expr, [&](Term& term) {
    good = good && !(term.is(Term::Type::call) && term.name.starts_with("data." + space + "."));
    const bool is_support = term.is(Term::Type::ref) && term.items.size() > 2 &&
                            term.items[0].name == "data" && term.items[1].is_constant_string() &&
                            term.items[1].value.text() == space;
    if (is_support) {
      term.items.erase(term.items.begin() + 1);
    }
  });
  return good;
}

}  // namespace

bool PartialEvaluator::passes(const Body& body) const {
  std::string text;
  for (Expr expr : body) {
    if (!expr.negated && name_origins(expr, options_.space)) {
      text += residual_text(expr) + "\n";
    }
  }
  auto parsed = parse_query(text);
  if (text.empty() || !parsed) {
    return true;
  }
  const auto query = compile_query(policy_, std::move(*parsed));
  return query || !(query.error() == Errc::type_error);
}

PartialEvaluator::Frame PartialEvaluator::new_frame(std::size_t slots) {
  return {std::vector<std::optional<Term>>(slots), ++frames_};
}

Result<std::vector<Body>> PartialEvaluator::run(const Query& query) {
  Frame frame;
  frame.slots.resize(query.slots);
  Names live;
  for (const auto& [name, slot] : query.variables) {
    live.insert(name);
  }
  used_ = live;
  std::vector<Body> out;
  kept_.assign(1, {});
  (void)body(query.body, 0, frame, [&] {
    ++made_;
    Body all = kept_.back();
    for (const auto& [name, slot] : query.variables) {
      const auto& value = frame.slots[static_cast<std::size_t>(slot)];
      if (value && !(is_variable(*value) && value->name == name)) {
        all.push_back(equality(variable_term(name), *value));
      }
    }
    if (auto simple = simplified(all, live)) {
      out.push_back(std::move(*simple));
    }
    return step();
  });
  if (error_) {
    return fail(*error_);
  }
  return out;
}

bool PartialEvaluator::body(const Body& body, std::size_t index, Frame& frame, Next next) {
  if (index == body.size()) {
    return next();
  }
  ++depth_;
  const bool more =
      step() && expr(body[index], frame, [&] { return this->body(body, index + 1, frame, next); });
  --depth_;
  return more;
}

bool PartialEvaluator::expr(const Expr& expr, Frame& frame, Next next) {
  if (expr.type == Expr::Type::some_vars) {
    return next();
  }
  if (!expr.with.empty()) {
    return with_expr(expr, frame, next);
  }
  if (!unknown(expr, frame)) {
    return known_expr(expr, frame, next);
  }
  return expr.negated ? negated(expr, frame, next) : plain_expr(expr, frame, next);
}

bool PartialEvaluator::known_expr(const Expr& expr, Frame& frame, Next next) {
  const auto ways = known_.ways_of(expr, row_of(frame));
  return got(ways) && std::ranges::all_of(*ways, [&](const Evaluator::Row& row) {
           return bound_known(row, frame, next);
         });
}

bool PartialEvaluator::plain_expr(const Expr& expr, Frame& frame, Next next) {
  switch (expr.type) {
    case Expr::Type::term: {
      const Term& term = expr.items[0];
      if (term.is(Term::Type::call)) {
        return call_expr(term, frame, next);
      }
      if (term.logic != Term::Logic::none) {
        return logic(term, frame, next);
      }
      return raw_value(term, frame, nullptr, [&](const Term& value) { return holds(value, next); });
    }
    case Expr::Type::unify: {
      const auto expected = constant_of(expr.items[0], frame);
      return raw_value(
          expr.items[1], frame, expected ? &*expected : nullptr,
          [&](const Term& value) { return match(expr.items[0], value, frame, expr.turned, next); });
    }
    case Expr::Type::some_in:
      return some_in(expr, frame, next);
    default:
      return kept(expr, frame, next);
  }
}

// It binds nothing: a query for each way in which it may hold, and one alone where it does.
bool PartialEvaluator::logic(const Term& term, Frame& frame, Next next) {
  Names around;
  add_variables_around(frame, around);
  std::vector<Body> ways;
  const auto gathered = [&] {
    ++made_;
    if (auto way = simplified(kept_.back(), around)) {
      ways.push_back(std::move(*way));
    }
    return step();
  };
  kept_.emplace_back();
  const Body& exprs = *term.body;
  const bool good =
      term.logic == Term::Logic::disjunction
          ? std::ranges::all_of(exprs, [&](const Expr& one) { return expr(one, frame, gathered); })
          : body(exprs, 0, frame, gathered);
  kept_.pop_back();
  if (!good) {
    return false;
  }
  if (std::ranges::any_of(ways, &Body::empty)) {
    return next();
  }
  return std::ranges::all_of(ways, [&](const Body& way) { return keep_all(way, 0, next); });
}

bool PartialEvaluator::keep_all(const Body& exprs, std::size_t index, Next next) {
  return index == exprs.size()
             ? next()
             : keep(exprs[index], [&] { return keep_all(exprs, index + 1, next); });
}

bool PartialEvaluator::call_expr(const Term& call, Frame& frame, Next next) {
  if (call.name == "print") {
    return next();
  }
  if (call.name == "equal" && call.items.size() == 2) {
    const auto left = constant_of(call.items[1], frame);
    return raw_value(call.items[0], frame, left ? &*left : nullptr, [&](const Term& a) {
      const auto right = is_known(a) ? &a.value : nullptr;
      return raw_value(call.items[1], frame, right,
                       [&](const Term& b) { return unified(a, b, next); });
    });
  }
  if (call.items.size() == call.callee.arity) {
    return this->call(call, frame, [&](const Term& value) { return holds(value, next); }, true);
  }
  return this->call(call, frame, [&](const Term& value) {
    return match(call.items.back(), value, frame, false, next);
  });
}

// The elements of what is known; of anything else one that a variable stands for.
bool PartialEvaluator::some_in(const Expr& expr, Frame& frame, Next next) {
  const Term& element = expr.items[expr.items.size() - 2];
  return value(expr.items.back(), frame, [&](const Term& domain) {
    const auto visit = [&](const Term& key, const Term& one) {
      return match(element, one, frame, false, [&] {
        return expr.items.size() == 2 ? next() : match(expr.items[0], key, frame, false, next);
      });
    };
    if (domain.is(Term::Type::array)) {
      std::int64_t index = 0;
      return std::ranges::all_of(domain.items, [&](const Term& one) {
        return visit(constant_term(Value::integer(index++)), one);
      });
    }
    if (!is_known(domain)) {
      return named(domain, [&](const Term& known) {
        const Term key = fresh_variable();
        return visit(key, extended(known, {&key, 1}));
      });
    }
    std::int64_t index = 0;
    const Value& all = domain.value;
    return std::ranges::all_of(all.members(),
                               [&](const Value::Member& one) {
                                 return visit(constant_term(one.first), constant_term(one.second));
                               }) &&
           std::ranges::all_of(all.elements(), [&](const Value& one) {
             const Value key = all.is(Kind::set) ? one : Value::integer(index++);
             return visit(constant_term(key), constant_term(one));
           });
  });
}

// As it is, with what its variables stand for.
bool PartialEvaluator::kept(const Expr& expr, Frame& frame, Next next) {
  const auto before = frame.slots;
  Expr closed = expr;
  close(closed, frame);
  const bool more = keep(std::move(closed), next);
  frame.slots = before;
  return more;
}

bool PartialEvaluator::keep(Expr expr, Next next) {
  kept_.back().push_back(std::move(expr));
  const bool more = next();
  kept_.back().pop_back();
  return more;
}

bool PartialEvaluator::holds(const Term& value, Next next) {
  if (is_known(value)) {
    return value.value == Value::boolean(false) ? true : next();
  }
  return is_collection(value) ? next() : keep(term_expr(value), next);
}

}  // namespace unhidra::rego
