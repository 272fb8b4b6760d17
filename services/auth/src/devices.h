#pragma once
// Devices of users and IoT devices of organisations: the rules.

#include <optional>
#include <string>

#include "domain.h"
#include "store_devices.h"
#include "store_sessions.h"
#include "store_users.h"

namespace unhidra::auth {

struct NewDevice {
  std::string name;
  std::string platform;
};

// Binds the actor's session to a new device of his. Errc::device_bound when it has one already,
// Errc::too_many_devices.
struct BoundDevice {
  store::Device device;
  store::Session session;
};
Result<BoundDevice> register_device(storage::Transaction& tx, const Domain& domain,
                                    const Actor& actor, const NewDevice& device);

// Ends the device's sessions too. `owner`: only if it is his. Errc::not_found, also when it is
// revoked already.
// Binds a new session to a device that its user has already: one whose session is over. A device of
// somebody else, or a revoked one, is Errc::not_found.
Status return_to_device(storage::Transaction& tx, const store::User& user, store::Session& session,
                        DeviceId id);

Result<Ended> revoke_device(storage::Transaction& tx, const Domain& domain, const Actor& actor,
                            std::optional<UserId> owner, std::string_view kind, DeviceId device);

struct NewIotDevice {
  store::Device device;
  std::string api_key;  // shown this once
};
Result<NewIotDevice> create_iot_device(storage::Transaction& tx, const Domain& domain,
                                       const Actor& actor, const NewDevice& device);

}  // namespace unhidra::auth
