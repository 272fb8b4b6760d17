#pragma once

#include "unhidra/base/error.h"

namespace unhidra::messaging {

enum class Errc : std::uint8_t {
  no_responder,  // nobody serves this subject
  overloaded,    // the responder has as many requests in flight as it takes
  bad_subject,   // a bug of the caller
  too_large,     // over the bus's payload limit
  closed,        // the bus is going down
  disconnected,  // the bus's server does not answer
  bad_reply,     // a reply that does not parse
  too_many_watched,
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::no_responder:
      return {"messaging.no_responder", ErrorKind::unavailable};
    case Errc::overloaded:
      return {"messaging.overloaded", ErrorKind::unavailable};
    case Errc::bad_subject:
      return {"messaging.bad_subject", ErrorKind::internal};
    case Errc::too_large:
      return {"messaging.too_large", ErrorKind::too_large};
    case Errc::closed:
      return {"messaging.closed", ErrorKind::unavailable};
    case Errc::disconnected:
      return {"messaging.disconnected", ErrorKind::unavailable};
    case Errc::too_many_watched:
      return {"messaging.too_many_watched", ErrorKind::invalid};
    case Errc::bad_reply:
      break;
  }
  return {"messaging.bad_reply", ErrorKind::corrupt};
}

}  // namespace unhidra::messaging
