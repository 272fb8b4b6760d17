#pragma once
// What `unhidra policy eval --profile` reports, of one evaluation or of several.

#include <string>
#include <vector>

#include "unhidra/policy/profile.h"

#include "options.h"

namespace unhidra::server::policy_line {

class ProfileReport {
 public:
  // Of one evaluation; several are added up line by line.
  void add(const std::vector<policy::ProfileLine>& lines);
  // `options` say how it is sorted and how much of it is wanted.
  rego::Value value(const Options& options) const;
  // A table. Lines of the query are called by its expressions.
  void print(const Options& options, const std::vector<rego::QueryExpression>& query) const;

 private:
  // Counts of the first evaluation; the time of all.
  std::vector<policy::ProfileLine> sorted(const Options& options) const;
  const std::vector<double>& times(const policy::ProfileLine& line) const;

  std::vector<policy::ProfileLine> lines_;
  std::map<std::pair<std::string, std::uint32_t>, std::vector<double>> times_;  // sorted when read
  std::size_t evaluations_ = 0;
};

}  // namespace unhidra::server::policy_line
