#pragma once
// What may be done with an organisation's versions of its policy, as functions of a
// transaction, for the REST operations and for administrators' commands alike.

#include <string>
#include <utility>
#include <vector>

#include "unhidra/access/context.h"
#include "unhidra/automation/policy_settings.h"
#include "unhidra/policy/store.h"

namespace unhidra::automation {

// What the audit record says beside the operation.
struct PolicyNotes {
  std::string version;  // the record's resource
  std::vector<std::pair<std::string, std::string>> metadata;
};

// Names of files as they stand in messages: at most 256 of them, each of 1 to 200 printable bytes,
// each once. Compiles. Errc::bad_request names what is wrong with the documents; otherwise the
// errors of CheckedPolicy::check. Blocks for as long as the compiler takes.
Result<policy::store::CheckedPolicy> check_policy(policy::Documents documents, rego::Syntax syntax,
                                                  const policy::CompileLimit& limit = {});

Result<policy::store::VersionInfo> add_policy(storage::Transaction& tx, const OrgId& org,
                                              const policy::store::CheckedPolicy& policy,
                                              Timestamp now, PolicyNotes& notes);
// Whoever puts a version in force with a token must be able to take it back with it.
// Errc::conflict: it would deny the asker policies.roll_back. Blocks for as long as the compiler
// takes.
Status expect_way_back(policy::store::StoredPolicy version, const access::OperationRequest& asker,
                       const PolicySettings& settings, const Clock& clock, RandomSource& random);
// Errc::conflict: versions in the database decide nothing, by the settings.
Result<policy::store::VersionInfo> activate_policy(storage::Transaction& tx, const OrgId& org,
                                                   PolicySource source, std::int64_t version,
                                                   Timestamp now, PolicyNotes& notes);
Result<policy::store::VersionInfo> roll_back_policy(storage::Transaction& tx, const OrgId& org,
                                                    PolicySource source, Timestamp now,
                                                    PolicyNotes& notes);
// With each source: what is to decide one day may be tried beside what decides now. Errc::conflict:
// not beside a remote one.
Result<policy::store::VersionInfo> start_policy_shadow(storage::Transaction& tx, const OrgId& org,
                                                       PolicySource source, std::int64_t version,
                                                       Timestamp now, PolicyNotes& notes);
Status end_policy_shadow(storage::Transaction& tx, const OrgId& org, PolicyNotes& notes);

}  // namespace unhidra::automation
