#include "engine/rule_index.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "values/work.h"

namespace unhidra::rego {
namespace {

constexpr std::size_t kFewRules = 2;  // not worth a switch
// One below the other: what is more is looked at rule by rule.
constexpr std::ptrdiff_t kMostSwitches = 32;

}  // namespace

bool can_switch_on(const Value& value) {
  return value.is(Kind::string) || value.is(Kind::boolean) || value.is(Kind::null) ||
         value.small_integer().has_value();
}

std::size_t hash_of(const Value& value) {
  if (const auto integer = value.small_integer()) {
    return std::hash<std::int64_t>()(*integer);
  }
  if (value.is(Kind::string)) {
    return std::hash<std::string_view>()(value.text());
  }
  return static_cast<std::size_t>(value.kind()) * 2 + (value.as_boolean() ? 1 : 0) +
         value.size() * 16;
}

RuleIndex::RuleIndex(std::span<const Rule* const> rules, KnownOf known_of) {
  if (rules.size() <= kFewRules) {
    return;
  }
  std::vector<Requirements> all;
  std::vector<std::uint32_t> numbers;
  for (const Rule* rule : rules) {
    numbers.push_back(static_cast<std::uint32_t>(all.size()));
    all.push_back(requirements(*rule, known_of));
  }
  // A rule that asks for one of several values stands under each.
  constexpr std::size_t kRoomOfRule = 32;
  constexpr std::size_t kRoom = 128 << 10;
  room_ = kRoom + kRoomOfRule * rules.size();
  auto root = build(std::move(numbers), std::vector<bool>(sources_.size()), all);
  if (!root->is_leaf()) {
    root_ = std::move(root);
  }
}

std::optional<std::size_t> RuleIndex::best_source(const Numbers& rules,
                                                  const std::vector<bool>& used,
                                                  const std::vector<Requirements>& all) const {
  std::map<std::size_t, std::set<Value>> values;
  for (const std::uint32_t rule : rules) {
    for (const Requirement& one : all[rule]) {
      if (!used[one.source]) {
        values[one.source].insert(one.values.begin(), one.values.end());
      }
    }
  }
  const auto best =
      std::ranges::max_element(values, {}, [](const auto& one) { return one.second.size(); });
  return best == values.end() ? std::nullopt : std::optional(best->first);
}

bool RuleIndex::is_worth_it(const Numbers& rules, const std::vector<bool>& used,
                            const std::vector<Requirements>& all) {
  constexpr std::uint64_t kWorkOfValue = 128;
  if (rules.size() <= kFewRules || std::ranges::count(used, true) >= kMostSwitches) {
    return false;
  }
  std::size_t values = rules.size();
  for (const std::uint32_t rule : rules) {
    for (const Requirement& one : all[rule]) {
      values += used[one.source] ? 0 : one.values.size();
    }
  }
  if (values > room_ || !WorkScope::take(values * kWorkOfValue + used.size())) {
    return false;
  }
  room_ -= values;
  return true;
}

std::unique_ptr<RuleIndex::Node> RuleIndex::build(Numbers rules, std::vector<bool> used,
                                                  const std::vector<Requirements>& all) {
  auto node = std::make_unique<Node>();
  const auto source = is_worth_it(rules, used, all) ? best_source(rules, used, all) : std::nullopt;
  if (!source) {
    node->rules = std::move(rules);
    return node;
  }
  node->source = *source;
  used[*source] = true;
  split(*node, std::move(rules), used, all);
  return node;
}

// By what they ask of the node's source.
void RuleIndex::split(Node& node, Numbers rules, const std::vector<bool>& used,
                      const std::vector<Requirements>& all) {
  const std::size_t source = node.source;
  std::unordered_map<Value, Numbers, Hash> parts;
  Numbers others;
  for (const std::uint32_t rule : rules) {
    const auto asked = std::ranges::find(all[rule], source, &Requirement::source);
    if (asked == all[rule].end()) {
      others.push_back(rule);
    } else if (sources_[source].delimiter) {
      node.steps = node.steps == nullptr ? std::make_unique<Step>() : std::move(node.steps);
      add(asked->path, rule, *node.steps);
    } else {
      for (const Value& value : asked->values) {
        if (auto& part = parts[value]; part.empty() || part.back() != rule) {
          part.push_back(rule);
        }
      }
    }
  }
  for (auto& [value, part] : parts) {
    node.cases.emplace(value, build(std::move(part), used, all));
  }
  if (node.steps != nullptr) {
    build(*node.steps, used, all);
  }
  if (!others.empty()) {
    node.others = build(std::move(others), used, all);
  }
}

void RuleIndex::add(const GlobPath& path, std::uint32_t rule, Step& first) {
  Step* at = &first;
  for (const auto& step : path.steps) {
    auto& next = step ? at->next[*step] : at->any;
    next = next == nullptr ? std::make_unique<Step>() : std::move(next);
    at = next.get();
  }
  (path.open ? at->opening : at->ending).push_back(rule);
}

void RuleIndex::build(Step& step, const std::vector<bool>& used,
                      const std::vector<Requirements>& all) {
  const auto node_of = [&](Numbers& rules) {
    return rules.empty() ? nullptr : build(std::exchange(rules, {}), used, all);
  };
  step.end = node_of(step.ending);
  step.open = node_of(step.opening);
  for (auto& [text, next] : step.next) {
    build(*next, used, all);
  }
  if (step.any != nullptr) {
    build(*step.any, used, all);
  }
}

void RuleIndex::find(Read read, std::vector<std::uint32_t>& out) const {
  const auto first = static_cast<std::ptrdiff_t>(out.size());
  find(*root_, read, out);
  const std::span added(out.begin() + first, out.end());
  if (!std::ranges::is_sorted(added)) {
    std::ranges::sort(added);
  }
}

void RuleIndex::find(const Node& node, Read read, Numbers& out) const {
  if (node.is_leaf()) {
    out.insert(out.end(), node.rules.begin(), node.rules.end());
    return;
  }
  const Source& source = sources_[node.source];
  if (const Value* value = read(source)) {
    if (node.steps == nullptr) {
      find_case(node, *value, read, out);
    } else if (value->is(Kind::string)) {
      find_steps(*node.steps, *source.delimiter, value->text(), read, out);
    }
  }
  if (node.others) {
    find(*node.others, read, out);
  }
}

void RuleIndex::find_case(const Node& node, const Value& value, Read read, Numbers& out) const {
  if (value.is(Kind::number) && !value.small_integer()) {
    // 1.0 is 1: compared one by one.
    for (const auto& [constant, part] : node.cases) {
      if (constant == value) {
        find(*part, read, out);
      }
    }
  } else if (const auto found = node.cases.find(value); found != node.cases.end()) {
    find(*found->second, read, out);
  }
}

void RuleIndex::find_steps(const Step& step, char delimiter, std::optional<std::string_view> rest,
                           Read read, Numbers& out) const {
  if (step.open != nullptr) {
    find(*step.open, read, out);
  }
  if (!rest) {
    if (step.end != nullptr) {
      find(*step.end, read, out);
    }
    return;
  }
  const std::size_t end = rest->find(delimiter);
  const auto after =
      end == std::string_view::npos ? std::nullopt : std::optional(rest->substr(end + 1));
  if (const auto next = step.next.find(rest->substr(0, end)); next != step.next.end()) {
    find_steps(*next->second, delimiter, after, read, out);
  }
  if (step.any != nullptr) {
    find_steps(*step.any, delimiter, after, read, out);
  }
}

}  // namespace unhidra::rego
