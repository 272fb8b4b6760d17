// Documents under `data`: what rules define, laid over what was given.
#include <algorithm>

#include "engine/draft.h"
#include "engine/evaluator.h"
#include "engine/probe.h"

namespace unhidra::rego {
Value laid_over(const Value& under, const Value& over) {
  if (!under.is(Kind::object) || !over.is(Kind::object)) {
    return over;
  }
  std::vector<Value::Member> out(under.members().begin(), under.members().end());
  for (const auto& [key, value] : over.members()) {
    const Value* below = under.find(key);
    out.emplace_back(key, below == nullptr ? value : laid_over(*below, value));
  }
  return Value::object(std::move(out));
}

Result<std::optional<Value>> Evaluator::document_of(const RuleNode& node) {
  const Value* base = &base_.data;
  for (const Value& key : node.path()) {
    base = base != nullptr && base->is(Kind::object) ? base->find(key) : nullptr;
  }
  std::optional<Value> out;
  if (!document(node, base, out) || !is_good()) {
    return fail(failure());
  }
  return out;
}

bool Evaluator::is_masked(const RuleNode& node) const {
  if (world_->masked.empty()) {
    return false;
  }
  const auto path = node.path();
  return std::ranges::any_of(world_->masked, [&](const std::vector<Value>& masked) {
    return masked.size() <= path.size() && std::equal(masked.begin(), masked.end(), path.begin());
  });
}

bool Evaluator::data_ref(const RuleNode* node, const Value* base, const Term& ref,
                         std::size_t index, Frame& frame, Take take) {
  if (node == nullptr || is_masked(*node)) {
    static const RuleNode kNoRules;
    if (base == nullptr) {
      return true;
    }
    return base->is(Kind::object) && index < ref.items.size()
               ? data_children(kNoRules, base, ref, index, frame, take)
               : look_up(*base, ref, index, frame, take);
  }
  if (index < ref.items.size() && !node->has_rules()) {
    return data_children(*node, base, ref, index, frame, take);
  }
  // A key that leads past this place's own rules needs only the child.
  if (index < ref.items.size() && node->rules.empty() && node->fallback == nullptr) {
    return data_children(*node, base, ref, index, frame, take);
  }
  std::optional<Value> value;
  if (!document(*node, base, value)) {
    return false;
  }
  return value ? look_up(*value, ref, index, frame, take) : true;
}

bool Evaluator::data_children(const RuleNode& node, const Value* base, const Term& ref,
                              std::size_t index, Frame& frame, Take take) {
  const auto visit = [&](const Value& key) {
    const RuleNode* child = key.is(Kind::string) ? node.child(key.text()) : nullptr;
    const Value* below = nullptr;
    if (base != nullptr && base->is(Kind::object)) {
      below = base->find(key);
      // Keys of given data are texts, whatever the policy writes.
      below = below == nullptr && key.is(Kind::number) ? base->find(key.text()) : below;
    }
    return data_ref(child, below, ref, index + 1, frame, take);
  };
  const Term& key = ref.items[index];
  if (!has_unbound(key, frame)) {
    return term(key, frame, [&](const Value& value) { return visit(value); });
  }
  std::set<Value> keys;
  for (const auto& [name, child] : node.children) {
    keys.insert(Value::string(name));
  }
  if (base != nullptr && base->is(Kind::object)) {
    for (const auto& [name, value] : base->members()) {
      keys.insert(name);
    }
  }
  for (const Value& one : keys) {
    if (!match(key, one, frame, [&] { return visit(one); })) {
      return false;
    }
  }
  return true;
}

bool Evaluator::document(const RuleNode& node, const Value* base, std::optional<Value>& out) {
  if (is_masked(node)) {
    out = base == nullptr ? std::nullopt : std::optional<Value>(*base);
    return true;
  }
  if (settings_.loaded != nullptr && world_ == &base_) {
    if (const auto* known = settings_.loaded->find(node)) {
      out = known->value;
      return true;
    }
  }
  const auto cache = world_->cache;
  if (const auto known = cache->documents.find(&node); known != cache->documents.end()) {
    out = known->second;
    return true;
  }
  if (++depth_ > settings_.max_depth) {
    --depth_;
    return fail_at(Errc::budget_exhausted, {}, "rules are nested too deeply");
  }
  const bool good = compute(node, base, out);
  --depth_;
  if (good) {
    cache->documents.insert_or_assign(&node, out);
  }
  return good;
}

bool Evaluator::compute(const RuleNode& node, const Value* base, std::optional<Value>& out) {
  out.reset();
  if (node.has_rules() && node.kind == RuleKind::function) {
    return true;
  }
  if (node.is_whole() && node.kind == RuleKind::complete) {
    if (!compute_whole(node, out)) {
      return false;
    }
    if (!out && base != nullptr && node.children.empty()) {
      out = *base;
    }
    if (node.children.empty()) {
      return true;
    }
  }
  if (node.is_whole() && node.kind == RuleKind::partial_set) {
    return compute_set(node, out);
  }
  const std::optional<Value> own = std::move(out);
  if (!compute_object(node, base, out)) {
    return false;
  }
  if (own) {
    out = out ? laid_over(*own, *out) : own;
  }
  return true;
}

bool Evaluator::complete_rule(const Rule& rule, std::optional<Value>& out, bool& found) {
  Frame frame(rule.slots);
  const TracedRule traced(settings_.tracer, rule, found);
  (void)body(rule.body, 0, frame, [&] {
    return term(*rule.value, frame, [&](const Value& value) {
      found = true;
      if (out && !(*out == value)) {
        return fail_at(Errc::eval_conflict, rule.location,
                       "complete rules must not produce multiple outputs");
      }
      out = value;
      // A constant has no second value.
      return !rule.value->is(Term::Type::constant);
    });
  });
  return !error_;
}

bool Evaluator::compute_whole(const RuleNode& node, std::optional<Value>& out) {
  for (const Rule* rule : node.rules) {
    bool found = false;
    for (const Rule* one = rule; one != nullptr && !found; one = one->otherwise.get()) {
      if (!complete_rule(*one, out, found)) {
        return false;
      }
    }
  }
  if (!out && node.fallback != nullptr) {
    bool found = false;
    return complete_rule(*node.fallback, out, found);
  }
  return true;
}

bool Evaluator::head_values(const Rule& rule, std::size_t index, Frame& frame,
                            std::vector<Value>& keys,
                            FunctionRef<bool(const std::vector<Value>&, const Value&)> take) {
  if (index < rule.head.items.size()) {
    return term(rule.head.items[index], frame, [&](const Value& key) {
      keys.push_back(key);
      const bool more = head_values(rule, index + 1, frame, keys, take);
      keys.pop_back();
      return more;
    });
  }
  return term(*rule.value, frame, [&](const Value& value) { return take(keys, value); });
}

bool Evaluator::compute_set(const RuleNode& node, std::optional<Value>& out) {
  std::vector<Value> elements;
  for (const Rule* rule : node.rules) {
    Frame frame(rule->slots);
    bool found = false;
    const TracedRule traced(settings_.tracer, *rule, found);
    (void)body(rule->body, 0, frame, [&] {
      return term(*rule->value, frame, [&](const Value& value) {
        found = true;
        elements.push_back(value);
        return static_cast<bool>(environment_.charge(32)) ||
               fail_at(Errc::budget_exhausted, rule->location,
                       "the evaluation's budget is used up");
      });
    });
    if (error_) {
      return false;
    }
  }
  out = Value::set(std::move(elements));
  return may_keep(*out, node.rules[0]->location);
}

namespace {

// Behind how many of the body's expressions they have their values.
std::size_t when_bound(const Rule& rule) {
  Slots needed;
  for (std::size_t i = rule.prefix; i < rule.head.items.size(); ++i) {
    outside_slots(rule.head.items[i], needed);
  }
  Slots bound;
  std::size_t out = 0;
  for (; out < rule.body.size() && !std::ranges::includes(bound, needed); ++out) {
    if (!rule.body[out].negated) {
      outside_slots(rule.body[out], bound);
    }
  }
  return out;
}

}  // namespace

bool Evaluator::keyed_body(const Rule& rule, Frame& frame, Next next) {
  const std::span<const Expr> all = rule.body;
  if (settings_.tracer == nullptr) {
    return body(all, 0, frame, next);
  }
  const std::size_t known = when_bound(rule);
  return body(all.first(known), 0, frame, [&] {
    std::vector<Value> keys;
    for (std::size_t i = rule.prefix; i < rule.head.items.size(); ++i) {
      const Term& item = rule.head.items[i];
      if (item.is(Term::Type::constant)) {
        keys.push_back(item.value);
      } else if (item.is(Term::Type::var) && item.slot >= 0) {
        keys.push_back(frame[static_cast<std::size_t>(item.slot)].value);
      }
    }
    if (keys.size() == rule.head.items.size() - rule.prefix) {
      settings_.tracer->rule_keyed(rule.node->name(), place_of(rule.location), keys);
    }
    return body(all.subspan(known), 0, frame, next);
  });
}

// Rules whose heads go on behind this place.
bool Evaluator::draft_own(const RuleNode& node, Draft& draft) {
  for (const Rule* rule : node.rules) {
    if (rule->head.items.size() == rule->prefix) {
      continue;
    }
    Frame frame(rule->slots);
    bool found = false;
    const TracedRule traced(settings_.tracer, *rule, found);
    (void)keyed_body(*rule, frame, [&] {
      std::vector<Value> keys;
      return head_values(
          *rule, rule->prefix, frame, keys,
          [&](const std::vector<Value>& path, const Value& value) {
            found = true;
            Draft* at = &draft;
            for (const Value& key : path) {
              at = &at->members[key];
            }
            return (rule->kind == RuleKind::partial_set ? at->add(value) : at->set(value)) ||
                   fail_at(Errc::eval_conflict, rule->location, "object keys must be unique");
          });
    });
    if (error_) {
      return false;
    }
  }
  return true;
}

bool Evaluator::draft_child(const RuleNode& node, const Value* base, Draft& draft, bool& defined) {
  defined = false;
  if (is_masked(node) || (node.has_rules() && node.kind == RuleKind::function)) {
    return true;
  }
  if (node.is_whole()) {
    std::optional<Value> value;
    if (!document(node, base, value)) {
      return false;
    }
    defined = value.has_value();
    const bool joins =
        !value ||
        (node.kind == RuleKind::partial_set && value->is(Kind::set)
             ? std::ranges::all_of(value->elements(),
                                   [&](const Value& element) { return draft.add(element); })
             : draft.set(*value));
    if (defined && node.kind == RuleKind::partial_set) {
      draft.is_set = true;
    }
    return joins || fail_at(Errc::eval_conflict,
                            node.rules.empty() ? node.fallback->location : node.rules[0]->location,
                            "object keys must be unique");
  }
  defined = true;
  return draft_object(node, base, draft);
}

bool Evaluator::draft_object(const RuleNode& node, const Value* base, Draft& draft) {
  if (!draft_own(node, draft)) {
    return false;
  }
  for (const auto& [name, child] : node.children) {
    const Value key = Value::string(name);
    const Value* below = base == nullptr || !base->is(Kind::object) ? nullptr : base->find(key);
    const bool known = draft.members.contains(key);
    bool defined = false;
    if (!draft_child(*child, below, draft.members[key], defined)) {
      return false;
    }
    if (!defined && !known) {
      draft.members.erase(key);
    }
  }
  if (draft.leaf && !draft.members.empty()) {
    return fail_at(Errc::eval_conflict, node.rules.empty() ? Location{} : node.rules[0]->location,
                   "object keys must be unique");
  }
  return true;
}

bool Evaluator::compute_object(const RuleNode& node, const Value* base, std::optional<Value>& out) {
  Draft draft;
  if (!draft_object(node, base, draft)) {
    return false;
  }
  const Value value = draft.value();
  if (base == nullptr) {
    out = value;
  } else {
    // Of a package what was given counts where a rule gives the same; asked by itself the rule
    // does.
    out = node.has_rules() ? laid_over(*base, value) : laid_over(value, *base);
  }
  return may_keep(*out, node.rules.empty() ? Location{} : node.rules[0]->location);
}

}  // namespace unhidra::rego
