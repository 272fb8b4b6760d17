#include "engine/folder.h"

#include <algorithm>

#include "engine/machine.h"

namespace unhidra::rego {
namespace {

// For one set of policies together, and for one call or document.
constexpr std::uint64_t kAllUnits = 16 << 20;
constexpr std::uint64_t kAllSteps = 1'000'000;
constexpr std::uint64_t kAllWork = 256 << 20;  // about nanoseconds
constexpr std::uint64_t kCallUnits = 64 << 10;
constexpr std::uint64_t kDocumentUnits = 1 << 20;
constexpr std::uint64_t kSteps = 50'000;
constexpr std::uint64_t kWork = 4 << 20;  // about nanoseconds
// Small enough for the stack of whoever compiles.
constexpr std::size_t kDepth = 100;

}  // namespace

Folder::Folder(const Policy& policy, const Plans& plans)
    : policy_(policy), plans_(plans), units_(kAllUnits), steps_(kAllSteps), work_(kAllWork) {}

const Value* Folder::constant_at(const Term& ref, std::size_t& index) const {
  const RuleNode* node = &policy_.root();
  for (index = 1; node != nullptr; ++index) {
    if (const Value* value = plans_.constant(*node)) {
      return value;
    }
    node = index < ref.items.size() && ref.items[index].is_constant_string()
               ? node->child(ref.items[index].value.text())
               : nullptr;
  }
  return nullptr;
}

bool Folder::is_ground(const Term& term) const {
  const auto all_ground = [&](std::span<const Term> items) {
    return std::ranges::all_of(items, [&](const Term& item) { return is_ground(item); });
  };
  switch (term.type) {
    case Term::Type::constant:
      return true;
    case Term::Type::ref: {
      std::size_t index = 0;
      const Term& head = term.items[0];
      return head.is(Term::Type::var) && head.slot < 0 && head.name == "data" &&
             constant_at(term, index) != nullptr &&
             all_ground(std::span(term.items).subspan(index));
    }
    case Term::Type::call: {
      const auto* builtin = static_cast<const builtins::Builtin*>(term.callee.builtin);
      const bool answers_the_same =
          builtin != nullptr
              ? !builtin->varies && builtin->name != "walk"
              : term.callee.function != nullptr && plans_.is_closed(*term.callee.function);
      return answers_the_same && term.items.size() == term.callee.arity && all_ground(term.items);
    }
    case Term::Type::array:
    case Term::Type::set:
    case Term::Type::object:
      return all_ground(term.items);
    default:
      return false;
  }
}

std::optional<Value> Folder::value(const Term& term) {
  if (term.is(Term::Type::constant)) {
    return term.value;
  }
  if (!is_ground(term)) {
    return std::nullopt;
  }
  if (term.is(Term::Type::call)) {
    return call(term);
  }
  if (!term.is(Term::Type::ref)) {
    return composite(term);
  }
  std::size_t index = 0;
  const Value* at = constant_at(term, index);
  for (; at != nullptr && index < term.items.size(); ++index) {
    const auto key = value(term.items[index]);
    at = key ? Machine::look_up(*at, *key) : nullptr;
  }
  return at == nullptr ? std::nullopt : std::optional(*at);
}

std::optional<Value> Folder::composite(const Term& term) {
  std::vector<Value> items;
  for (const Term& item : term.items) {
    auto known = value(item);
    if (!known) {
      return std::nullopt;
    }
    items.push_back(std::move(*known));
  }
  if (term.is(Term::Type::array)) {
    return Value::array(std::move(items));
  }
  if (term.is(Term::Type::set)) {
    return Value::set(std::move(items));
  }
  std::vector<Value::Member> members;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    members.emplace_back(std::move(items[i]), std::move(items[i + 1]));
  }
  return Value::object(std::move(members));
}

template <class Make>
std::optional<Value> Folder::within(std::uint64_t units, Make made) {
  constexpr std::uint64_t kWorkOfAttempt = 256;
  if (units_ == 0 || steps_ == 0 || work_ == 0 || !WorkScope::take(kWorkOfAttempt)) {
    return std::nullopt;
  }
  builtins::Environment environment;
  environment.budget = std::min(units, units_);
  environment.work = std::min(kWork, work_);
  const std::uint64_t budget = environment.budget;
  const std::uint64_t work = environment.work;
  auto out = [&] {
    const WorkScope scope(environment);
    return made(environment);
  }();
  units_ -= budget - std::min(budget, environment.budget);
  const std::uint64_t done = work - std::min(work, environment.work);
  work_ -= done;
  const bool goes_on = WorkScope::take(done);
  return goes_on && out && !environment.is_exhausted() ? std::move(*out) : std::nullopt;
}

// A function that fails may be an error: that is left to the evaluation.
template <class Ask>
Result<std::optional<Value>> Folder::evaluated(builtins::Environment& environment, Ask ask) {
  EvaluatorSettings settings;
  const Value no_data = Value::object({});
  settings.data = &no_data;
  settings.strict_errors = true;
  settings.max_steps = std::min(kSteps, steps_);
  settings.max_depth = kDepth;
  Machine machine(policy_, plans_, environment, settings);
  auto out = ask(machine);
  steps_ -= std::min(steps_, machine.steps() + 1);
  return out;
}

std::optional<Value> Folder::call(const Term& term) {
  std::vector<Value> operands;
  for (const Term& item : term.items) {
    auto known = value(item);
    if (!known) {
      return std::nullopt;
    }
    operands.push_back(std::move(*known));
  }
  if (const auto* builtin = static_cast<const builtins::Builtin*>(term.callee.builtin)) {
    steps_ -= std::min<std::uint64_t>(steps_, 1);
    return within(kCallUnits, [&](builtins::Environment& environment) {
      return builtins::invoke(*builtin, operands, environment);
    });
  }
  return within(kCallUnits, [&](builtins::Environment& environment) {
    return evaluated(environment, [&](Machine& machine) {
      return machine.call_of(*term.callee.function, operands);
    });
  });
}

std::optional<Value> Folder::document(const RuleNode& node) {
  return within(kDocumentUnits, [&](builtins::Environment& environment) {
    return evaluated(environment, [&](Machine& machine) { return machine.document_of(node); });
  });
}

}  // namespace unhidra::rego
