#include "group_removals.h"

#include <set>

#include "unhidra/audit/chain.h"
#include "unhidra/runtime/log.h"

namespace unhidra::chat {
namespace {

using storage::Transaction;

// How late a revocation may become visible after the time that stands in it: transactions take a
// moment and clocks of machines differ.
constexpr std::chrono::minutes kOverlap{5};
constexpr std::uint32_t kGroupsPerLook = 200;

Status record(Transaction& tx, EventId event_id, OrgId org, ConversationId id, std::size_t count,
              Timestamp now) {
  audit::AuditEvent event;
  event.event_id = event_id;
  event.org_id = org;
  event.event_type = "group.removal_proposed";
  event.actor_type = "system";
  event.resource_type = "conversation";
  event.resource_id = id.to_string();
  event.action = "update";
  event.metadata = {{"devices", std::to_string(count)}};
  event.timestamp = now;
  UNHIDRA_TRY_VOID(audit::append(tx, event));
  return {};
}

}  // namespace

Task<void> announce(storage::Database& database, messaging::Bus& bus, ConversationId id,
                    const GroupChange& change) {
  if (change.entries.empty()) {
    co_return;
  }
  const auto devices =
      co_await database.read([&](Transaction& tx) { return group_devices(tx, id); });
  if (!devices) {
    log::warn("group.untold", {{"error", devices.error()}});
    co_return;
  }
  std::set<DeviceId> told(devices->begin(), devices->end());
  told.insert(change.removed.begin(), change.removed.end());
  for (const auto& [device, entry] : change.welcomes) {
    told.erase(device);  // its Welcome says more
    tell(bus, device, entry);
  }
  const std::vector<DeviceId> list(told.begin(), told.end());
  for (const auto& entry : change.entries) {
    tell(bus, std::span<const DeviceId>(list), entry);
  }
}

Task<Status> GroupRemovals::propose(OrgId org, ConversationId id) const {
  const auto now = clock_.now();
  const auto event_id = EventId::make(clock_, service_.random);
  UNHIDRA_CO_TRY(const auto change,
                 co_await database_.write(
                     [&](Transaction& tx) -> Result<GroupChange> {
                       UNHIDRA_TRY(auto out, propose_removals(service_, tx, org, id, now));
                       if (!out.entries.empty()) {
                         UNHIDRA_TRY_VOID(record(tx, event_id, org, id, out.entries.size(), now));
                       }
                       return out;
                     },
                     storage::LaneKey(org)));
  co_await announce(database_, bus_, id, change);
  co_return Status();
}

Task<Status> GroupRemovals::look() {
  const auto since = looked_ ? clock_.now() - kOverlap : Timestamp();
  UNHIDRA_CO_TRY(const auto due, co_await database_.read([&](Transaction& tx) {
    return groups_with_removals_due(tx, since, kGroupsPerLook);
  }));
  Status out;
  for (const auto& group : due) {
    if (auto status = co_await propose(group.org_id, group.id); !status) {
      out = std::move(status);  // the others need not wait for this one
    }
  }
  looked_ = looked_ || (out && due.size() < kGroupsPerLook);
  co_return out;
}

}  // namespace unhidra::chat
