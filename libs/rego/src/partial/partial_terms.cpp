// Values of terms, and patterns.
#include <algorithm>

#include "partial/partial_evaluator.h"

namespace unhidra::rego {

// ---- variables ----

Evaluator::Row PartialEvaluator::row_of(const Frame& frame) const {
  Evaluator::Row out;
  for (const auto& slot : frame.slots) {
    out.push_back(slot && is_known(*slot) ? std::optional(slot->value) : std::nullopt);
  }
  return out;
}

Term PartialEvaluator::variable_of(const Term& var, const Frame& frame) {
  auto [known, added] = names_.try_emplace({frame.number, var.slot});
  if (added) {
    const bool is_own = var.name.starts_with('$') || var.name.starts_with('_');
    std::string name = is_own ? "__local" + std::to_string(var.slot) + "__" : var.name;
    if (frame.number != 0) {
      name += std::to_string(frame.number);
      while (!used_.insert(name).second) {
        name += "_";
      }
    } else if (is_own) {
      used_.insert(name);
    }
    known->second = std::move(name);
  }
  return variable_term(known->second);
}

Term PartialEvaluator::fresh_variable() {
  std::string name;
  do {
    name = "__term" + std::to_string(fresh_++) + "__";
  } while (!used_.insert(name).second);
  return variable_term(std::move(name));
}

bool PartialEvaluator::bound(const Term& var, Frame& frame, const Term& value, Next next) {
  auto& slot = frame.slots[static_cast<std::size_t>(var.slot)];
  slot = value;
  const bool more = next();
  frame.slots[static_cast<std::size_t>(var.slot)].reset();
  return more;
}

bool PartialEvaluator::bound_known(const Evaluator::Row& row, Frame& frame, Next next) {
  std::vector<std::size_t> added;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i] && !frame.slots[i]) {
      frame.slots[i] = constant_term(*row[i]);
      added.push_back(i);
    }
  }
  const bool more = next();
  for (const std::size_t i : added) {
    frame.slots[i].reset();
  }
  return more;
}

void PartialEvaluator::close(Term& term, Frame& frame) {
  change_terms(term, [&](Term& one) {
    if (one.is(Term::Type::ref) && one.items[0].is(Term::Type::ref)) {
      const Term base = std::move(one.items[0]);
      one = extended(base, std::span<const Term>(one.items).subspan(1));
    }
    if (!one.is(Term::Type::var) || one.slot < 0) {
      return;
    }
    auto& slot = frame.slots[static_cast<std::size_t>(one.slot)];
    if (!slot) {
      slot = variable_of(one, frame);
    }
    one = *slot;
  });
}

void PartialEvaluator::close(Expr& expr, Frame& frame) {
  for (Term& item : expr.items) {
    close(item, frame);
  }
  if (expr.body) {
    expr.body = std::make_shared<Body>(*expr.body);
    for (Expr& one : *expr.body) {
      close(one, frame);
    }
  }
  for (With& with : expr.with) {
    for (Term& item : with.target.items) {
      if (with.target.name.empty()) {
        close(item, frame);
      }
    }
    if (with.value.callee.builtin == nullptr || !is_known(with.value)) {
      close(with.value, frame);
    }
  }
}

// ---- values ----

bool PartialEvaluator::named(const Term& value, Take take) {
  if (!is_computed(value)) {
    return take(value);
  }
  const Term variable = fresh_variable();
  return keep(equality(variable, value), [&] { return take(variable); });
}

bool PartialEvaluator::value(const Term& term, Frame& frame, Take take) {
  return raw_value(term, frame, nullptr, [&](const Term& value) { return named(value, take); });
}

bool PartialEvaluator::raw_value(const Term& term, Frame& frame, const Value* expected, Take take) {
  if (is_known(term)) {
    return take(term);
  }
  if (term.is(Term::Type::var)) {
    if (const auto& slot = frame.slots[static_cast<std::size_t>(term.slot)]) {
      const Term known = *slot;
      return take(known);
    }
    const Term variable = variable_of(term, frame);
    return bound(term, frame, variable, [&] { return take(variable); });
  }
  if (!has_unbound(term, frame) && !unknown(term, frame)) {
    return known_value(term, frame, take);
  }
  switch (term.type) {
    case Term::Type::ref:
      return ref(term, frame, expected, take);
    case Term::Type::call:
      return call(term, frame, take);
    case Term::Type::array:
    case Term::Type::set:
    case Term::Type::object: {
      std::vector<Term> done(term.items.size());
      return collection(term, 0, frame, done, take);
    }
    default:
      break;
  }
  const auto before = frame.slots;
  Term closed = term;
  close(closed, frame);
  frame.slots = before;
  return take(closed);
}

bool PartialEvaluator::known_value(const Term& term, Frame& frame, Take take) {
  const auto values = known_.values_of(term, row_of(frame));
  return got(values) && std::ranges::all_of(*values, [&](const auto& one) {
           return bound_known(one.second, frame, [&] { return take(constant_term(one.first)); });
         });
}

// References and calls first: they bind variables for the others, as in the evaluator.
bool PartialEvaluator::collection(const Term& term, std::size_t index, Frame& frame,
                                  std::vector<Term>& done, Take take) {
  const std::size_t size = term.items.size();
  if (index == 2 * size) {
    return take(collected(term.type, done));
  }
  const Term& item = term.items[index % size];
  const bool early = item.is(Term::Type::ref) || item.is(Term::Type::call);
  if (early != (index < size)) {
    return collection(term, index + 1, frame, done, take);
  }
  return value(item, frame, [&](const Term& value) {
    done[index % size] = value;
    return collection(term, index + 1, frame, done, take);
  });
}

bool PartialEvaluator::arguments(const Term& term, std::size_t index, Frame& frame,
                                 std::vector<Term>& done, Next next) {
  const std::size_t arity = term.callee.arity;
  if (index >= 2 * arity) {
    return next();
  }
  const Term& item = term.items[index % arity];
  const bool early = item.is(Term::Type::ref) || item.is(Term::Type::call);
  if (early != (index < arity)) {
    return arguments(term, index + 1, frame, done, next);
  }
  return value(item, frame, [&](const Term& value) {
    done[index % arity] = value;
    return arguments(term, index + 1, frame, done, next);
  });
}

bool PartialEvaluator::call(const Term& term, Frame& frame, Take take, bool is_condition) {
  std::vector<Term> done(term.callee.arity);
  return step() && arguments(term, 0, frame, done, [&] {
           if (term.callee.function != nullptr) {
             return function(*term.callee.function, done, is_condition, take);
           }
           Term out = term;
           out.items = done;
           const auto* builtin = static_cast<const builtins::Builtin*>(term.callee.builtin);
           const bool known = !builtin->varies && std::ranges::all_of(done, is_known);
           return known ? known_value(out, frame, take) : take(out);
         });
}

// ---- patterns ----

bool PartialEvaluator::match(const Term& pattern, const Term& value, Frame& frame, bool turned,
                             Next next) {
  if (pattern.is(Term::Type::var) && has_unbound(pattern, frame)) {
    if (!is_computed(value)) {
      return bound(pattern, frame, value, next);
    }
    const Term variable = variable_of(pattern, frame);
    return keep(turned ? equality(value, variable) : equality(variable, value),
                [&] { return bound(pattern, frame, variable, next); });
  }
  if (is_collection(pattern) && has_unbound(pattern, frame) && !is_computed(value) &&
      !value.is(Term::Type::var)) {
    return match_collection(pattern, value, frame, turned, next);
  }
  return raw_value(pattern, frame, is_known(value) ? &value.value : nullptr,
                   [&](const Term& other) {
                     return turned ? unified(value, other, next) : unified(other, value, next);
                   });
}

namespace {

// The items of an array or the pairs of an object in the order of their keys; nothing: they cannot
// be told.
std::optional<std::vector<Term>> parts_of(const Term& term) {
  std::vector<Term> out;
  if (is_known(term)) {
    if (term.value.is(Kind::set)) {
      return std::nullopt;
    }
    for (const Value& one : term.value.elements()) {
      out.push_back(constant_term(one));
    }
    for (const auto& [key, value] : term.value.members()) {
      out.push_back(constant_term(key));
      out.push_back(constant_term(value));
    }
    return out;
  }
  if (term.is(Term::Type::array)) {
    return term.items;
  }
  if (!term.is(Term::Type::object)) {
    return std::nullopt;
  }
  std::map<Value, Term> members;
  for (std::size_t i = 0; i + 1 < term.items.size(); i += 2) {
    if (!is_known(term.items[i])) {
      return std::nullopt;
    }
    members.insert_or_assign(term.items[i].value, term.items[i + 1]);
  }
  for (auto& [key, value] : members) {
    out.push_back(constant_term(key));
    out.push_back(std::move(value));
  }
  return out;
}

// What kind of value it is, if that can be told.
std::optional<Kind> kind_of(const Term& term) {
  switch (term.type) {
    case Term::Type::constant:
      return term.value.kind();
    case Term::Type::array:
    case Term::Type::array_comp:
      return Kind::array;
    case Term::Type::set:
    case Term::Type::set_comp:
      return Kind::set;
    case Term::Type::object:
    case Term::Type::object_comp:
      return Kind::object;
    case Term::Type::text:
      return Kind::string;
    default:
      return std::nullopt;
  }
}

}  // namespace

bool PartialEvaluator::match_collection(const Term& pattern, const Term& value, Frame& frame,
                                        bool turned, Next next) {
  const auto parts = parts_of(value);
  if (kind_of(pattern) != kind_of(value)) {
    return true;
  }
  if (pattern.is(Term::Type::array) && parts) {
    return parts->size() != pattern.items.size() ||
           match_items(pattern, *parts, 0, frame, turned, next);
  }
  const bool plain_keys = pattern.is(Term::Type::object) && parts && parts_of(pattern).has_value();
  if (!plain_keys) {
    return raw_value(pattern, frame, nullptr, [&](const Term& other) {
      return turned ? unified(value, other, next) : unified(other, value, next);
    });
  }
  Term sorted = pattern;
  sorted.items = *parts_of(pattern);
  if (sorted.items.size() != parts->size()) {
    return true;
  }
  return match_items(sorted, *parts, 0, frame, turned, next);
}

bool PartialEvaluator::match_items(const Term& pattern, const std::vector<Term>& values,
                                   std::size_t index, Frame& frame, bool turned, Next next) {
  if (index == values.size()) {
    return next();
  }
  return match(pattern.items[index], values[index], frame, turned,
               [&] { return match_items(pattern, values, index + 1, frame, turned, next); });
}

bool PartialEvaluator::unified(const Term& a, const Term& b, Next next) {
  if (is_known(a) && is_known(b)) {
    return a.value == b.value ? next() : true;
  }
  if (is_variable(a) && is_same(a, b)) {
    return next();
  }
  const auto one = kind_of(a);
  const auto other = kind_of(b);
  if (one && other && *one != *other) {
    return true;
  }
  const auto left = is_computed(a) ? std::nullopt : parts_of(a);
  const auto right = is_computed(b) ? std::nullopt : parts_of(b);
  if (one && other && left && right) {
    return left->size() != right->size() || unified_items(*left, *right, 0, next);
  }
  return keep(equality(a, b), next);
}

bool PartialEvaluator::unified_items(const std::vector<Term>& a, const std::vector<Term>& b,
                                     std::size_t index, Next next) {
  if (index == a.size()) {
    return next();
  }
  return unified(a[index], b[index], [&] { return unified_items(a, b, index + 1, next); });
}

}  // namespace unhidra::rego
