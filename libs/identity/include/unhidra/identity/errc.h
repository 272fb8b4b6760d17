#pragma once
// What can be wrong with a public-key document.

#include <cstdint>

#include "unhidra/base/error.h"

namespace unhidra::identity {

enum class Errc : std::uint8_t {
  malformed,          // not the one canonical encoding, or over a limit
  bad_key,            // a public key that is not canonical, of low order or not on the curve
  bad_signature,      // not signed by the key that should have signed
  duplicate,          // an id or key stands twice in one document
  stale_version,      // older than, or as old as, the list already known
  forked,             // does not continue the list already known
  account_changed,    // another account key, or another user: people must compare safety numbers
  device_changed,     // the keys of a device differ from those its account signed
  unknown_device,     // the device stands on no list of its account
  out_of_date,        // the prekey is too old, or from the future
  not_an_owner,       // signed by a key that owns the group no longer, or never did
  bad_safety_number,  // the scanned text is no safety number of this version
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::malformed:
      return {"identity.malformed", ErrorKind::invalid};
    case Errc::bad_key:
      return {"identity.bad_key", ErrorKind::unprocessable};
    case Errc::bad_signature:
      return {"identity.bad_signature", ErrorKind::unprocessable};
    case Errc::duplicate:
      return {"identity.duplicate", ErrorKind::unprocessable};
    case Errc::stale_version:
      return {"identity.stale_version", ErrorKind::conflict};
    case Errc::forked:
      return {"identity.forked", ErrorKind::conflict};
    case Errc::account_changed:
      return {"identity.account_changed", ErrorKind::conflict};
    case Errc::device_changed:
      return {"identity.device_changed", ErrorKind::conflict};
    case Errc::unknown_device:
      return {"identity.unknown_device", ErrorKind::not_found};
    case Errc::out_of_date:
      return {"identity.out_of_date", ErrorKind::unprocessable};
    case Errc::not_an_owner:
      return {"identity.not_an_owner", ErrorKind::denied};
    case Errc::bad_safety_number:
      break;
  }
  return {"identity.bad_safety_number", ErrorKind::invalid};
}

}  // namespace unhidra::identity
