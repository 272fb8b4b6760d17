#include "document.h"

#include <algorithm>

#include "unhidra/base/text.h"

namespace unhidra::actions {

using rego::Kind;
using rego::Value;

namespace {

constexpr std::size_t kMaxList = 100;
constexpr std::uint64_t kMaxSteps = 100'000;
constexpr std::uint64_t kMaxMemory = std::uint64_t{8} << 20;

}  // namespace

std::unexpected<Error> bad(const std::string& where, std::string_view what) {
  return fail(Errc::bad_rules, where + ": " + std::string(what));
}

Value text(std::string_view value) {
  return Value::string(std::string(value));
}

Status only(const Value& object, const std::string& where,
            std::initializer_list<std::string_view> known) {
  if (!object.is(Kind::object)) {
    return bad(where, "expected an object");
  }
  for (const auto& [key, value] : object.members()) {
    if (std::ranges::find(known, key.text()) == known.end()) {
      return bad(where, "nothing is known of \"" + printable(key.text()) + "\"");
    }
  }
  return {};
}

Result<std::string> word(const Value& object, const std::string& where, std::string_view name,
                         bool needed, std::size_t most) {
  const auto* found = object.find(name);
  if (found == nullptr && !needed) {
    return std::string();
  }
  if (found == nullptr || !found->is(Kind::string) || found->text().size() > most ||
      (needed && found->text().empty())) {
    return bad(where, "\"" + std::string(name) + "\" is a text of 1 to " + std::to_string(most) +
                          " bytes");
  }
  return found->text();
}

Result<std::vector<std::string>> word_list(const Value& object, const std::string& where,
                                           std::string_view name) {
  std::vector<std::string> out;
  const auto* found = object.find(name);
  if (found == nullptr) {
    return out;
  }
  if (!found->is(Kind::array) || found->size() > kMaxList) {
    return bad(where, "\"" + std::string(name) + "\" is a list of at most 100");
  }
  for (const auto& each : found->elements()) {
    if (!each.is(Kind::string) || each.text().empty() || each.text().size() > 200) {
      return bad(where, "\"" + std::string(name) + "\" is a list of texts of 1 to 200 bytes");
    }
    out.push_back(each.text());
  }
  return out;
}

Result<rego::PreparedQuery> compile_condition(const std::string& body, const std::string& where) {
  const std::vector<rego::ModuleSource> modules{
      {"if", "package unhidra.rule\n\nholds if {\n" + body + "\n}\n"}};
  auto set = rego::PolicySet::compile(modules);
  if (!set) {
    return bad(where, set.error().message());
  }
  // A condition is the body of one rule, and not the end of it and another one.
  if (set->rules().size() != 1) {
    return bad(where, "\"if\" is the body of one rule");
  }
  return set->prepare("data.unhidra.rule.holds = holds");
}

Result<bool> holds(const rego::PreparedQuery& condition, const Value& input, Timestamp now) {
  rego::Evaluation evaluation;
  evaluation.input = input;
  evaluation.now = now;
  evaluation.max_steps = kMaxSteps;
  evaluation.max_memory = kMaxMemory;
  UNHIDRA_TRY(const auto value, condition.evaluate_one(evaluation));
  return value && value->as_boolean();
}

}  // namespace unhidra::actions
