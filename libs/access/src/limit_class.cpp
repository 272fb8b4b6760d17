#include "unhidra/access/limit_class.h"

#include <array>

namespace unhidra::access {

std::string_view to_string(LimitClass limit) {
  static constexpr std::array<std::string_view, kLimitClasses> kNames{
      "none",           "open",
      "login",          "refresh",
      "registration",   "device_registration",
      "enrolment",      "credential_change",
      "reads",          "writes",
      "file_transfers", "administration",
      "connections",    "requests",
      "messages",       "prekey_fetch",
      "people_search",  "prekey_fetch_target"};
  return kNames[static_cast<std::size_t>(limit)];
}

std::string_view to_string(LimitKey key) {
  static constexpr std::array<std::string_view, 4> kNames{"ip", "user", "connection", "target"};
  return kNames[static_cast<std::size_t>(key)];
}

}  // namespace unhidra::access
