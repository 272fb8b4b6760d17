#pragma once
// Which policy is in force, and that it stays so: loads it from where the settings say, follows
// activations and shadows in the database, and files of a bundle when they change. One policy
// answers every question that it speaks of: about topics where there is a broker, about operations
// everywhere. Of topics that it does not speak of the built-in policy decides.
//
// What another process changes is heard on the bus ("policy.changed", the 16 bytes of the
// organisation) and, as messages may be lost and administrators' commands send none, seen in the
// database within a second.

#include <functional>
#include <map>
#include <mutex>

#include "unhidra/automation/policy_settings.h"
#include "unhidra/messaging/bus.h"
#include "unhidra/policy/store.h"
#include "unhidra/runtime/task_scope.h"
#include "unhidra/runtime/worker_pool.h"
#include "unhidra/storage/database.h"

#include "policy/policy_book.h"
#include "policy/policy_trail.h"

namespace unhidra::automation {

inline constexpr std::string_view kPolicyChangedSubject = "policy.changed";
void tell_policy_changed(messaging::Bus& bus, const OrgId& org);

// Everything outlives the keeper.
struct PolicyKeeperDependencies {
  runtime::TaskScope& scope;
  storage::Database& database;
  messaging::Bus& bus;
  PolicyBook* topics;  // null: no broker in this process
  PolicyBook& operations;
  PolicyTrail& trail;
  const Clock& clock;
  RandomSource& random;
  // Something else decides now. From a thread of the keeper.
  std::function<void()> changed;
};

class PolicyKeeper {
 public:
  PolicyKeeper(PolicyKeeperDependencies dependencies, const PolicySettings& settings);

  // Everything anew. On failure what was in use stays; at the start nothing was. Blocks.
  // Errc::bad_policy with what the compiler says.
  Status load();
  // Follows from now on, until the scope stops.
  Status start();
  // After the scope has ended: what is under way ends, what shadows found is written.
  Task<void> stop();

 private:
  struct Known {
    policy::store::Stamp stamp;
    std::int64_t shadow = 0;  // version; 0: none
    std::string shadow_revision;
  };
  Task<void> follow();
  Task<void> look();
  Status refresh();
  Status load_common();
  Status use_common(const policy::Documents& documents, rego::Syntax syntax);
  static Status use(PolicyBook& book, const OrgId& org, const policy::Documents& documents,
                    rego::Syntax syntax);
  void for_each_book(const std::function<void(PolicyBook&)>& visit);
  Result<policy::Documents> common_documents() const;
  void note_common(const Status& loaded, std::string revision);
  Status refresh_bundle();
  Result<bool> refresh_organizations();
  Status load_organization(const OrgId& org, const policy::store::Stamp& stamp);
  using Stored = Result<std::optional<policy::store::StoredPolicy>>;
  Status load_active(const OrgId& org, Stored stored);
  Status load_shadow(const OrgId& org, Stored stored, Known& known);
  Status write_findings();

  PolicyKeeperDependencies deps_;
  const PolicySettings settings_;
  const PolicySource source_;
  runtime::WorkerPool pool_;
  std::mutex loading_;  // one at a time
  std::map<OrgId, Known> known_;
  std::string bundle_stamp_;
  std::string common_revision_;
  SteadyTime bundle_looked_at_{};
  // On the scope's executor.
  bool looking_ = false;
  bool look_again_ = false;
  bool troubled_ = false;  // the database did not answer, which has been told
  messaging::Subscription subscription_;
};

}  // namespace unhidra::automation
