#pragma once
// Policies in the database: versions of each organisation, of which one is in force. Every function
// works inside the caller's transaction, so that an audit event can go with it.

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "unhidra/base/id.h"
#include "unhidra/base/time.h"
#include "unhidra/policy/compile_limit.h"
#include "unhidra/policy/documents.h"
#include "unhidra/storage/transaction.h"

namespace unhidra::policy::store {

inline constexpr std::size_t kMaxVersions = 1'000;  // of one organisation

// Documents of which it is known that they compile.
class CheckedPolicy {
 public:
  // Blocks for as long as the compiler takes. `wanted` are rules that are asked
  // ("data.unhidra.automation.allow"; none: any will do). Errc::no_policy: there is no module, the
  // policy speaks of none of them (speech.h), or it speaks of one and lacks that rule. Otherwise
  // the compiler's error, which tells every problem.
  static Result<CheckedPolicy> check(Documents documents, rego::Syntax syntax,
                                     std::span<const std::string_view> wanted = {},
                                     const CompileLimit& limit = {});
  const Documents& documents() const { return documents_; }
  rego::Syntax syntax() const { return syntax_; }

 private:
  CheckedPolicy() = default;
  Documents documents_;
  rego::Syntax syntax_ = rego::Syntax::v1;
};

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

// The new version's number. Not in force until it is activated. When there are kMaxVersions, the
// oldest that is neither in force nor asked as a shadow goes.
Result<std::int64_t> add(storage::Transaction& tx, const OrgId& org, const CheckedPolicy& policy,
                         Timestamp now);
// Errc::no_policy: there is no such version.
Status activate(storage::Transaction& tx, const OrgId& org, std::int64_t version, Timestamp now);
// Puts the version in force that was before the present one; its number. Errc::no_policy: there was
// none. To roll back again goes forward again, as a roll-back is an activation too.
Result<std::int64_t> roll_back(storage::Transaction& tx, const OrgId& org, Timestamp now);
// Nothing: none was ever activated.
Result<std::optional<StoredPolicy>> active(storage::Transaction& tx, const OrgId& org);
// 0: none.
Result<std::int64_t> active_version(storage::Transaction& tx, const OrgId& org);
// Errc::no_policy: there is no such version. Errc::bad_file: what is stored is damaged.
Result<StoredPolicy> find(storage::Transaction& tx, const OrgId& org, std::int64_t version);
Result<VersionInfo> describe(storage::Transaction& tx, const OrgId& org, std::int64_t version);
// The newest first; those below `before` alone, unless it is 0.
Result<std::vector<VersionInfo>> versions(storage::Transaction& tx, const OrgId& org,
                                          std::int64_t before = 0,
                                          std::size_t limit = kMaxVersions);

// ---- What changes, for those who follow -------------------------------------------------------

// Two stamps of one organisation that are equal mean that nothing was activated, and no shadow
// begun or ended, between them.
struct Stamp {
  std::int64_t activation = 0;
  std::int64_t shadow = 0;
  friend bool operator==(const Stamp&, const Stamp&) = default;
};
// Of every organisation that ever activated a version or began a shadow.
Result<std::map<OrgId, Stamp>> stamps(storage::Transaction& tx);

// ---- Shadows ----------------------------------------------------------------------------------

// A version that is asked beside the one in force.
struct Shadow {
  std::int64_t version = 0;
  Timestamp started_at;
  std::uint64_t asked = 0;
  std::uint64_t differing = 0;
};
inline constexpr std::size_t kMaxDifferences = 1'000;  // kept of one organisation

struct Difference {
  Bytes input_digest;  // SHA-256 of the input's canonical JSON
  rego::Value input;
  std::string revision;  // that was in force
  bool was_allowed = false;
  std::string ground;  // of the shadow's answer, which is the opposite
  std::uint64_t times = 0;
  Timestamp first_at;
  Timestamp last_at;
};

// Forgets what was found with another. Errc::no_policy: there is no such version.
Status start_shadow(storage::Transaction& tx, const OrgId& org, std::int64_t version,
                    Timestamp now);
// What was found stays until the next begins. Errc::no_policy: there was none; otherwise its
// version.
Result<std::int64_t> end_shadow(storage::Transaction& tx, const OrgId& org);
Result<std::optional<Shadow>> shadow(storage::Transaction& tx, const OrgId& org);
// Adds to the counts and to the list; nothing when `version` is not the shadow any more. Beyond
// kMaxDifferences new ones are counted, not listed.
Status note_differences(storage::Transaction& tx, const OrgId& org, std::int64_t version,
                        std::uint64_t asked, std::span<const Difference> differences);
// The latest first.
Result<std::vector<Difference>> differences(storage::Transaction& tx, const OrgId& org,
                                            std::size_t limit = kMaxDifferences);

}  // namespace unhidra::policy::store
