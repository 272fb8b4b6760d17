#include "revocations.h"

#include <algorithm>

#include "unhidra/base/codec.h"
#include "unhidra/runtime/log.h"

#include "store_sessions.h"

namespace unhidra::auth {
namespace {

// How late a revocation may become visible after the time that stands in it: transactions take a
// moment and clocks of machines differ.
constexpr std::chrono::seconds kOverlap{60};

// The message: kind (1 a session, 2 a device, 4 a user whose roles have changed), then the 16 bytes
// of the id.
constexpr std::string_view kSubject = "auth.revoked";
constexpr Byte kSession = 1;
constexpr Byte kDevice = 2;
constexpr Byte kRolesOfUser = 4;

void publish(messaging::Bus& bus, Byte kind, ByteView id) {
  if (const auto status = bus.publish(kSubject, ByteWriter().u8(kind).raw(id).view()); !status) {
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
    publish(bus_, kSession, session.bytes());
  }
  for (const auto& device : ended.devices) {
    publish(bus_, kDevice, device.bytes());
  }
}

void Revocations::tell_roles_changed(UserId user) {
  publish(bus_, kRolesOfUser, user.bytes());
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
