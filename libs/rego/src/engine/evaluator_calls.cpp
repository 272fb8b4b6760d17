// Calls: built-in functions, functions of the policy, and what `with` puts in their place.
#include <algorithm>

#include "engine/evaluator.h"

namespace unhidra::rego {

bool Evaluator::call(const Term& term, Frame& frame, Take take) {
  const Callee callee = term.callee;
  std::vector<Value> done(callee.arity);
  // Arguments one after the other; each may have several values.
  const auto arguments = [&](const auto& self, std::size_t index) -> bool {
    if (index < 2 * callee.arity) {
      const std::size_t at = index % callee.arity;
      const Term& item = term.items[at];
      const bool early = item.is(Term::Type::ref) || item.is(Term::Type::call);
      if (early != (index < callee.arity)) {
        return self(self, index + 1);
      }
      return this->term(item, frame, [&](const Value& value) {
        done[at] = value;
        return self(self, index + 1);
      });
    }
    if (term.items.size() == callee.arity) {
      return call_with(term, callee, done, take);
    }
    // One operand more: the result is matched with it.
    return call_with(term, callee, done, [&](const Value& value) {
      return match(term.items.back(), value, frame, [&] { return take(Value::boolean(true)); });
    });
  };
  return arguments(arguments, 0);
}

bool Evaluator::call_with(const Term& term, const Callee& callee, std::vector<Value> arguments,
                          Take take) {
  if (!step(term.location)) {
    return false;
  }
  World* const outer = world_;
  const Mock* mock = nullptr;
  if (callee.builtin != nullptr && !outer->builtin_mocks.empty()) {
    const auto found = outer->builtin_mocks.find(term.name);
    mock = found == outer->builtin_mocks.end() ? nullptr : &found->second;
  } else if (callee.function != nullptr && !outer->function_mocks.empty()) {
    const auto found = outer->function_mocks.find(callee.function);
    mock = found == outer->function_mocks.end() ? nullptr : &found->second;
  }
  if (mock != nullptr && mock->value) {
    const Value value = *mock->value;
    return take(value);
  }
  std::optional<Value> result;
  if (mock != nullptr) {
    // What stands in for a function calls the functions themselves.
    World inner = *outer;
    inner.cache = std::make_shared<Cache>();
    const Callee other = mock->callee;
    inner.builtin_mocks.clear();
    inner.function_mocks.clear();
    world_ = &inner;
    bool good = true;
    if (other.builtin != nullptr) {
      Term named = term;
      named.name = std::string(static_cast<const builtins::Builtin*>(other.builtin)->name);
      named.items.clear();
      good = call_builtin(named, *static_cast<const builtins::Builtin*>(other.builtin), arguments,
                          [&](const Value& value) {
                            result = value;
                            return false;
                          }) ||
             !error_;
    } else {
      good = call_function(*other.function, arguments, result);
    }
    world_ = outer;
    return good && !error_ && (result ? take(*result) : true);
  }
  if (callee.builtin != nullptr) {
    return call_builtin(term, *static_cast<const builtins::Builtin*>(callee.builtin), arguments,
                        take);
  }
  return call_function(*callee.function, arguments, result) && (result ? take(*result) : true);
}

bool Evaluator::call_builtin(const Term& term, const builtins::Builtin& builtin,
                             const std::vector<Value>& arguments, Take take) {
  builtins::Answer answer = builtins::invoke(builtin, arguments, environment_);
  if (!answer) {
    const Error& error = answer.error();
    if (error == builtins::CallErrc::exhausted) {
      return fail_at(Errc::budget_exhausted, term.location, error.message());
    }
    if (settings_.strict_errors) {
      return fail_with(call_failure(builtin, term.location, error));
    }
    if (environment_.call_failed) {
      environment_.call_failed(call_failure(builtin, term.location, error));
    }
    return true;
  }
  if (!*answer) {
    return true;
  }
  const Value value = std::move(**answer);
  if (builtin.name == "walk") {
    // A relation: each pair of path and value is a result of its own.
    return std::ranges::all_of(value.elements(), [&](const Value& pair) { return take(pair); });
  }
  return take(value);
}

bool Evaluator::print(const Term& term, Frame& frame) {
  std::string line;
  for (const auto& item : term.items) {
    std::string text = "<undefined>";
    (void)this->term(item, frame, [&](const Value& value) {
      text = value.is(Kind::string) ? value.text() : to_term(value);
      return false;
    });
    line += (line.empty() ? "" : " ") + text;
  }
  if (!error_ && environment_.print) {
    environment_.print(line);
  }
  return !error_;
}

bool Evaluator::call_function(const RuleNode& node, const std::vector<Value>& arguments,
                              std::optional<Value>& out) {
  auto& cache = world_->cache->calls[&node];
  if (const auto known = cache.find(arguments); known != cache.end()) {
    out = known->second;
    return true;
  }
  const auto kept = world_->cache;
  if (++depth_ > settings_.max_depth) {
    --depth_;
    return fail_at(Errc::budget_exhausted,
                   node.rules.empty() ? Location{} : node.rules[0]->location,
                   "functions are nested too deeply");
  }
  out.reset();
  for (const Rule* rule : node.rules) {
    bool found = false;
    for (const Rule* one = rule; one != nullptr && !found; one = one->otherwise.get()) {
      if (!function_rule(*one, arguments, out, found)) {
        --depth_;
        return false;
      }
    }
  }
  if (!out && node.fallback != nullptr) {
    bool found = false;
    if (!function_rule(*node.fallback, arguments, out, found)) {
      --depth_;
      return false;
    }
  }
  --depth_;
  kept->calls[&node].insert_or_assign(arguments, out);
  return true;
}

bool Evaluator::function_rule(const Rule& rule, const std::vector<Value>& arguments,
                              std::optional<Value>& out, bool& found) {
  Frame frame(rule.slots);
  const TracedRule traced(settings_.tracer, rule, found);
  const auto match_arguments = [&](const auto& self, std::size_t index, Next next) -> bool {
    if (index == rule.arguments.size()) {
      return next();
    }
    return match(rule.arguments[index], arguments[index], frame,
                 [&] { return self(self, index + 1, next); });
  };
  (void)match_arguments(match_arguments, 0, [&] {
    return body(rule.body, 0, frame, [&] {
      return term(*rule.value, frame, [&](const Value& value) {
        found = true;
        if (out && !(*out == value)) {
          return fail_at(Errc::eval_conflict, rule.location,
                         "functions must not produce multiple outputs for same inputs");
        }
        out = value;
        return true;
      });
    });
  });
  return !error_;
}

}  // namespace unhidra::rego
