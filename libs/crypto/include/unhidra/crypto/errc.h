#pragma once
// What can go wrong in cryptography. The message never tells more than the code does about secrets.

#include <cstdint>

#include "unhidra/base/error.h"

namespace unhidra::crypto {

enum class Errc : std::uint8_t {
  bad_signature,    // the signature does not verify
  bad_tag,          // the ciphertext or its associated data is not what was sealed
  bad_key,          // not a valid key: wrong length, not on the curve, not canonical
  low_order_point,  // a peer's point would make the shared secret predictable (RFC 7748 section 6)
  unsupported,      // this provider lacks the algorithm
  bad_parameters,   // a length, cost or format outside what the algorithm takes
  wrong_password,   // the password does not match the stored hash
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::bad_signature:
      return {"crypto.bad_signature", ErrorKind::unprocessable};
    case Errc::bad_tag:
      return {"crypto.bad_tag", ErrorKind::unprocessable};
    case Errc::bad_key:
      return {"crypto.bad_key", ErrorKind::invalid};
    case Errc::low_order_point:
      return {"crypto.low_order_point", ErrorKind::unprocessable};
    case Errc::unsupported:
      return {"crypto.unsupported", ErrorKind::invalid};
    case Errc::wrong_password:
      return {"crypto.wrong_password", ErrorKind::unauthenticated};
    case Errc::bad_parameters:
      break;
  }
  return {"crypto.bad_parameters", ErrorKind::invalid};
}

}  // namespace unhidra::crypto
