#pragma once
// Policies in the database: versions of each organisation, of which one is in force. Every function
// works inside the caller's transaction, so that an audit event can go with it.

#include <optional>
#include <vector>

#include "unhidra/base/id.h"
#include "unhidra/base/time.h"
#include "unhidra/policy/documents.h"
#include "unhidra/storage/transaction.h"

namespace unhidra::policy::store {

struct VersionInfo {
  std::int64_t version = 0;
  std::string revision;
  Timestamp created_at;
  std::optional<Timestamp> activated_at;  // the last time
  bool active = false;
};

struct StoredPolicy {
  std::int64_t version = 0;
  Documents documents;
  rego::Syntax syntax = rego::Syntax::v1;
};

// The new version's number. Compiles it first: what does not compile is not stored. Not in force
// until it is activated.
Result<std::int64_t> add(storage::Transaction& tx, const OrgId& org, const Documents& documents,
                         rego::Syntax syntax, Timestamp now);
// Errc::no_policy: there is no such version.
Status activate(storage::Transaction& tx, const OrgId& org, std::int64_t version, Timestamp now);
// Puts the version in force that was before the present one; its number. Errc::no_policy: there was
// none. To roll back again goes forward again, as a roll-back is an activation too.
Result<std::int64_t> roll_back(storage::Transaction& tx, const OrgId& org, Timestamp now);
// Nothing: none was ever activated.
Result<std::optional<StoredPolicy>> active(storage::Transaction& tx, const OrgId& org);
// The newest first, at most 1,000.
Result<std::vector<VersionInfo>> versions(storage::Transaction& tx, const OrgId& org);

}  // namespace unhidra::policy::store
