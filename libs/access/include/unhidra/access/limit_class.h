#pragma once
// The names of rate limits; their rules and settings stand in limits.h.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace unhidra::access {

enum class LimitClass : std::uint8_t {
  none,  // probes; cheap and needed when all else is refused
  open,  // without credentials, cheap
  login,
  refresh,
  registration,  // sign-up, first administrator
  device_registration,
  enrolment,          // devices that ask for a certificate, or whether they get it
  credential_change,  // password changes and resets
  reads,
  writes,
  file_transfers,  // parts of files, up and down
  administration,  // writes with power over others
  connections,     // WebSocket upgrades
  requests,        // frames other than messages.send
  messages,        // messages.send
  prekey_fetch,
  people_search,        // lists of people
  prekey_fetch_target,  // checked by the handler, per user whose keys are fetched
};
inline constexpr std::size_t kLimitClasses =
    static_cast<std::size_t>(LimitClass::prekey_fetch_target) + 1;
std::string_view to_string(LimitClass limit);

enum class LimitKey : std::uint8_t { ip, user, connection, target };
std::string_view to_string(LimitKey key);

}  // namespace unhidra::access
