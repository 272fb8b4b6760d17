#pragma once
// Keeps what the broker knows of the registry as the database has it: which topics are protected,
// and what is said of devices. Another process tells of changes on the bus; as such messages may be
// lost, each second one read looks for what was not told. While the database does not answer, what
// was known stands.

#include <functional>
#include <map>
#include <unordered_map>

#include "unhidra/messaging/bus.h"
#include "unhidra/pki/device_authority.h"
#include "unhidra/runtime/task_scope.h"
#include "unhidra/storage/database.h"

#include "devices/store_registry.h"
#include "devices/topic_protection.h"

namespace unhidra::automation {

// On the broker's executor.
struct RegistryReceivers {
  // Of every organisation that has said something.
  std::function<void(std::map<OrgId, TopicProtection>)> protections;
  // This device is not what it was, and what it is now is being read.
  std::function<void(DeviceId)> suspected;
  std::function<void(const store::RegisteredDevice&)> device;
};

class RegistryWatch {
 public:
  // All outlive it; `scope` is on the broker's executor, and is joined before it goes.
  RegistryWatch(storage::Database& database, runtime::TaskScope& scope, const Clock& clock,
                RegistryReceivers receivers);

  // Reads the protections, and remembers from when on devices are to be looked for. Blocks.
  Status load();
  Status listen(messaging::Bus& bus, const Executor& executor);
  void stop() { subscriptions_.clear(); }
  // Each second.
  void look();

 private:
  Task<void> look_once();
  Task<void> look_around();
  Task<void> take_protections();
  Task<void> take_device(pki::DeviceIdentity who);

  storage::Database& database_;
  runtime::TaskScope& scope_;
  const Clock& clock_;
  RegistryReceivers receivers_;
  std::map<OrgId, std::int64_t> protections_;  // versions of what is in use
  Timestamp since_;
  std::unordered_map<DeviceId, Timestamp> taken_;  // changes after `since_`
  bool looking_ = false;
  bool troubled_ = false;  // the database does not answer, which has been told
  std::vector<messaging::Subscription> subscriptions_;
};

}  // namespace unhidra::automation
