#pragma once
// Why a decision came out as it did: which rules were tried, which matched, and in each that did
// not the expression that failed first.

#include <string>
#include <vector>

#include "unhidra/rego/engine.h"

namespace unhidra::policy {

// Give it to one evaluation as its tracer.
class Explanation final : public rego::Tracer {
 public:
  // With the values of variables in what failed.
  explicit Explanation(bool with_variables = false) : with_variables_(with_variables) {}

  struct Attempt {
    std::string path;  // data.unhidra.automation.allow
    rego::Place place;
    bool matched = false;
    // In the text of the rule, the furthest expression that had no solution; row 0: there is none.
    rego::Place failed;
    std::vector<std::pair<std::string, rego::Value>> variables;  // in it, by name
    int depth = 0;                                               // 0: asked for by the query
  };

  void rule_entered(std::string_view path, const rego::Place& rule) override;
  void rule_left(std::string_view path, const rego::Place& rule, bool matched) override;
  void expression_held(const rego::Place& expression) override;
  void expression_failed(const rego::Place& expression) override;
  bool wants_variables() const override { return with_variables_; }
  void expression_variables(
      const rego::Place& expression,
      std::span<const std::pair<std::string_view, rego::Value>> variables) override;

  // In the order in which they were begun. At most 1,000; `dropped()` tells of more.
  const std::vector<Attempt>& attempts() const { return attempts_; }
  bool dropped() const { return dropped_; }
  // One line an attempt, with the source of what failed.
  std::string text(std::span<const rego::ModuleSource> sources) const;
  rego::Value value(std::span<const rego::ModuleSource> sources) const;

 private:
  static constexpr std::size_t kMost = 1'000;
  bool with_variables_;
  std::vector<std::pair<std::string, rego::Value>> variables_;  // of what is about to fail
  std::vector<Attempt> attempts_;
  std::vector<std::size_t> open_;  // indexes of attempts; kMost: one that was dropped
  bool dropped_ = false;
};

}  // namespace unhidra::policy
