#pragma once
// The device authorities that are believed, and which of them issues. They lie in the database;
// what another process changes there (a new one, one that is retired) is taken over within a
// second, without a connection being closed that need not be.

#include <functional>
#include <map>
#include <mutex>

#include "unhidra/automation/settings.h"
#include "unhidra/runtime/published.h"
#include "unhidra/runtime/task_scope.h"
#include "unhidra/runtime/worker_pool.h"
#include "unhidra/storage/database.h"

#include "enrolment/authority_keys.h"
#include "enrolment/store_authorities.h"

namespace unhidra::automation {

struct KnownAuthority {
  std::int64_t generation = 0;
  pki::DeviceAuthority authority;
  Timestamp issues_from;
};

// What is so at one moment; immutable.
struct Authorities {
  std::vector<KnownAuthority> known;      // at least one, by generation
  std::vector<pki::Certificate> trusted;  // theirs
  // "NewWithOld" and "OldWithNew" (RFC 4210 section 4.4) of those that are both believed.
  std::vector<pki::Certificate> links;

  // The youngest that may issue by now.
  const KnownAuthority& issuing(Timestamp now) const;
  const KnownAuthority* find(std::int64_t generation) const;  // null: unknown, or retired
};

// Everything outlives the book.
struct AuthorityBookDependencies {
  storage::Database& database;
  const AutomationSettings& settings;
  const pki::KeySealer& sealer;
  const Clock& clock;
  RandomSource& random;
  std::filesystem::path directory;  // where the authority's files of an earlier version lie
};

class AuthorityBook {
 public:
  explicit AuthorityBook(AuthorityBookDependencies dependencies);

  // Reads them, and makes the first one where there is none. Blocks.
  Status load();
  // From any thread, after load().
  std::shared_ptr<const Authorities> now() const { return now_.get(); }
  // Follows the database from now on. `retired` hears which generation is believed no more, on the
  // executor. Tokens and SQL block: they have a thread of their own.
  void follow(Executor executor, std::function<void(std::int64_t)> retired);
  Task<void> stop(std::chrono::milliseconds grace);

 private:
  Result<std::vector<std::int64_t>> refresh();
  Status make_first();
  Result<store::Authority> first_row();
  Result<std::vector<std::int64_t>> adopt(const std::vector<store::Authority>& rows);
  Task<void> look_after(std::function<void(std::int64_t)> retired);

  AuthorityBookDependencies deps_;
  std::mutex loading_;  // one at a time
  std::vector<store::AuthorityStamp> stamps_;
  runtime::Published<Authorities> now_;
  std::unique_ptr<runtime::WorkerPool> pool_;
  std::unique_ptr<runtime::TaskScope> scope_;
  bool troubled_ = false;  // the database or a token did not answer, which has been told
};

// The authority that is to follow the youngest of `rows`, with what it and that one say of each
// other. Blocks. Errc::conflict when the token's pair is one that there is already.
Result<store::Authority> next_authority(const std::vector<store::Authority>& rows,
                                        const AutomationSettings& settings,
                                        const std::string& token_label, Timestamp issues_from,
                                        const pki::KeySealer& sealer, const Clock& clock,
                                        RandomSource& random);

}  // namespace unhidra::automation
