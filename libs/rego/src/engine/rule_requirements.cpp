// What a rule asks of its input and arguments, that an index can tell it from others by.
#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/rule_index.h"
#include "values/work.h"

namespace unhidra::rego {
namespace {

// Of one set of rules: what is more is looked at rule by rule.
constexpr std::size_t kMostSources = 1'024;
// That one rule compares a source with: more are compared by the rule.
constexpr std::size_t kMostValues = 256;

bool is_input(const Term& term) {
  return term.is(Term::Type::ref) && term.items[0].is(Term::Type::var) && term.items[0].slot < 0 &&
         term.items[0].name == "input" && term.items.size() > 1 &&
         std::all_of(term.items.begin() + 1, term.items.end(),
                     [](const Term& key) { return key.is_constant_string(); });
}

bool is_call(const Expr& expr, std::string_view name, std::size_t arguments) {
  const Term& term = expr.items[0];
  return expr.type == Expr::Type::term && term.is(Term::Type::call) && term.name == name &&
         term.items.size() == arguments;
}

}  // namespace

std::optional<std::size_t> RuleIndex::number_of(Source source) {
  constexpr std::uint64_t kWorkOfSource = 4;
  const auto known = std::ranges::find(sources_, source);
  const auto number = static_cast<std::size_t>(known - sources_.begin());
  if (number == kMostSources || !WorkScope::take(number * kWorkOfSource)) {
    return std::nullopt;
  }
  if (known == sources_.end()) {
    sources_.push_back(std::move(source));
  }
  return number;
}

std::optional<RuleIndex::Source> RuleIndex::source_of(const Term& place, const Rule& rule) {
  Source source;
  if (is_input(place)) {
    for (std::size_t i = 1; i < place.items.size(); ++i) {
      source.keys.push_back(place.items[i].value);
    }
    return source;
  }
  const auto argument = std::ranges::find_if(rule.arguments, [&](const Term& one) {
    return place.is(Term::Type::var) && one.is(Term::Type::var) && one.slot == place.slot;
  });
  if (argument == rule.arguments.end()) {
    return std::nullopt;
  }
  source.argument = static_cast<int>(argument - rule.arguments.begin());
  return source;
}

namespace {

std::optional<Value> constant_of(const Term& term, RuleIndex::KnownOf known_of) {
  return term.is(Term::Type::constant) ? std::optional(term.value) : known_of(term);
}

}  // namespace

void RuleIndex::require(const Term& place, const Term& constant, const Rule& rule, KnownOf known_of,
                        Requirements& out) {
  auto source = source_of(place, rule);
  auto value = source ? constant_of(constant, known_of) : std::nullopt;
  if (!value || !can_switch_on(*value)) {
    return;
  }
  if (const auto number = number_of(std::move(*source))) {
    add(*number, {std::move(*value)}, out);
  }
}

// What is asked first of a source counts.
void RuleIndex::add(std::size_t source, std::vector<Value> values, Requirements& out) const {
  if (std::ranges::find(out, source, &Requirement::source) == out.end()) {
    out.push_back({source, std::move(values), {}});
  }
}

void RuleIndex::require_element(const Term& place, const Term& collection, const Rule& rule,
                                KnownOf known_of, Requirements& out) {
  auto source = source_of(place, rule);
  const auto known = source ? constant_of(collection, known_of) : std::nullopt;
  if (!known || known->size() > kMostValues) {
    return;
  }
  std::vector<Value> values;
  if (known->is(Kind::object)) {
    std::ranges::transform(known->members(), std::back_inserter(values),
                           [](const Value::Member& member) { return member.second; });
  } else if (known->is(Kind::array) || known->is(Kind::set)) {
    values.assign(known->elements().begin(), known->elements().end());
  }
  if (values.empty() || !std::ranges::all_of(values, can_switch_on)) {
    return;
  }
  if (const auto number = number_of(std::move(*source))) {
    add(*number, std::move(values), out);
  }
}

// Where all of them ask for a source, one of their values is there.
void RuleIndex::require_one(const Body& alternatives, const Rule& rule, KnownOf known_of,
                            Requirements& out) {
  std::optional<Requirements> together;
  for (const Expr& one : alternatives) {
    Requirements asked;
    require(one, rule, known_of, asked);
    if (!together) {
      together = std::move(asked);
      continue;
    }
    std::erase_if(*together, [&](Requirement& known) {
      const auto more = std::ranges::find(asked, known.source, &Requirement::source);
      if (more != asked.end()) {
        std::ranges::move(more->values, std::back_inserter(known.values));
      }
      return more == asked.end() || known.values.size() > kMostValues;
    });
  }
  for (Requirement& one : together.value_or(Requirements())) {
    if (!sources_[one.source].delimiter) {
      add(one.source, std::move(one.values), out);
    }
  }
}

void RuleIndex::require_match(const Term& call, const Rule& rule, KnownOf known_of,
                              Requirements& out) {
  const auto pattern = constant_of(call.items[0], known_of);
  const auto delimiter = glob_delimiter(call.items[1]);
  auto source = source_of(call.items[2], rule);
  if (!pattern || !pattern->is(Kind::string) || !delimiter || !source) {
    return;
  }
  if (auto path = glob_path(pattern->text(), *delimiter)) {
    source->delimiter = delimiter;
    if (const auto number = number_of(std::move(*source))) {
      out.push_back({*number, {*pattern}, std::move(*path)});
    }
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
      if (const auto number = number_of({static_cast<int>(i), {}, {}})) {
        out.push_back({*number, {argument.value}, {}});
      }
    }
  }
  for (const auto& expr : rule.body) {
    require(expr, rule, known_of, out);
  }
  return out;
}

void RuleIndex::require(const Expr& expr, const Rule& rule, KnownOf known_of, Requirements& out) {
  if (expr.negated || !expr.with.empty()) {
    return;
  }
  const Term& term = expr.items[0];
  if (expr.type == Expr::Type::unify) {
    require(expr.items[0], expr.items[1], rule, known_of, out);
    require(expr.items[1], expr.items[0], rule, known_of, out);
  } else if (is_call(expr, "equal", 2)) {
    require(term.items[0], term.items[1], rule, known_of, out);
    require(term.items[1], term.items[0], rule, known_of, out);
  } else if (is_call(expr, "internal.member_2", 2)) {
    require_element(term.items[0], term.items[1], rule, known_of, out);
  } else if (is_call(expr, "glob.match", 3)) {
    require_match(term, rule, known_of, out);
  } else if (expr.type == Expr::Type::term && term.logic == Term::Logic::disjunction) {
    require_one(*term.body, rule, known_of, out);
  } else if (expr.type == Expr::Type::term &&
             (term.logic == Term::Logic::conjunction || term.logic == Term::Logic::body)) {
    for (const Expr& one : *term.body) {
      require(one, rule, known_of, out);
    }
  }
}

}  // namespace unhidra::rego
