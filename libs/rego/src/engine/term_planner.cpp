#include "engine/term_planner.h"

#include <algorithm>
#include <array>

namespace unhidra::rego {
namespace {

bool is_early(const Term& term) {
  return term.is(Term::Type::ref) || term.is(Term::Type::call);
}

std::optional<Comparison> comparison_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, Comparison>, 5> kNames = {{
      {"lt", Comparison::less},
      {"lte", Comparison::less_or_equal},
      {"gt", Comparison::greater},
      {"gte", Comparison::greater_or_equal},
      {"neq", Comparison::differs},
  }};
  const auto found =
      std::ranges::find(kNames, name, &std::pair<std::string_view, Comparison>::first);
  return found == kNames.end() ? std::nullopt : std::optional(found->second);
}

// Functions that answer the same for the same operands, whenever and wherever.
bool is_pure(std::string_view name) {
  constexpr std::array<std::string_view, 14> kPrefixes = {
      "array.",  "base64", "bits.",   "glob.",    "hex.",   "json.marshal", "numbers.",
      "object.", "regex.", "semver.", "strings.", "units.", "urlquery.",    "internal.member"};
  constexpr std::array<std::string_view, 26> kNames = {
      "abs",   "and", "ceil", "concat", "contains", "count", "div",        "endswith", "equal",
      "floor", "gt",  "gte",  "lower",  "lt",       "lte",   "max",        "min",      "minus",
      "mul",   "neq", "plus", "rem",    "round",    "split", "startswith", "upper"};
  return std::ranges::find(kNames, name) != kNames.end() ||
         std::ranges::any_of(kPrefixes, [&](auto prefix) { return name.starts_with(prefix); });
}

}  // namespace

// ---- code ----

Step& RulePlanner::emit(Op op, Register a, Register b, Register c) {
  return program_.steps.emplace_back(Step{.op = op, .a = a, .b = b, .c = c});
}

Step& RulePlanner::emit_else(Op op, Register a, Register b, Register c) {
  Step& step = emit(op, a, b, c);
  step.jump = fail_;
  return step;
}

RulePlanner::Label RulePlanner::label() {
  places_.push_back(0);
  return static_cast<Label>(places_.size() - 1);
}

void RulePlanner::place(Label label) {
  places_[label] = static_cast<std::uint32_t>(program_.steps.size());
}

void RulePlanner::link() {
  for (Step& step : program_.steps) {
    step.jump = places_[step.jump];
  }
}

RulePlanner::Register RulePlanner::constant(const Value& value) {
  program_.constants.push_back(value);
  const Register out = fresh();
  emit(Op::constant, out, static_cast<Register>(program_.constants.size() - 1));
  return out;
}

std::int32_t RulePlanner::path(std::vector<Value> keys) {
  program_.paths.push_back(std::move(keys));
  return static_cast<std::int32_t>(program_.paths.size() - 1);
}

std::int32_t RulePlanner::list(std::vector<Register> registers) {
  program_.lists.push_back(std::move(registers));
  return static_cast<std::int32_t>(program_.lists.size() - 1);
}

bool RulePlanner::has_unbound(const Term& term) const {
  switch (term.type) {
    case Term::Type::var:
      return term.slot >= 0 && !is_bound(term);
    case Term::Type::array:
    case Term::Type::set:
    case Term::Type::object:
      return std::ranges::any_of(term.items, [&](const Term& item) { return has_unbound(item); });
    default:
      return false;
  }
}

// A slot's register has its number; those of the arguments follow.
void RulePlanner::begin(std::size_t slots, std::size_t arguments) {
  bound_.assign(slots, false);
  program_.registers = slots + arguments;
  program_.arguments = static_cast<Register>(slots);
  fail_ = label();
}

std::optional<Program> RulePlanner::finished() {
  if (!covered_) {
    return std::nullopt;
  }
  link();
  return std::move(program_);
}

// ---- rules ----

void RulePlanner::head(const Rule& rule) {
  Register key = -1;
  if (kind_ == Plan::Kind::object) {
    key = value(rule.head.items[rule.prefix]);
  }
  emit(Op::yield, 0, value(*rule.value), key);
  const bool decides = (kind_ == Plan::Kind::complete || kind_ == Plan::Kind::function) &&
                       rule.value->is(Term::Type::constant);
  if (decides) {
    emit(Op::finish);
  } else {
    emit_else(Op::jump);
  }
}

std::optional<Program> RulePlanner::rule(const Rule& rule) {
  begin(rule.slots, rule.arguments.size());
  program_.rule = &rule;
  const Label end = fail_;
  for (std::size_t i = 0; i < rule.arguments.size(); ++i) {
    match(rule.arguments[i], program_.arguments + static_cast<Register>(i));
  }
  body(rule.body);
  head(rule);
  place(end);
  emit(Op::end);
  return finished();
}

std::optional<Program> RulePlanner::keyed_rule(const Rule& rule) {
  begin(rule.slots, 1);
  program_.rule = &rule;
  const Label end = fail_;
  const bool is_set = kind_ == Plan::Kind::set;
  const Term& key = is_set ? *rule.value : rule.head.items[rule.prefix];
  const bool early = key.is(Term::Type::var) || key.is(Term::Type::constant);
  if (early) {
    match(key, program_.arguments);
  }
  body(rule.body);
  if (!early) {
    emit_else(Op::check_equal, 0, value(key), program_.arguments);
  }
  emit(Op::yield, 0, is_set ? program_.arguments : value(*rule.value), program_.arguments);
  if (is_set || rule.value->is(Term::Type::constant)) {
    emit(Op::finish);
  } else {
    emit_else(Op::jump);
  }
  place(end);
  emit(Op::end);
  return finished();
}

std::optional<Program> RulePlanner::query(const Query& query) {
  begin(query.slots, 0);
  const Label end = fail_;
  body(query.body);
  const bool all_bound = std::ranges::all_of(query.variables, [&](const auto& variable) {
    return bound_[static_cast<std::size_t>(variable.second)];
  });
  covered_ = covered_ && all_bound;
  emit(Op::yield, 0, 0, 0);
  emit_else(Op::jump);
  place(end);
  emit(Op::end);
  return finished();
}

// ---- expressions ----

void RulePlanner::body(const Body& body) {
  for (const auto& one : body) {
    expr(one);
    if (!covered_) {
      return;
    }
  }
}

void RulePlanner::expr(const Expr& expr) {
  if (!expr.with.empty()) {
    return give_up();
  }
  expr.negated ? negated(expr) : plain(expr);
}

void RulePlanner::plain(const Expr& expr) {
  switch (expr.type) {
    case Expr::Type::term:
      return condition(expr.items[0]);
    case Expr::Type::unify:
      return unify(expr.items[0], expr.items[1]);
    case Expr::Type::some_vars:
      return;
    case Expr::Type::some_in:
      return some_in(expr);
    case Expr::Type::every:
      break;
  }
  every(expr);
}

void RulePlanner::condition(const Term& term) {
  if (term.is(Term::Type::call) && comparison(term)) {
    return;
  }
  emit_else(Op::check_true, 0, value(term));
}

// Conditions that need no value of their own.
bool RulePlanner::comparison(const Term& call) {
  const auto order = comparison_of(call.name);
  const bool is_equal = call.name == "equal";
  const bool is_prefix = call.name == "startswith";
  if (call.callee.builtin == nullptr || call.items.size() != 2 || call.callee.arity != 2 ||
      !(order || is_equal || is_prefix)) {
    return false;
  }
  const auto sides = items(call.items, 2);
  if (is_prefix) {
    emit_else(Op::check_prefix, 0, sides[0], sides[1]).d =
        static_cast<std::int32_t>(program_.builtins.size());
    program_.builtins.push_back(static_cast<const builtins::Builtin*>(call.callee.builtin));
    program_.locations.push_back(&call.location);
  } else if (is_equal) {
    emit_else(Op::check_equal, 0, sides[0], sides[1]);
  } else {
    emit_else(Op::check_compare, 0, sides[0], sides[1]).d = static_cast<std::int32_t>(*order);
  }
  return true;
}

void RulePlanner::unify(const Term& pattern, const Term& term) {
  match(pattern, value(term));
}

// What follows goes on where the expression fails.
void RulePlanner::negated(const Expr& expr) {
  const Label outer = fail_;
  const Label holds_not = label();
  const auto kept = bound_;
  fail_ = holds_not;
  plain(expr);
  fail_ = outer;
  emit_else(Op::jump);
  place(holds_not);
  bound_ = kept;
}

std::int32_t RulePlanner::begin_loop(Register domain, Register key, Register value) {
  const auto loop = static_cast<std::int32_t>(program_.loops++);
  emit_else(Op::loop, loop, domain);
  const Label turn = label();
  place(turn);
  emit_else(Op::next, loop, key, value);
  fail_ = turn;
  return loop;
}

void RulePlanner::every(const Expr& expr) {
  const Term& value_var = expr.items[expr.items.size() - 2];
  const Term* key_var = expr.items.size() == 3 ? &expr.items[0] : nullptr;
  const Register domain = value(expr.items.back());
  const Label outer = fail_;
  const Label all = label();
  const Label turn = label();
  const auto loop = static_cast<std::int32_t>(program_.loops++);
  emit_else(Op::loop, loop, domain);
  place(turn);
  emit(Op::next, loop, key_var == nullptr ? -1 : key_var->slot, value_var.slot).jump = all;
  const auto kept = bound_;
  bind(value_var, true);
  if (key_var != nullptr) {
    bind(*key_var, true);
  }
  body(*expr.body);  // without a solution the whole fails
  emit(Op::jump).jump = turn;
  place(all);
  bound_ = kept;
  fail_ = outer;
}

void RulePlanner::some_in(const Expr& expr) {
  const Term& value_term = expr.items[expr.items.size() - 2];
  const Term* key_term = expr.items.size() == 3 ? &expr.items[0] : nullptr;
  const bool needs_key = key_term != nullptr && !is_wildcard(*key_term);
  const Register domain = value(expr.items.back());
  const Register key = needs_key ? fresh() : -1;
  const Register element = fresh();
  begin_loop(domain, key, element);
  match(value_term, element);
  if (needs_key) {
    match(*key_term, key);
  }
}

// ---- terms ----

RulePlanner::Register RulePlanner::value(const Term& term) {
  if (!covered_) {
    return 0;
  }
  switch (term.type) {
    case Term::Type::constant:
      return constant(term.value);
    case Term::Type::var:
      if (term.slot < 0 || !is_bound(term)) {
        give_up();
        return 0;
      }
      return term.slot;
    case Term::Type::ref:
      return ref(term);
    case Term::Type::call:
      return call(term);
    case Term::Type::array_comp:
    case Term::Type::set_comp:
    case Term::Type::object_comp:
      return comprehension(term);
    case Term::Type::text:
      give_up();
      return 0;
    default:
      return composite(term);
  }
}

// References and calls first: they bind what their neighbours use.
std::vector<RulePlanner::Register> RulePlanner::items(const std::vector<Term>& terms,
                                                      std::size_t count) {
  std::vector<Register> out(count);
  for (const bool early : {true, false}) {
    for (std::size_t i = 0; i < count; ++i) {
      if (is_early(terms[i]) == early) {
        out[i] = value(terms[i]);
      }
    }
  }
  return out;
}

RulePlanner::Register RulePlanner::composite(const Term& term) {
  auto parts = items(term.items, term.items.size());
  const Op op = term.is(Term::Type::array) ? Op::array
                : term.is(Term::Type::set) ? Op::set
                                           : Op::object;
  const Register out = fresh();
  emit(op, out, list(std::move(parts)));
  return out;
}

RulePlanner::Register RulePlanner::comprehension(const Term& term) {
  const auto collection = static_cast<std::int32_t>(program_.collections++);
  const Label outer = fail_;
  const Label end = label();
  const auto kept = bound_;
  emit(Op::gather, collection);
  fail_ = end;
  body(*term.body);
  const Register first = value(term.items[0]);
  const bool is_object = term.is(Term::Type::object_comp);
  const Register second = is_object ? value(term.items[1]) : -1;
  emit(Op::collect, collection, first, second);
  emit_else(Op::jump);
  place(end);
  fail_ = outer;
  bound_ = kept;
  const Register out = fresh();
  const Op op = term.is(Term::Type::array_comp) ? Op::array_of
                : is_object                     ? Op::object_of
                                                : Op::set_of;
  program_.locations.push_back(&term.location);
  program_.builtins.push_back(nullptr);
  emit(op, out, collection).d = static_cast<std::int32_t>(program_.locations.size() - 1);
  return out;
}

bool RulePlanner::folded(const Term& term, Register& out) {
  const auto* builtin = static_cast<const builtins::Builtin*>(term.callee.builtin);
  const auto is_constant = [](const Term& item) { return item.is(Term::Type::constant); };
  if (builtin == nullptr || term.items.size() != term.callee.arity || !is_pure(builtin->name) ||
      !std::ranges::all_of(term.items, is_constant)) {
    return false;
  }
  std::vector<Value> operands;
  for (const Term& item : term.items) {
    operands.push_back(item.value);
  }
  builtins::Environment environment;
  environment.budget = 64 << 10;  // what is larger is made when it is needed
  const builtins::Answer answer = builtin->function(builtins::Call(operands, environment));
  if (!answer || !*answer) {
    return false;
  }
  out = constant(**answer);
  return true;
}

RulePlanner::Register RulePlanner::call(const Term& term) {
  const auto* builtin = static_cast<const builtins::Builtin*>(term.callee.builtin);
  const std::size_t arity = term.callee.arity;
  Register out = 0;
  if (folded(term, out)) {
    return out;
  }
  // walk has many results, print none.
  if ((builtin == nullptr && term.callee.function == nullptr) ||
      (builtin != nullptr && builtin->name == "walk") || term.items.size() < arity) {
    give_up();
    return 0;
  }
  auto arguments = items(term.items, arity);
  out = fresh();
  if (builtin != nullptr) {
    program_.builtins.push_back(builtin);
    program_.locations.push_back(&term.location);
    emit_else(Op::call, out, static_cast<Register>(program_.builtins.size() - 1),
              list(std::move(arguments)));
  } else {
    program_.nodes.push_back(term.callee.function);
    emit_else(Op::function, out, static_cast<Register>(program_.nodes.size() - 1),
              list(std::move(arguments)));
  }
  if (term.items.size() == arity) {
    return out;
  }
  match(term.items.back(), out);
  return constant(Value::boolean(true));
}

void RulePlanner::match(const Term& pattern, Register from) {
  if (!covered_) {
    return;
  }
  if (pattern.is(Term::Type::var) && pattern.slot >= 0) {
    if (is_bound(pattern)) {
      emit_else(Op::check_equal, 0, pattern.slot, from);
    } else {
      emit(Op::move, pattern.slot, from);
      bind(pattern, true);
    }
    return;
  }
  const auto size = static_cast<std::int32_t>(pattern.items.size());
  if (pattern.is(Term::Type::array)) {
    emit_else(Op::check_array, 0, from, size);
    for (std::int32_t i = 0; i < size; ++i) {
      const Register part = fresh();
      emit(Op::element, part, from, i);
      match(pattern.items[static_cast<std::size_t>(i)], part);
    }
    return;
  }
  if (pattern.is(Term::Type::object)) {
    emit_else(Op::check_object, 0, from, size / 2);
    for (std::size_t i = 0; i + 1 < pattern.items.size(); i += 2) {
      const Register part = fresh();
      emit_else(Op::lookup, part, from, value(pattern.items[i]));
      match(pattern.items[i + 1], part);
    }
    return;
  }
  const Register other = value(pattern);
  emit_else(Op::check_equal, 0, other, from);
}

}  // namespace unhidra::rego
