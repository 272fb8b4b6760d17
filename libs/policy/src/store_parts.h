#pragma once
// What the files of the store share.

#include "unhidra/policy/store.h"

namespace unhidra::policy::store {

std::unexpected<Error> missing(std::int64_t version);
// Errc::no_policy: there is no such version.
Status expect(storage::Transaction& tx, const OrgId& org, std::int64_t version);

}  // namespace unhidra::policy::store
