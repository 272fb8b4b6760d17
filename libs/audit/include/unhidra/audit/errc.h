#pragma once

#include "unhidra/base/error.h"

namespace unhidra::audit {

enum class Errc : std::uint8_t {
  bad_event,     // a field is empty, too long or not UTF-8: a bug in the caller
  broken_chain,  // verification found a change; the message names the row
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::broken_chain:
      return {"audit.broken_chain", ErrorKind::corrupt};
    case Errc::bad_event:
      break;
  }
  return {"audit.bad_event", ErrorKind::internal};
}

}  // namespace unhidra::audit
