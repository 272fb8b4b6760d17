#include "revocations.h"

#include <algorithm>

#include "unhidra/access/revocation.h"
#include "unhidra/runtime/log.h"

#include "store_sessions.h"

namespace unhidra::auth {
namespace {

using Kind = access::Revocation::Kind;

// How late a revocation may become visible after the time that stands in it: transactions take a
// moment and clocks of machines differ.
constexpr std::chrono::seconds kOverlap{60};

void publish(messaging::Bus& bus, access::Revocation::Kind kind, const Uuid& id) {
  const access::Revocation revocation{kind, id};
  if (const auto status = bus.publish(access::kRevokedSubject, revocation.encode()); !status) {
    // The gateway asks again when a connection renews its token; until then it lives on.
    log::warn("revocation.unpublished", {{"error", status.error()}});
  }
}

// Keeps the ids that are new, remembers them, forgets what is too old to be found again.
template <class IdType>
void keep_new(std::vector<IdType>& ids, std::unordered_map<IdType, Timestamp>& told,
              Timestamp now) {
  std::erase_if(ids, [&](const IdType& id) { return !told.try_emplace(id, now).second; });
  std::erase_if(told, [&](const auto& entry) { return entry.second + 2 * kOverlap < now; });
}

}  // namespace

void Revocations::tell(const Ended& ended) {
  for (const auto& session : ended.sessions) {
    publish(bus_, Kind::session, session.uuid());
  }
  for (const auto& device : ended.devices) {
    publish(bus_, Kind::device, device.uuid());
  }
}

void Revocations::tell_roles_changed(UserId user) {
  publish(bus_, Kind::roles, user.uuid());
}

Task<Status> Revocations::look() {
  const auto now = domain_.clock.now();
  const auto since = std::max<Timestamp>(started_, now - kOverlap);
  auto found = co_await database_.read(
      [&](storage::Transaction& tx) { return store::revoked_since(tx, since); });
  if (!found) {
    co_return fail(std::move(found).error());
  }
  keep_new(found->sessions, told_sessions_, now);
  keep_new(found->devices, told_devices_, now);
  Ended ended{.sessions = std::move(found->sessions), .devices = std::move(found->devices)};
  tell(ended);
  co_return Status();
}

}  // namespace unhidra::auth
