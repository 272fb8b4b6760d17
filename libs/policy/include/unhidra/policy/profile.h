#pragma once
// Where the time of an evaluation goes: each line of the policies, with how often it was tried.
//
// Measured with a tracer, so by walking the rules' tree: the shares are what tells, not the sums
// (`unhidra policy bench` measures programs). Not counted is what an index, a program or what is
// made at load would have left out.

#include <chrono>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "unhidra/base/time.h"
#include "unhidra/rego/engine.h"

namespace unhidra::policy {

struct ProfileLine {
  std::string file;
  std::uint32_t row = 0;
  std::uint32_t column = 0;  // of its first expression that was tried
  // Within the line itself; what it asks of rules is counted where they stand.
  std::chrono::nanoseconds time{0};
  std::uint64_t evaluations = 0;
  std::uint64_t redos = 0;        // times that it was gone back to, for another solution
  std::uint64_t expressions = 0;  // that the line was made into
};

// Give it to one evaluation as its tracer. The clock is not owned.
class Profile final : public rego::Tracer {
 public:
  explicit Profile(const Clock& clock) : clock_(clock) {}

  void rule_entered(std::string_view path, const rego::Place& rule) override;
  void rule_left(std::string_view path, const rego::Place& rule, bool matched) override;
  void expression_tried(const rego::Place& expression) override;
  void expression_redone(const rego::Place& expression) override;

  // In the order of files and lines.
  std::vector<ProfileLine> lines(const rego::PolicySet& policies) const;

 private:
  using Key = std::pair<std::string_view, std::uint32_t>;
  ProfileLine& go_to(const rego::Place& expression);
  void note_time();

  const Clock& clock_;
  SteadyTime since_{};
  ProfileLine* active_ = nullptr;
  std::vector<ProfileLine*> callers_;
  std::map<Key, ProfileLine> lines_;
};

// What profiles can be sorted by, as the reference calls it: "total_time_ns", "num_eval",
// "num_redo", "num_gen_expr" (the greatest first), "file", "line".
std::span<const std::string_view> profile_orders();
// By the first criterion, then the next; behind them by all others, in the order above.
void sort_profile(std::vector<ProfileLine>& lines, std::span<const std::string> criteria);

}  // namespace unhidra::policy
