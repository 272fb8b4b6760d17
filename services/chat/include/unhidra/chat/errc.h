#pragma once

#include <cstdint>

#include "unhidra/base/error.h"

namespace unhidra::chat {

enum class Errc : std::uint8_t {
  malformed,            // a request that no client of ours would send
  not_found,            // no such user, device or conversation for this asker
  no_device,            // the session is bound to no device
  device_not_approved,  // the device stands on no device list
  bad_keys,             // keys or signatures that may not be stored
  keys_fixed,           // the device has published other long-term keys before
  prekey_id_reused,     // one-time prekey ids only ever grow
  too_many_prekeys,     // more one-time prekeys than a device may keep here
  bad_device_list,      // a device list that may not be stored
  stale_device_list,    // not the successor of the stored list
  stale_devices,        // ciphertexts for another set of devices than the present one
  message_id_reused,    // the id belongs to another message
  message_too_large,
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::malformed:
      return {"chat.malformed", ErrorKind::invalid};
    case Errc::not_found:
      return {"chat.not_found", ErrorKind::not_found};
    case Errc::no_device:
      return {"chat.no_device", ErrorKind::denied};
    case Errc::device_not_approved:
      return {"chat.device_not_approved", ErrorKind::denied};
    case Errc::bad_keys:
      return {"chat.bad_keys", ErrorKind::unprocessable};
    case Errc::keys_fixed:
      return {"chat.keys_fixed", ErrorKind::conflict};
    case Errc::prekey_id_reused:
      return {"chat.prekey_id_reused", ErrorKind::conflict};
    case Errc::too_many_prekeys:
      return {"chat.too_many_prekeys", ErrorKind::too_large};
    case Errc::bad_device_list:
      return {"chat.bad_device_list", ErrorKind::unprocessable};
    case Errc::stale_device_list:
      return {"chat.stale_device_list", ErrorKind::conflict};
    case Errc::stale_devices:
      return {"chat.stale_devices", ErrorKind::conflict};
    case Errc::message_id_reused:
      return {"chat.message_id_reused", ErrorKind::conflict};
    case Errc::message_too_large:
      break;
  }
  return {"chat.message_too_large", ErrorKind::too_large};
}

}  // namespace unhidra::chat
