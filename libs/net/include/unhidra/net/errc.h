#pragma once
// What can go wrong on the wire.

#include <cstdint>

#include "unhidra/base/error.h"

namespace unhidra::net {

enum class Errc : std::uint8_t {
  bad_settings,          // an address, certificate or key that cannot be used
  address_in_use,        // the port is taken
  connect_failed,        // no such host, refused, unreachable
  tls_failed,            // the handshake broke off
  untrusted,             // the peer's certificate is not the expected one
  timed_out,             // no answer within the deadline
  closed,                // the connection is gone
  bad_message,           // the peer does not speak the protocol
  too_large,             // over a size limit
  upgrade_refused,       // the server answered the WebSocket upgrade with another status
  upgrade_unauthorized,  // ... with 401
  upgrade_denied,        // ... with 403
  upgrade_unavailable,   // ... with 429 or 503
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::bad_settings:
      return {"net.bad_settings", ErrorKind::invalid};
    case Errc::address_in_use:
      return {"net.address_in_use", ErrorKind::conflict};
    case Errc::connect_failed:
      return {"net.connect_failed", ErrorKind::unavailable};
    case Errc::tls_failed:
      return {"net.tls_failed", ErrorKind::unavailable};
    case Errc::untrusted:
      return {"net.untrusted", ErrorKind::unauthenticated};
    case Errc::timed_out:
      return {"net.timed_out", ErrorKind::timeout};
    case Errc::closed:
      return {"net.closed", ErrorKind::unavailable};
    case Errc::bad_message:
      return {"net.bad_message", ErrorKind::invalid};
    case Errc::too_large:
      return {"net.too_large", ErrorKind::too_large};
    case Errc::upgrade_refused:
      return {"net.upgrade_refused", ErrorKind::invalid};
    case Errc::upgrade_unauthorized:
      return {"net.upgrade_unauthorized", ErrorKind::unauthenticated};
    case Errc::upgrade_denied:
      return {"net.upgrade_denied", ErrorKind::denied};
    case Errc::upgrade_unavailable:
      break;
  }
  return {"net.upgrade_unavailable", ErrorKind::unavailable};
}

}  // namespace unhidra::net
