#include "broker/registry_watch.h"

#include "unhidra/runtime/log.h"

#include "devices/registry.h"

namespace unhidra::automation {
namespace {

// How far the clocks of processes may be apart, and how long a change may take to be committed.
constexpr std::chrono::minutes kOverlap{1};

struct Found {
  std::map<OrgId, std::int64_t> protections;
  std::vector<store::DeviceChange> devices;
};

}  // namespace

RegistryWatch::RegistryWatch(storage::Database& database, runtime::TaskScope& scope,
                             const Clock& clock, RegistryReceivers receivers)
    : database_(database),
      scope_(scope),
      clock_(clock),
      receivers_(std::move(receivers)),
      since_(clock.now() - kOverlap) {}

Status RegistryWatch::load() {
  UNHIDRA_TRY(auto protections, database_.read_sync(all_protections));
  for (const auto& [org, protection] : protections) {
    protections_.emplace(org, protection.version);
  }
  receivers_.protections(std::move(protections));
  return {};
}

Status RegistryWatch::listen(messaging::Bus& bus, const Executor& executor) {
  UNHIDRA_TRY(auto protection, bus.subscribe(kProtectionSubject, executor,
                                             [this](const messaging::Message&) { look(); }));
  UNHIDRA_TRY(auto devices,
              bus.subscribe(kChangedSubject, executor, [this](const messaging::Message& message) {
                if (const auto who = device_told(message.payload.view())) {
                  scope_.spawn("mqtt.take_device", take_device(*who));
                }
              }));
  subscriptions_.push_back(std::move(protection));
  subscriptions_.push_back(std::move(devices));
  return {};
}

void RegistryWatch::look() {
  scope_.spawn("mqtt.look_at_registry", look_once());
}

Task<void> RegistryWatch::look_once() {
  if (looking_) {
    co_return;
  }
  looking_ = true;
  co_await look_around();
  looking_ = false;
}

Task<void> RegistryWatch::look_around() {
  const auto began = clock_.now();
  const auto found =
      co_await database_.read([since = since_](storage::Transaction& tx) -> Result<Found> {
        Found out;
        UNHIDRA_TRY(out.protections, protection_versions(tx));
        UNHIDRA_TRY(out.devices, store::changed_after(tx, since));
        return out;
      });
  if (!found && !troubled_) {
    log::warn("mqtt.cannot_follow_registry", {{"error", found.error()}});
  }
  troubled_ = !found;
  if (!found) {
    co_return;
  }
  since_ = began - kOverlap;
  if (found->protections != protections_) {
    co_await take_protections();
  }
  for (const auto& change : found->devices) {
    const auto known = taken_.find(change.id);
    if (known == taken_.end() || known->second != change.changed_at) {
      co_await take_device({change.org_id, change.id});
    }
  }
  std::erase_if(taken_, [this](const auto& each) { return each.second <= since_; });
}

Task<void> RegistryWatch::take_protections() {
  auto own = co_await database_.read(all_protections);
  if (!own) {
    log::warn("mqtt.cannot_follow_protection", {{"error", own.error()}});
    co_return;
  }
  protections_.clear();
  for (const auto& [org, protection] : *own) {
    protections_.emplace(org, protection.version);
  }
  receivers_.protections(std::move(*own));
  log::info("mqtt.protection_changed");
}

// One that cannot be read now is found again by the next look.
Task<void> RegistryWatch::take_device(pki::DeviceIdentity who) {
  receivers_.suspected(who.device);
  const auto device = co_await database_.read(
      [&](storage::Transaction& tx) { return store::find_registered(tx, who.org, who.device); });
  if (!device) {
    log::warn("mqtt.cannot_follow_device", {{"error", device.error()}});
    co_return;
  }
  if (*device) {
    taken_.insert_or_assign(who.device, (*device)->changed_at);
    receivers_.device(**device);
  }
}

}  // namespace unhidra::automation
