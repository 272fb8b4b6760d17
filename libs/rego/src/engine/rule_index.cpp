#include "engine/rule_index.h"

#include <algorithm>
#include <set>

namespace unhidra::rego {
namespace {

constexpr std::size_t kFewRules = 2;  // not worth a switch

bool is_input(const Term& term) {
  return term.is(Term::Type::ref) && term.items[0].is(Term::Type::var) && term.items[0].slot < 0 &&
         term.items[0].name == "input" && term.items.size() > 1 &&
         std::all_of(term.items.begin() + 1, term.items.end(),
                     [](const Term& key) { return key.is_constant_string(); });
}

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
  auto root = build(std::move(numbers), std::vector<bool>(sources_.size()), all);
  if (!root->cases.empty()) {
    root_ = std::move(root);
  }
}

std::size_t RuleIndex::number_of(Source source) {
  const auto known = std::ranges::find(sources_, source);
  if (known == sources_.end()) {
    sources_.push_back(std::move(source));
    return sources_.size() - 1;
  }
  return static_cast<std::size_t>(known - sources_.begin());
}

void RuleIndex::require(const Term& place, const Term& constant, const Rule& rule, KnownOf known_of,
                        Requirements& out) {
  const auto value =
      constant.is(Term::Type::constant) ? std::optional(constant.value) : known_of(constant);
  if (!value || !can_switch_on(*value)) {
    return;
  }
  Source source;
  if (is_input(place)) {
    for (std::size_t i = 1; i < place.items.size(); ++i) {
      source.keys.push_back(place.items[i].value);
    }
  } else if (place.is(Term::Type::var)) {
    const auto argument = std::ranges::find_if(rule.arguments, [&](const Term& one) {
      return one.is(Term::Type::var) && one.slot == place.slot;
    });
    if (argument == rule.arguments.end()) {
      return;
    }
    source.argument = static_cast<int>(argument - rule.arguments.begin());
  } else {
    return;
  }
  const std::size_t number = number_of(std::move(source));
  if (std::ranges::find(out, number, &Requirements::value_type::first) == out.end()) {
    out.emplace_back(number, *value);
  }
}

RuleIndex::Requirements RuleIndex::requirements(const Rule& rule, KnownOf known_of) {
  Requirements out;
  if (rule.otherwise != nullptr) {
    return out;  // what its body asks for does not bind its else
  }
  for (std::size_t i = 0; i < rule.arguments.size(); ++i) {
    const Term& argument = rule.arguments[i];
    if (argument.is(Term::Type::constant) && can_switch_on(argument.value)) {
      out.emplace_back(number_of({static_cast<int>(i), {}}), argument.value);
    }
  }
  for (const auto& expr : rule.body) {
    if (expr.negated || !expr.with.empty()) {
      continue;
    }
    const Term& term = expr.items[0];
    if (expr.type == Expr::Type::unify) {
      require(expr.items[0], expr.items[1], rule, known_of, out);
      require(expr.items[1], expr.items[0], rule, known_of, out);
    } else if (expr.type == Expr::Type::term && term.is(Term::Type::call) && term.name == "equal" &&
               term.items.size() == 2) {
      require(term.items[0], term.items[1], rule, known_of, out);
      require(term.items[1], term.items[0], rule, known_of, out);
    }
  }
  return out;
}

std::unique_ptr<RuleIndex::Node> RuleIndex::build(std::vector<std::uint32_t> rules,
                                                  std::vector<bool> used,
                                                  const std::vector<Requirements>& all) const {
  auto node = std::make_unique<Node>();
  std::vector<std::set<Value>> values(sources_.size());
  if (rules.size() > kFewRules) {
    for (const std::uint32_t rule : rules) {
      for (const auto& [source, value] : all[rule]) {
        if (!used[source]) {
          values[source].insert(value);
        }
      }
    }
  }
  const auto best =
      std::ranges::max_element(values, {}, [](const auto& set) { return set.size(); });
  if (best == values.end() || best->empty()) {
    node->rules = std::move(rules);
    return node;
  }
  node->source = static_cast<std::size_t>(best - values.begin());
  used[node->source] = true;
  std::unordered_map<Value, std::vector<std::uint32_t>, Hash> parts;
  std::vector<std::uint32_t> others;
  for (const std::uint32_t rule : rules) {
    const auto asked = std::ranges::find(all[rule], node->source, &Requirements::value_type::first);
    (asked == all[rule].end() ? others : parts[asked->second]).push_back(rule);
  }
  for (auto& [value, part] : parts) {
    node->cases.emplace(value, build(std::move(part), used, all));
  }
  if (!others.empty()) {
    node->others = build(std::move(others), used, all);
  }
  return node;
}

void RuleIndex::find(Read read, std::vector<std::uint32_t>& out) const {
  const auto first = static_cast<std::ptrdiff_t>(out.size());
  find(*root_, read, out);
  const std::span added(out.begin() + first, out.end());
  if (!std::ranges::is_sorted(added)) {
    std::ranges::sort(added);
  }
}

void RuleIndex::find(const Node& node, Read read, std::vector<std::uint32_t>& out) const {
  if (node.cases.empty()) {
    out.insert(out.end(), node.rules.begin(), node.rules.end());
    return;
  }
  if (const Value* value = read(sources_[node.source])) {
    if (value->is(Kind::number) && !value->small_integer()) {
      // 1.0 is 1: compared one by one.
      for (const auto& [constant, part] : node.cases) {
        if (constant == *value) {
          find(*part, read, out);
        }
      }
    } else if (const auto found = node.cases.find(*value); found != node.cases.end()) {
      find(*found->second, read, out);
    }
  }
  if (node.others) {
    find(*node.others, read, out);
  }
}

}  // namespace unhidra::rego
