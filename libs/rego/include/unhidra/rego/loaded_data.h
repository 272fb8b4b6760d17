#pragma once
// Data, with what a set of policies makes of it that no input can change: the documents of rules
// that need none, and indices of what rules search in it. Made once, read by every evaluation.
//
// Immutable, cheap to copy, and may be used from any thread at once.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "unhidra/base/time.h"
#include "unhidra/rego/value.h"

namespace unhidra::rego {

class Policy;
struct Evaluation;
struct Loaded;

// What loading may use up, all documents together. What is dearer is left to the evaluations, which
// have budgets of their own: loading never fails.
struct LoadBudget {
  std::uint64_t max_steps = 5'000'000;
  std::uint64_t max_memory = std::uint64_t{64} << 20;  // bytes, about
  // Neither: no limit of time. Not owned.
  const Clock* clock = nullptr;
  std::optional<SteadyTime> deadline;
};

class LoadedData {
 public:
  LoadedData() = default;  // none

  explicit operator bool() const { return loaded_ != nullptr; }
  const Value& data() const;
  // Documents that are ready, and those of them that were taken over from what this replaces.
  std::size_t ready() const;
  std::size_t taken_over() const;

  // Other data for the same policies. Nothing is compiled; only what depends on something that
  // changed is made again.
  LoadedData replaced_by(Value data, const LoadBudget& budget = {}) const;
  // The same, with `value` at a path; objects on the way are made.
  LoadedData with(std::span<const std::string> path, Value value,
                  const LoadBudget& budget = {}) const;

 private:
  friend class PolicySet;
  friend class PreparedQuery;
  friend struct Loaded;
  friend const Loaded* loaded_of(const Evaluation& evaluation);

  std::shared_ptr<const Loaded> loaded_;
};

}  // namespace unhidra::rego
