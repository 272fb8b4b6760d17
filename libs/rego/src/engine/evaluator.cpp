// Expressions.
#include "engine/evaluator.h"

#include <algorithm>

#include "engine/probe.h"

namespace unhidra::rego {
namespace {

bool is_true(const Value& value) {
  return !value.is(Kind::boolean) || value.as_boolean();
}

}  // namespace

Value put_at(const Value* document, std::span<const Value> path, const Value& value) {
  if (path.empty()) {
    return value;
  }
  std::vector<Value::Member> members;
  const Value* inner = nullptr;
  if (document != nullptr && document->is(Kind::object)) {
    members.assign(document->members().begin(), document->members().end());
    inner = document->find(path[0]);
  }
  members.emplace_back(path[0], put_at(inner, path.subspan(1), value));
  return Value::object(std::move(members));
}

Evaluator::Evaluator(const Policy& policy, builtins::Environment& environment,
                     EvaluatorSettings settings)
    : policy_(policy),
      environment_(environment),
      work_(environment),
      settings_(std::move(settings)) {
  if (settings_.input != nullptr) {
    base_.input = *settings_.input;
  }
  base_.data = settings_.data == nullptr ? Value::object({}) : *settings_.data;
  world_ = &base_;
}

Result<std::vector<std::vector<std::optional<Value>>>> Evaluator::run(const Query& query) {
  Frame frame(query.slots);
  std::vector<std::vector<std::optional<Value>>> out;
  (void)body(query.body, 0, frame, [&] {
    std::vector<std::optional<Value>> row;
    for (const auto& [name, slot] : query.variables) {
      const Binding& binding = frame[static_cast<std::size_t>(slot)];
      row.push_back(binding.bound ? std::optional<Value>(binding.value) : std::nullopt);
    }
    out.push_back(std::move(row));
    return true;
  });
  if (!is_good()) {
    return fail(failure());
  }
  return out;
}

Evaluator::Frame Evaluator::frame_of(const Row& row) {
  Frame out;
  for (const auto& value : row) {
    out.push_back(value ? Binding{true, *value} : Binding{});
  }
  return out;
}

Evaluator::Row Evaluator::row_of(const Frame& frame) {
  Row out;
  for (const Binding& binding : frame) {
    out.push_back(binding.bound ? std::optional(binding.value) : std::nullopt);
  }
  return out;
}

Result<std::vector<Evaluator::Row>> Evaluator::ways_of(const Expr& expr, const Row& known) {
  Frame frame = frame_of(known);
  std::vector<Row> out;
  (void)this->expr(expr, frame, [&] {
    out.push_back(row_of(frame));
    return true;
  });
  if (!is_good()) {
    return fail(failure());
  }
  return out;
}

Result<std::vector<std::pair<Value, Evaluator::Row>>> Evaluator::values_of(const Term& term,
                                                                           const Row& known) {
  Frame frame = frame_of(known);
  std::vector<std::pair<Value, Row>> out;
  (void)this->term(term, frame, [&](const Value& value) {
    out.emplace_back(value, row_of(frame));
    return true;
  });
  if (!is_good()) {
    return fail(failure());
  }
  return out;
}

Result<std::optional<Value>> Evaluator::call_of(const RuleNode& node,
                                                const std::vector<Value>& arguments) {
  std::optional<Value> out;
  if (!call_function(node, arguments, out) || !is_good()) {
    return fail(failure());
  }
  return out;
}

bool Evaluator::fail_with(Error error) {
  if (!error_) {
    error_ = std::move(error);
  }
  return false;
}

bool Evaluator::fail_at(Errc code, const Location& location, const std::string& message) {
  return fail_with(problem_at(code, location, message));
}

bool Evaluator::step(const Location& location) {
  const bool is_late = ++steps_ % kStepsPerLook == 0 && settings_.is_late();
  if (steps_ > settings_.max_steps || depth_ > settings_.max_depth || is_late ||
      environment_.is_exhausted()) {
    return fail_at(Errc::budget_exhausted, location, "the evaluation's budget is used up");
  }
  return !error_;
}

bool Evaluator::may_keep(const Value& made, const Location& location) {
  return environment_.expect_depth_of(made).has_value() ||
         fail_at(Errc::budget_exhausted, location, "the value is nested too deeply");
}

Error Evaluator::failure() const {
  return error_ ? *error_ : Error(Errc::budget_exhausted, "the evaluation's budget is used up");
}

bool Evaluator::body(std::span<const Expr> body, std::size_t index, Frame& frame, Next next) {
  return index == body.size() ? next() : counted(body[index], frame, [&] {
    return this->body(body, index + 1, frame, next);
  });
}

bool Evaluator::counted(const Expr& expr, Frame& frame, Next next) {
  ++depth_;
  TracedExpr traced(settings_.tracer, expr.location);
  const bool more = step(expr.location) && this->expr(expr, frame, [&] {
    traced.held();
    if (!next()) {
      return false;
    }
    traced.redone();
    return true;
  });
  --depth_;
  if (traced.has_failed() && settings_.tracer->wants_variables()) {
    tell_variables(expr, frame);
  }
  return more;
}

void Evaluator::tell_variables(const Expr& expr, const Frame& frame) {
  std::map<std::string_view, Value> known;
  const auto add = [&](const auto& self, const Term& term) -> void {
    if (term.is(Term::Type::var) && term.slot >= 0 && !term.name.starts_with('$')) {
      if (const Binding& one = frame[static_cast<std::size_t>(term.slot)]; one.bound) {
        known.emplace(term.name, one.value);
      }
    }
    if (!is_closure(term)) {
      std::ranges::for_each(term.items, [&](const Term& item) { self(self, item); });
    }
  };
  std::ranges::for_each(expr.items, [&](const Term& item) { add(add, item); });
  const std::vector<std::pair<std::string_view, Value>> all(known.begin(), known.end());
  settings_.tracer->expression_variables(place_of(expr.location), all);
}

bool Evaluator::expr(const Expr& expr, Frame& frame, Next next) {
  if (!expr.with.empty()) {
    return expr_with(expr, frame, next);
  }
  return expr.negated ? negated(expr, frame, next) : plain_expr(expr, frame, next);
}

bool Evaluator::plain_expr(const Expr& expr, Frame& frame, Next next) {
  switch (expr.type) {
    case Expr::Type::term: {
      const Term& one = expr.items[0];
      if (one.is(Term::Type::call) && one.name == "print") {
        return print(one, frame) && next();
      }
      return term(one, frame, [&](const Value& value) { return is_true(value) ? next() : true; });
    }
    case Expr::Type::unify:
      return term(expr.items[1], frame,
                  [&](const Value& value) { return match(expr.items[0], value, frame, next); });
    case Expr::Type::some_vars:
      return next();
    case Expr::Type::some_in:
      return some_in(expr, frame, next);
    case Expr::Type::every:
      break;
  }
  return every(expr, frame, next);
}

// ---- with ----

bool Evaluator::expr_with(const Expr& expr, Frame& frame, Next next) {
  World changed = *world_;
  changed.cache = std::make_shared<Cache>();
  bool defined = true;
  for (const auto& with : expr.with) {
    if (!apply_with(with, frame, changed, defined)) {
      return false;
    }
    if (!defined) {
      return true;
    }
  }
  World* outer = world_;
  world_ = &changed;
  const auto outside = [&] {
    world_ = outer;
    const bool more = next();
    world_ = &changed;
    return more;
  };
  const bool more = expr.negated ? negated(expr, frame, outside) : plain_expr(expr, frame, outside);
  world_ = outer;
  return more;
}

// The value is the first that the term has; the reference evaluates it once too.
bool Evaluator::apply_with(const With& with, Frame& frame, World& world, bool& defined) {
  Mock mock;
  mock.callee = with.value.callee;
  const bool names_function = !with.value.is(Term::Type::call) &&
                              (mock.callee.builtin != nullptr || mock.callee.function != nullptr);
  const Term& head = with.target.items[0];
  const bool is_builtin = head.is(Term::Type::var) && head.slot >= 0;
  const RuleNode* node = nullptr;
  if (!is_builtin && head.name == "data") {
    node = &policy_.root();
    for (std::size_t i = 1; node != nullptr && i < with.target.items.size(); ++i) {
      node = with.target.items[i].is_constant_string()
                 ? node->child(with.target.items[i].value.text())
                 : nullptr;
    }
  }
  const bool is_function = node != nullptr && node->has_rules() && node->kind == RuleKind::function;
  if (!names_function) {
    std::optional<Value> value;
    (void)term(with.value, frame, [&](const Value& found) {
      value = found;
      return false;
    });
    if (error_) {
      return false;
    }
    defined = value.has_value();
    if (!defined) {
      return true;
    }
    if (!is_builtin && !is_function) {
      return apply_value(with, frame, std::move(*value), world);
    }
    mock.value = std::move(value);
  }
  if (is_builtin) {
    world.builtin_mocks.insert_or_assign(with.target.name, std::move(mock));
  } else if (is_function) {
    world.function_mocks.insert_or_assign(node, std::move(mock));
  }
  return true;
}

bool Evaluator::apply_value(const With& with, Frame& frame, Value value, World& world) {
  std::vector<Value> path;
  for (std::size_t i = 1; i < with.target.items.size(); ++i) {
    (void)term(with.target.items[i], frame, [&](const Value& key) {
      path.push_back(key);
      return false;
    });
    if (error_) {
      return false;
    }
  }
  if (with.target.items[0].name == "input") {
    world.input = put_at(world.input ? &*world.input : nullptr, path, value);
  } else {
    world.data = put_at(&world.data, path, value);
    world.masked.push_back(std::move(path));
  }
  return true;
}

// ---- negation, quantifiers ----

bool Evaluator::holds(const Body& body, Frame& frame, bool& found) {
  found = false;
  (void)this->body(body, 0, frame, [&] {
    found = true;
    return false;
  });
  return !error_;
}

bool Evaluator::negated(const Expr& expr, Frame& frame, Next next) {
  bool found = false;
  (void)plain_expr(expr, frame, [&] {
    found = true;
    return false;
  });
  if (error_) {
    return false;
  }
  return found ? true : next();
}

bool Evaluator::every(const Expr& expr, Frame& frame, Next next) {
  const Term& value_var = expr.items[expr.items.size() - 2];
  const Term* key_var = expr.items.size() == 3 ? &expr.items[0] : nullptr;
  return term(expr.items.back(), frame, [&](const Value& domain) {
    bool all = true;
    const auto check = [&](const Value& key, const Value& value) {
      auto& slot = frame[static_cast<std::size_t>(value_var.slot)];
      slot = {true, value};
      if (key_var != nullptr) {
        frame[static_cast<std::size_t>(key_var->slot)] = {true, key};
      }
      const bool good = holds(*expr.body, frame, all);
      slot.bound = false;
      if (key_var != nullptr) {
        frame[static_cast<std::size_t>(key_var->slot)].bound = false;
      }
      return good && all;
    };
    if (domain.is(Kind::object)) {
      for (const auto& [key, value] : domain.members()) {
        if (!check(key, value)) {
          break;
        }
      }
    } else if (domain.is(Kind::array) || domain.is(Kind::set)) {
      std::int64_t index = 0;
      for (const auto& value : domain.elements()) {
        if (!check(domain.is(Kind::set) ? value : Value::integer(index), value)) {
          break;
        }
        ++index;
      }
    } else {
      all = false;
    }
    if (error_) {
      return false;
    }
    return all ? next() : true;
  });
}

bool Evaluator::some_in(const Expr& expr, Frame& frame, Next next) {
  const Term& value_term = expr.items[expr.items.size() - 2];
  const Term* key_term = expr.items.size() == 3 ? &expr.items[0] : nullptr;
  return term(expr.items.back(), frame, [&](const Value& domain) {
    const auto visit = [&](const Value& key, const Value& value) {
      return match(value_term, value, frame, [&] {
        return key_term == nullptr ? next() : match(*key_term, key, frame, next);
      });
    };
    if (domain.is(Kind::object)) {
      for (const auto& [key, value] : domain.members()) {
        if (!visit(key, value)) {
          return false;
        }
      }
    } else if (domain.is(Kind::array) || domain.is(Kind::set)) {
      std::int64_t index = 0;
      for (const auto& value : domain.elements()) {
        if (!visit(domain.is(Kind::set) ? value : Value::integer(index), value)) {
          return false;
        }
        ++index;
      }
    }
    return true;
  });
}

}  // namespace unhidra::rego
