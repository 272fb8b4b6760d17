#pragma once
// Which lines of a policy set an evaluation, or many, went through.

#include <map>
#include <set>
#include <string>

#include "unhidra/rego/engine.h"

namespace unhidra::policy {

// Give it to evaluations as their tracer; one thread at a time.
class Coverage final : public rego::Tracer {
 public:
  void rule_left(std::string_view path, const rego::Place& rule, bool matched) override;
  void expression_held(const rego::Place& expression) override;

  // The reference's report: per file the covered and not covered ranges of lines, and percentages.
  // Files for which `counts` is false are left out.
  rego::Value report(const rego::PolicySet& policies,
                     const std::function<bool(std::string_view file)>& counts) const;
  // Percent of all lines of those files; 100 when there are none.
  double percent(const rego::PolicySet& policies,
                 const std::function<bool(std::string_view file)>& counts) const;

 private:
  using Lines = std::map<std::string, std::map<std::uint32_t, bool>, std::less<>>;
  Lines lines(const rego::PolicySet& policies,
              const std::function<bool(std::string_view file)>& counts) const;

  std::set<std::pair<std::string, std::uint32_t>> covered_;
};

}  // namespace unhidra::policy
