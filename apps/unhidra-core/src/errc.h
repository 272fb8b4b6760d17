#pragma once
// What the interface itself refuses; the engine's failures keep their own codes.

#include "unhidra/base/error.h"

#include "unhidra_core.h"

namespace unhidra::core {

enum class Errc : std::uint8_t {
  bad_handle,    // never given out, or closed
  bad_argument,  // a span outside the buffers, a malformed id, a wrong length
  full,          // too many engines or buffers
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::bad_handle:
      return {"core.bad_handle", ErrorKind::not_found};
    case Errc::full:
      return {"core.full", ErrorKind::unavailable};
    case Errc::bad_argument:
      break;
  }
  return {"core.bad_argument", ErrorKind::invalid};
}

inline unhidra_refusal refusal_of(const Error& error) {
  return error == Errc::bad_handle     ? UNHIDRA_BAD_HANDLE
         : error == Errc::bad_argument ? UNHIDRA_BAD_ARGUMENT
         : error == Errc::full         ? UNHIDRA_FULL
                                       : UNHIDRA_REFUSED;
}

}  // namespace unhidra::core
