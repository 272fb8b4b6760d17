#pragma once
// What the operator of the machine may do with the topic policy without a token: directly on the
// database, while the server runs or not. Each change is audited with the actor "system"; a running
// server follows it within a second.

#include "unhidra/automation/policy_settings.h"
#include "unhidra/policy/dry_run.h"
#include "unhidra/policy/store.h"
#include "unhidra/storage/database.h"

namespace unhidra::automation {

// Blocks. References outlive it.
class PolicyAdministration {
 public:
  // `log`: the server's decision log.
  PolicyAdministration(storage::Database& database, PolicySettings settings,
                       std::filesystem::path log, const Clock& clock, RandomSource& random);

  PolicySource source() const { return settings_.effective_source(); }
  policy::CompileLimit compile_limit() const {
    return {.clock = &clock_, .max_time = settings_.compile_time};
  }
  Result<std::vector<policy::store::VersionInfo>> versions(const OrgId& org);
  Result<policy::store::StoredPolicy> find(const OrgId& org, std::int64_t version);
  // Errors: those of the REST operations.
  Result<policy::store::VersionInfo> add(const OrgId& org, policy::Documents documents,
                                         rego::Syntax syntax);
  Result<policy::store::VersionInfo> activate(const OrgId& org, std::int64_t version);
  Result<policy::store::VersionInfo> roll_back(const OrgId& org);
  Result<policy::DryRun> dry_run(const OrgId& org, std::int64_t version, std::size_t max_changed);

  struct ShadowReport {
    std::optional<policy::store::Shadow> shadow;
    std::vector<policy::store::Difference> differences;
  };
  Result<ShadowReport> shadow(const OrgId& org, std::size_t max_differences);
  Result<policy::store::VersionInfo> start_shadow(const OrgId& org, std::int64_t version);
  Status end_shadow(const OrgId& org);

 private:
  template <class F>
  auto change(std::string_view operation, const OrgId& org, F closure);

  storage::Database& database_;
  const PolicySettings settings_;
  const std::filesystem::path log_;
  const Clock& clock_;
  RandomSource& random_;
};

}  // namespace unhidra::automation
