#pragma once
// What evaluations of a query cost: time, and what of its limits one uses up.

#include <string>
#include <vector>

#include "loading.h"

namespace unhidra::server::policy_line {

// Of one query: nanoseconds, and per decision bytes and steps.
struct Figures {
  std::string query;
  std::vector<double> wall_ns;  // sorted, one a decision
  double cpu_ns = 0;            // mean
  rego::EvaluationCost cost;    // of one

  // Of the decisions this part, or the next above it, took no longer: 0.5, 0.99.
  double at(double part) const;
};

class Measurement {
 public:
  // `loaded` outlives it. `load_ns`: what is told of loading; zero: nothing.
  Measurement(const Options& options, const Loaded& loaded, double load_ns = 0)
      : options_(options), loaded_(loaded), load_ns_(load_ns) {}

  // As often as --count says, each time --decisions of them. Errc::no_policy: with --fail, there is
  // no answer.
  Status run(const std::string& query, const std::optional<rego::Value>& input);
  // In the format that is wanted.
  void print() const;

 private:
  Result<Figures> once(const std::string& query, const rego::PreparedQuery& prepared,
                       rego::Evaluation evaluation) const;
  void print_table(const Figures& figures) const;
  rego::Value json_of(const Figures& figures) const;
  std::vector<std::pair<std::string, double>> rows(const Figures& figures) const;

  const Options& options_;
  const Loaded& loaded_;
  double load_ns_;
  std::vector<Figures> all_;
};

}  // namespace unhidra::server::policy_line
