#pragma once

#include <cstdint>

#include "unhidra/base/error.h"

namespace unhidra::gateway {

enum class Errc : std::uint8_t {
  bad_frame,           // not a ClientFrame
  unknown_request,     // a request of another release
  too_many_in_flight,  // more requests under way than a connection may have
  foreign_token,       // a token of another session than the one that opened the connection
  bad_upgrade,         // not the product's subprotocol
  no_token,            // no access token offered
  foreign_origin,      // a page that may not connect
  unknown_path,
  no_device,      // the session is bound to no device
  no_web_client,  // no built web client in the folder
  stopping,
  gone,  // the connection closed while its request was under way
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::bad_frame:
      return {"gateway.bad_frame", ErrorKind::invalid};
    case Errc::unknown_request:
      return {"gateway.unknown_request", ErrorKind::not_found};
    case Errc::too_many_in_flight:
      return {"gateway.too_many_in_flight", ErrorKind::rate_limited};
    case Errc::foreign_token:
      return {"gateway.foreign_token", ErrorKind::denied};
    case Errc::bad_upgrade:
      return {"gateway.bad_upgrade", ErrorKind::invalid};
    case Errc::no_token:
      return {"gateway.no_token", ErrorKind::unauthenticated};
    case Errc::foreign_origin:
      return {"gateway.foreign_origin", ErrorKind::denied};
    case Errc::unknown_path:
      return {"gateway.unknown_path", ErrorKind::not_found};
    case Errc::no_device:
      return {"gateway.no_device", ErrorKind::denied};
    case Errc::no_web_client:
      return {"gateway.no_web_client", ErrorKind::not_found};
    case Errc::stopping:
      return {"gateway.stopping", ErrorKind::unavailable};
    case Errc::gone:
      break;
  }
  return {"gateway.gone", ErrorKind::cancelled};
}

}  // namespace unhidra::gateway
