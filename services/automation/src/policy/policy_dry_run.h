#pragma once
// A stored version against what the decision log has of one organisation.

#include "unhidra/automation/policy_settings.h"
#include "unhidra/policy/dry_run.h"
#include "unhidra/policy/store.h"

namespace unhidra::automation {

// The older file of the log first, then the present one; of each its end alone, where it is large.
// Errc::conflict: the settings keep no log that can be asked again. Blocks.
Result<policy::DryRun> dry_run_policy(const std::filesystem::path& log,
                                      const PolicySettings& settings, const OrgId& org,
                                      const policy::store::StoredPolicy& policy,
                                      std::size_t max_changed, const Clock& clock,
                                      RandomSource& random);

}  // namespace unhidra::automation
