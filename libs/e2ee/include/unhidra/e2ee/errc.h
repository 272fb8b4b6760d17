#pragma once
// Why a message could not be encrypted or decrypted. Whatever the code: nothing has changed, and
// the next good message decrypts.

#include <cstdint>

#include "unhidra/base/error.h"

namespace unhidra::e2ee {

enum class Errc : std::uint8_t {
  malformed,       // not in the message format, or over a limit
  unsupported,     // a version or suite that this program does not know
  wrong_device,    // sender, recipient or identity key are not those of this pair of devices
  no_session,      // nothing to send with, or nothing that could read this: start a new session
  unknown_prekey,  // names a prekey that this device does not hold (any more)
  undecryptable,   // tag or ratchet key do not fit: tampered with, or meant for another session
  duplicate,       // read before, or so late that its key is gone
  too_far_ahead,   // more messages are missing than may be skipped
  exhausted,       // a counter has reached its end: start a new session
  unknown_epoch,  // of a device group: sealed with keys that this member does not hold (yet, or any
                  // more)
  stale,          // older than what is known of this topic's state, or past its deadline
  bad_stored_session,  // stored bytes are damaged or of an unknown version
  rolled_back,         // stored bytes are older than what the caller remembers
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::malformed:
      return {"e2ee.malformed", ErrorKind::invalid};
    case Errc::unsupported:
      return {"e2ee.unsupported", ErrorKind::invalid};
    case Errc::wrong_device:
      return {"e2ee.wrong_device", ErrorKind::unprocessable};
    case Errc::no_session:
      return {"e2ee.no_session", ErrorKind::not_found};
    case Errc::unknown_prekey:
      return {"e2ee.unknown_prekey", ErrorKind::not_found};
    case Errc::undecryptable:
      return {"e2ee.undecryptable", ErrorKind::unprocessable};
    case Errc::duplicate:
      return {"e2ee.duplicate", ErrorKind::conflict};
    case Errc::too_far_ahead:
      return {"e2ee.too_far_ahead", ErrorKind::unprocessable};
    case Errc::exhausted:
      return {"e2ee.exhausted", ErrorKind::conflict};
    case Errc::unknown_epoch:
      return {"e2ee.unknown_epoch", ErrorKind::not_found};
    case Errc::stale:
      return {"e2ee.stale", ErrorKind::conflict};
    case Errc::bad_stored_session:
      return {"e2ee.bad_stored_session", ErrorKind::corrupt};
    case Errc::rolled_back:
      break;
  }
  return {"e2ee.rolled_back", ErrorKind::corrupt};
}

}  // namespace unhidra::e2ee
