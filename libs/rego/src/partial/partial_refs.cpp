// References: into values, into input, and into data as far as it is given.
#include <algorithm>

#include "partial/partial_evaluator.h"

namespace unhidra::rego {
namespace {

const Value* value_at(const Value* value, std::span<const Value> path) {
  for (const Value& key : path) {
    value = value == nullptr || !value->is(Kind::object) ? nullptr : value->find(key);
  }
  return value;
}

}  // namespace

bool PartialEvaluator::ref(const Term& term, Frame& frame, const Value* expected, Take take) {
  const Term& head = term.items[0];
  if (!head.is(Term::Type::var) || head.slot >= 0) {
    return value(head, frame,
                 [&](const Term& base) { return look_up(base, {term, 1, expected}, frame, take); });
  }
  if (head.name == "data") {
    return data(&policy_.root(), &data_, {term, 1, expected}, frame, take);
  }
  // The input: what is known of it as far as the keys are.
  const DataPlace place = place_of(term, frame);
  if (unknowns_.touches(place)) {
    return kept_ref(variable_term("input"), {term, 1, expected}, frame, take);
  }
  const Value* known = input_;
  std::size_t used = 0;
  while (used < place.path.size() && known != nullptr && known->is(Kind::object)) {
    known = known->find(place.path[used++]);
  }
  return known == nullptr || look_up_known(*known, {term, 1 + used, expected}, frame, take);
}

// `base` with the keys that are left.
bool PartialEvaluator::kept_ref(const Term& base, const Lookup& at, Frame& frame, Take take) {
  if (at.is_done()) {
    const bool is_global = base.is(Term::Type::var) && !is_variable(base);
    if (!is_global) {
      return take(base);
    }
    Term whole;
    whole.type = Term::Type::ref;
    whole.items.push_back(base);
    return take(whole);
  }
  return value(at.key(), frame, [&](const Term& key) {
    return kept_ref(extended(base, {&key, 1}), at.next(), frame, take);
  });
}

bool PartialEvaluator::look_up(const Term& value, const Lookup& at, Frame& frame, Take take) {
  if (at.is_done()) {
    return take(value);
  }
  if (is_known(value)) {
    return look_up_known(value.value, at, frame, take);
  }
  if (value.is(Term::Type::array) || value.is(Term::Type::object)) {
    return look_up_items(value, at, frame, take);
  }
  const bool is_place = value.is(Term::Type::var) || value.is(Term::Type::ref);
  if (is_place) {
    return kept_ref(value, at, frame, take);
  }
  const Term variable = fresh_variable();
  return keep(equality(variable, value), [&] { return kept_ref(variable, at, frame, take); });
}

bool PartialEvaluator::look_up_known(const Value& value, const Lookup& at, Frame& frame,
                                     Take take) {
  if (at.is_done()) {
    return take(constant_term(value));
  }
  if (!value.is(Kind::array) && !value.is(Kind::object) && !value.is(Kind::set)) {
    return true;
  }
  const auto visit = [&](const Value& key, const Value& one) {
    return step() && match(at.key(), constant_term(key), frame, true,
                           [&] { return look_up_known(one, at.next(), frame, take); });
  };
  if (const auto key = constant_of(at.key(), frame)) {
    const Value* member = value.find(*key);
    if (value.is(Kind::object)) {
      return member == nullptr || look_up_known(*member, at.next(), frame, take);
    }
    if (value.is(Kind::set)) {
      return !value.contains(*key) || look_up_known(*key, at.next(), frame, take);
    }
    const auto index = key->small_integer();
    const bool is_in = index && *index >= 0 && static_cast<std::size_t>(*index) < value.size();
    if (is_in) {
      return look_up_known(value.elements()[static_cast<std::size_t>(*index)], at.next(), frame,
                           take);
    }
    if (index) {
      return true;
    }
  }
  const Value kept = value;
  std::int64_t index = 0;
  return std::ranges::all_of(
             kept.members(),
             [&](const Value::Member& one) { return visit(one.first, one.second); }) &&
         std::ranges::all_of(kept.elements(), [&](const Value& one) {
           return visit(kept.is(Kind::set) ? one : Value::integer(index++), one);
         });
}

// An array or object of which only some items are known.
bool PartialEvaluator::look_up_items(const Term& value, const Lookup& at, Frame& frame, Take take) {
  const auto visit = [&](const Term& key, const Term& one) {
    return match(at.key(), key, frame, true, [&] { return look_up(one, at.next(), frame, take); });
  };
  if (value.is(Term::Type::array)) {
    std::int64_t index = 0;
    return std::ranges::all_of(value.items, [&](const Term& one) {
      return visit(constant_term(Value::integer(index++)), one);
    });
  }
  for (std::size_t i = 0; i + 1 < value.items.size(); i += 2) {
    if (!visit(value.items[i], value.items[i + 1])) {
      return false;
    }
  }
  return true;
}

// ---- data ----

bool PartialEvaluator::data(const RuleNode* node, const Value* base, const Lookup& at, Frame& frame,
                            Take take) {
  static const RuleNode kNone;
  if (!step()) {
    return false;
  }
  DataPlace here;
  for (std::size_t i = 1; i < at.index; ++i) {
    const auto key = constant_of(at.ref.items[i], frame);
    here.path.push_back(key ? *key : Value());
  }
  if (node == nullptr) {
    if (unknowns_.covers(here)) {
      return kept_ref(data_term(here.path), at, frame, take);
    }
    if (!unknowns_.touches(here)) {
      return base == nullptr || look_up_known(*base, at, frame, take);
    }
    return at.is_done() ? kept_ref(data_term(here.path), at, frame, take)
                        : data_children(kNone, base, at, frame, take);
  }
  if (unknowns_.covers(here)) {
    return kept_ref(data_term(here.path), at, frame, take);
  }
  return node->has_rules() || at.is_done() ? document(*node, at, frame, take)
                                           : data_children(*node, base, at, frame, take);
}

// Each child that the key can be. Below, the key is found in the frame or in the reference.
bool PartialEvaluator::data_children(const RuleNode& node, const Value* base, const Lookup& at,
                                     Frame& frame, Take take) {
  const auto visit = [&](const Value& key) {
    const RuleNode* child = key.is(Kind::string) ? node.child(key.text()) : nullptr;
    const Value* below = value_at(base, {&key, 1});
    if (below == nullptr && key.is(Kind::number) && base != nullptr && base->is(Kind::object)) {
      below = base->find(key.text());  // keys of given data are texts
    }
    // The way that was taken so far, with this key.
    Term way = at.ref;
    way.items[at.index] = constant_term(key);
    return data(child, below, {way, at.index + 1, at.expected}, frame, take);
  };
  if (const auto key = constant_of(at.key(), frame)) {
    return visit(*key);
  }
  std::set<Value> keys;
  for (const auto& [name, child] : node.children) {
    keys.insert(Value::string(name));
  }
  if (base != nullptr) {
    for (const auto& [name, value] : base->members()) {
      keys.insert(name);
    }
  }
  return std::ranges::all_of(keys, [&](const Value& one) {
    return match(at.key(), constant_term(one), frame, true, [&] { return visit(one); });
  });
}

// The document of a place that has rules, or of all that is below one.
bool PartialEvaluator::document(const RuleNode& node, const Lookup& at, Frame& frame, Take take) {
  if (unknowns_.has_below(node)) {
    return node.has_rules() ? rules(node, at, frame, take) : original(node, at, frame, take);
  }
  const auto known = known_.document_of(node);
  return got(known) && (!*known || look_up_known(**known, at, frame, take));
}

// The rules as they were written are asked.
bool PartialEvaluator::original(const RuleNode& node, const Lookup& at, Frame& frame, Take take) {
  return kept_ref(data_term(node.path()), at, frame, take);
}

}  // namespace unhidra::rego
