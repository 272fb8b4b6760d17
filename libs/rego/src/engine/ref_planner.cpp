// References: into the input, the given data, rules' documents and values.
#include <algorithm>
#include <utility>

#include "engine/rule_planner.h"

namespace unhidra::rego {

RulePlanner::Register RulePlanner::ref(const Term& term) {
  const Term& head = term.items[0];
  const Term* element = std::exchange(target_, nullptr);
  if (head.is(Term::Type::var) && head.slot < 0) {
    return head.name == "input" ? input_ref(term) : data_ref(term, element);
  }
  return keys(value(head), term, 1, false, element);
}

RulePlanner::Register RulePlanner::input_ref(const Term& term) {
  std::vector<Value> known;
  std::size_t index = 1;
  for (; index < term.items.size() && term.items[index].is_constant_string(); ++index) {
    known.push_back(term.items[index].value);
  }
  const Register out = fresh();
  if (known.empty()) {
    emit_else(Op::input, out);
  } else {
    emit_else(Op::input_path, out, path(std::move(known)));
  }
  return keys(out, term, index, false);
}

// Follows the modules' tree as far as the keys are known; where it ends there is only given data.
RulePlanner::Register RulePlanner::data_ref(const Term& term, const Term* element) {
  const RuleNode* node = &policy_->root();
  std::vector<Value> known;
  std::size_t index = 1;
  for (; index < term.items.size() && term.items[index].is_constant_string(); ++index) {
    if (node != nullptr && node->has_rules() && node->children.empty()) {
      break;
    }
    if (node != nullptr && node->has_rules()) {
      give_up();
      return 0;
    }
    const Value& key = term.items[index].value;
    node = node == nullptr ? nullptr : node->child(key.text());
    known.push_back(key);
  }
  if (node != nullptr) {
    if (!node->has_rules() || !node->children.empty() || node->kind == RuleKind::function) {
      // A whole package, or a key of it that is not known.
      give_up();
      return 0;
    }
    return document(*node, term, index);
  }
  const Register out = fresh();
  from_data_.emplace(out, std::vector<std::optional<Value>>(known.begin(), known.end()));
  emit_else(Op::data_path, out, path(std::move(known)));
  return keys(out, term, index, true, element);
}

RulePlanner::Register RulePlanner::document(const RuleNode& node, const Term& term,
                                            std::size_t index) {
  const auto number = static_cast<std::int32_t>(program_.nodes.size());
  program_.nodes.push_back(&node);
  const bool is_complete = node.is_whole() && node.kind == RuleKind::complete;
  if (!is_complete && index < term.items.size() && !has_unbound(term.items[index])) {
    const Register key = value(term.items[index]);
    const Register out = fresh();
    emit_else(Op::document_key, out, number, key);
    return keys(out, term, index + 1, false);
  }
  const Register out = fresh();
  emit_else(Op::document, out, number);
  return keys(out, term, index, false);
}

RulePlanner::Register RulePlanner::keys(Register at, const Term& term, std::size_t index,
                                        bool below_data, const Term* element) {
  std::vector<Register> parents;
  for (; index < term.items.size() && covered_; ++index) {
    const Register above = at;
    at = key(at, term.items[index], below_data ? &parents : nullptr,
             index + 1 == term.items.size() ? element : nullptr);
    parents.push_back(above);
  }
  return at;
}

RulePlanner::Register RulePlanner::key(Register at, const Term& key,
                                       const std::vector<Register>* parents, const Term* element) {
  if (key.is_constant_string()) {
    program_.constants.push_back(key.value);
    const Register out = fresh();
    emit_else(Op::field, out, at, static_cast<Register>(program_.constants.size() - 1));
    goes_on_in_data(at, out, key.value);
    return out;
  }
  if (!has_unbound(key)) {
    const Register name = value(key);
    const Register out = fresh();
    if (parents != nullptr) {
      const std::int32_t above = list(*parents);
      emit_else(Op::data_lookup, out, at, name).d = above;
    } else {
      emit_else(Op::lookup, out, at, name);
    }
    goes_on_in_data(at, out, std::nullopt);
    return out;
  }
  const Register name = is_wildcard(key) ? -1 : fresh();
  const Register out = fresh();
  begin_loop(at, name, out, element);
  if (name >= 0) {
    match(key, name);
  }
  return out;
}

}  // namespace unhidra::rego
