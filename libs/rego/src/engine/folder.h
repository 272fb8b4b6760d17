#pragma once
// What is known before any input and any data: constants, and what rules and functions make of
// constants alone. How much may be spent on that is bounded; the rest is left to evaluations.

#include <optional>
#include <span>

#include "engine/policy.h"

namespace unhidra::rego {

class Folder {
 public:
  Folder(const Policy& policy, const Plans& plans);

  // Nothing: it is not known.
  std::optional<Value> value(const Term& term);
  std::optional<Value> document(const RuleNode& node);

 private:
  bool is_ground(const Term& term) const;
  const Value* constant_at(const Term& ref, std::size_t& index) const;
  std::optional<Value> composite(const Term& term);
  std::optional<Value> call(const Term& term);
  // `made`: from an evaluation that may use this much.
  template <class Make>
  std::optional<Value> within(std::uint64_t units, Make made);
  template <class Ask>
  Result<std::optional<Value>> evaluated(builtins::Environment& environment, Ask ask);

  const Policy& policy_;
  const Plans& plans_;
  std::uint64_t units_;
  std::uint64_t steps_;
  std::uint64_t work_;
};

}  // namespace unhidra::rego
