// Terms: values, references, patterns, comprehensions.
#include <algorithm>

#include "engine/evaluator.h"

namespace unhidra::rego {
namespace {

std::optional<std::size_t> index_of(const Value& key, std::size_t size) {
  if (!key.is(Kind::number)) {
    return std::nullopt;
  }
  const std::string& text = key.text();
  std::size_t out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || out > size) {
      return std::nullopt;
    }
    out = out * 10 + static_cast<std::size_t>(c - '0');
  }
  return out < size ? std::optional(out) : std::nullopt;
}

Value composite_of(Term::Type type, const std::vector<Value>& parts) {
  if (type == Term::Type::array) {
    return Value::array(parts);
  }
  if (type == Term::Type::set) {
    return Value::set(parts);
  }
  std::vector<Value::Member> members;
  for (std::size_t i = 0; i + 1 < parts.size(); i += 2) {
    members.emplace_back(parts[i], parts[i + 1]);
  }
  return Value::object(std::move(members));
}

}  // namespace

bool Evaluator::has_unbound(const Term& term, const Frame& frame) const {
  switch (term.type) {
    case Term::Type::var:
      return term.slot >= 0 && !frame[static_cast<std::size_t>(term.slot)].bound;
    case Term::Type::array:
    case Term::Type::set:
    case Term::Type::object:
      return std::ranges::any_of(term.items,
                                 [&](const Term& item) { return has_unbound(item, frame); });
    default:
      return false;
  }
}

bool Evaluator::term(const Term& term, Frame& frame, Take take) {
  switch (term.type) {
    case Term::Type::constant:
      return take(term.value);
    case Term::Type::var: {
      const Binding& binding = frame[static_cast<std::size_t>(term.slot)];
      if (!binding.bound) {
        return true;
      }
      const Value value = binding.value;
      return take(value);
    }
    case Term::Type::ref:
      return ref(term, frame, take);
    case Term::Type::call:
      return call(term, frame, take);
    case Term::Type::array_comp:
    case Term::Type::set_comp:
    case Term::Type::object_comp:
      return comprehension(term, frame, take);
    case Term::Type::text:
      return text(term, frame, take);
    default:
      break;
  }
  std::vector<Value> done(term.items.size());
  // What binds variables for its neighbours comes first: see order.cpp.
  const auto finish = [&] {
    const Value made = composite_of(term.type, done);
    return may_keep(made, term.location) && take(made);
  };
  constexpr std::size_t kMany = 32;
  const bool one_by_one =
      term.items.size() > kMany &&
      std::ranges::all_of(term.items, [&](const Term& item) { return is_single(item, frame); });
  return one_by_one ? single_items(term, frame, done, finish) : items(term, 0, frame, done, finish);
}

// It binds nothing, and has one value or none.
bool Evaluator::is_single(const Term& term, const Frame& frame) {
  if (term.body != nullptr || term.is(Term::Type::text)) {
    return true;
  }
  if (term.is(Term::Type::var)) {
    return term.slot < 0 || frame[static_cast<std::size_t>(term.slot)].bound;
  }
  const bool may_have_more =
      term.is(Term::Type::call) && (term.name == "walk" || term.items.size() != term.callee.arity);
  return !may_have_more &&
         std::ranges::all_of(term.items, [&](const Term& item) { return is_single(item, frame); });
}

bool Evaluator::single_items(const Term& term, Frame& frame, std::vector<Value>& done, Next next) {
  for (const bool early : {true, false}) {
    for (std::size_t i = 0; i < term.items.size(); ++i) {
      const Term& item = term.items[i];
      if ((item.is(Term::Type::ref) || item.is(Term::Type::call)) != early) {
        continue;
      }
      bool found = false;
      (void)this->term(item, frame, [&](const Value& value) {
        done[i] = value;
        found = true;
        return false;
      });
      if (error_ || !found) {
        return !error_;
      }
    }
  }
  return next();
}

// Evaluates references and calls in a first round, the rest in a second.
bool Evaluator::items(const Term& term, std::size_t index, Frame& frame, std::vector<Value>& done,
                      Next next) {
  const std::size_t size = term.items.size();
  if (index == 2 * size) {
    return next();
  }
  const Term& item = term.items[index % size];
  const bool early = item.is(Term::Type::ref) || item.is(Term::Type::call);
  if (early != (index < size)) {
    return items(term, index + 1, frame, done, next);
  }
  return this->term(item, frame, [&](const Value& value) {
    done[index % size] = value;
    return items(term, index + 1, frame, done, next);
  });
}

// `not { ... }`, `and`, `or`: true where it holds, and looked at no further than to know.
bool Evaluator::logic(const Term& term, Frame& frame, Take take) {
  bool holds = false;
  if (term.logic != Term::Logic::disjunction) {
    if (!this->holds(*term.body, frame, holds)) {
      return false;
    }
  }
  for (std::size_t i = 0; term.logic == Term::Logic::disjunction && !holds && i < term.body->size();
       ++i) {
    (void)counted((*term.body)[i], frame, [&] {
      holds = true;
      return false;
    });
    if (error_) {
      return false;
    }
  }
  return holds ? take(Value::boolean(true)) : true;
}

bool Evaluator::comprehension(const Term& term, Frame& frame, Take take) {
  if (term.logic != Term::Logic::none) {
    return logic(term, frame, take);
  }
  std::vector<Value> elements;
  std::map<Value, Value> members;
  (void)body(*term.body, 0, frame, [&] {
    return this->term(term.items[0], frame, [&](const Value& first) {
      if (!environment_.charge(32)) {
        return fail_at(Errc::budget_exhausted, term.location, "the evaluation's budget is used up");
      }
      if (!term.is(Term::Type::object_comp)) {
        elements.push_back(first);
        return true;
      }
      return this->term(term.items[1], frame, [&](const Value& value) {
        const auto [known, added] = members.emplace(first, value);
        if (!added && !(known->second == value)) {
          return fail_at(Errc::eval_conflict, term.location, "object keys must be unique");
        }
        return true;
      });
    });
  });
  if (error_) {
    return false;
  }
  const Value made = term.is(Term::Type::object_comp)
                         ? Value::object({members.begin(), members.end()})
                     : term.is(Term::Type::set_comp) ? Value::set(std::move(elements))
                                                     : Value::array(std::move(elements));
  return may_keep(made, term.location) && take(made);
}

// What is undefined in a string stands there as "<undefined>".
bool Evaluator::text(const Term& term, Frame& frame, Take take) {
  std::vector<Value> parts;
  for (const auto& item : term.items) {
    if (item.is(Term::Type::constant)) {
      parts.push_back(item.value);
      continue;
    }
    Value set;
    (void)this->term(item, frame, [&](const Value& value) {
      set = value;
      return true;
    });
    if (error_) {
      return false;
    }
    if (set.size() > 1) {
      return fail_at(Errc::eval_conflict, item.location,
                     "template-strings must not produce multiple outputs");
    }
    parts.push_back(std::move(set));
  }
  Callee callee;
  callee.builtin = builtins::find_builtin("internal.template_string");
  return call_with(term, callee, {Value::array(std::move(parts))}, take);
}

bool Evaluator::ref(const Term& term, Frame& frame, Take take) {
  const Term& head = term.items[0];
  if (head.is(Term::Type::var) && head.slot < 0) {
    if (head.name == "input") {
      if (!world_->input) {
        return true;
      }
      const Value input = *world_->input;
      return look_up(input, term, 1, frame, take);
    }
    const Value data = world_->data;
    return data_ref(&policy_.root(), &data, term, 1, frame, take);
  }
  return this->term(head, frame,
                    [&](const Value& value) { return look_up(value, term, 1, frame, take); });
}

bool Evaluator::look_up(const Value& value, const Term& ref, std::size_t index, Frame& frame,
                        Take take) {
  if (index == ref.items.size()) {
    return take(value);
  }
  if (!value.is(Kind::array) && !value.is(Kind::object) && !value.is(Kind::set)) {
    return true;
  }
  const Term& key = ref.items[index];
  if (!has_unbound(key, frame)) {
    return term(key, frame, [&](const Value& k) {
      if (value.is(Kind::array)) {
        const auto at = index_of(k, value.size());
        return at ? look_up(value.elements()[*at], ref, index + 1, frame, take) : true;
      }
      if (value.is(Kind::set)) {
        return value.contains(k) ? look_up(k, ref, index + 1, frame, take) : true;
      }
      const Value* member = value.find(k);
      return member != nullptr ? look_up(*member, ref, index + 1, frame, take) : true;
    });
  }
  if (!step(key.location)) {
    return false;
  }
  if (value.is(Kind::object)) {
    for (const auto& [k, member] : value.members()) {
      if (!match(key, k, frame, [&] { return look_up(member, ref, index + 1, frame, take); })) {
        return false;
      }
    }
    return true;
  }
  std::int64_t position = 0;
  for (const auto& element : value.elements()) {
    const Value k = value.is(Kind::set) ? element : Value::integer(position++);
    if (!match(key, k, frame, [&] { return look_up(element, ref, index + 1, frame, take); })) {
      return false;
    }
  }
  return true;
}

bool Evaluator::match(const Term& pattern, const Value& value, Frame& frame, Next next) {
  if (pattern.is(Term::Type::var) && pattern.slot >= 0) {
    Binding& binding = frame[static_cast<std::size_t>(pattern.slot)];
    if (binding.bound) {
      return binding.value == value ? next() : true;
    }
    binding = {true, value};
    const bool more = next();
    frame[static_cast<std::size_t>(pattern.slot)].bound = false;
    return more;
  }
  if (pattern.is(Term::Type::array)) {
    if (!value.is(Kind::array) || value.size() != pattern.items.size()) {
      return true;
    }
    const Value kept = value;
    return match_items(pattern, kept.elements(), 0, frame, next);
  }
  if (pattern.is(Term::Type::object)) {
    if (!value.is(Kind::object) || value.size() * 2 != pattern.items.size()) {
      return true;
    }
    const Value kept = value;
    return match_members(pattern, kept, 0, frame, next);
  }
  return term(pattern, frame, [&](const Value& other) { return other == value ? next() : true; });
}

bool Evaluator::match_items(const Term& pattern, std::span<const Value> values, std::size_t index,
                            Frame& frame, Next next) {
  if (index == values.size()) {
    return next();
  }
  return match(pattern.items[index], values[index], frame,
               [&] { return match_items(pattern, values, index + 1, frame, next); });
}

bool Evaluator::match_members(const Term& pattern, const Value& value, std::size_t index,
                              Frame& frame, Next next) {
  if (index == pattern.items.size()) {
    return next();
  }
  return term(pattern.items[index], frame, [&](const Value& key) {
    const Value* member = value.find(key);
    return member == nullptr ? true : match(pattern.items[index + 1], *member, frame, [&] {
      return match_members(pattern, value, index + 2, frame, next);
    });
  });
}

}  // namespace unhidra::rego
