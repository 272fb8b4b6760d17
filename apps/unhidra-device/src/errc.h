#pragma once
// What can go wrong, and the exit code of each.

#include "unhidra/base/error.h"

namespace unhidra::device {

enum class Errc : std::uint8_t {
  usage,        // the command line makes no sense
  failed,       // anything without a code of its own
  bad_home,     // a file of the device cannot be read or written, or another process uses it
  needs_code,   // there is no certificate that the server takes: a (new) one-time code is needed
  unreachable,  // no connection to the server
  untrusted,    // the server's certificate is not the one that was told
  timed_out,    // not done in time
  refused,      // the device, the broker or the owner's policy says no
  bad_group,    // a group file that this device cannot believe
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::usage:
      return {"device.usage", ErrorKind::invalid};
    case Errc::bad_home:
      return {"device.bad_home", ErrorKind::corrupt};
    case Errc::needs_code:
      return {"device.needs_code", ErrorKind::unauthenticated};
    case Errc::unreachable:
      return {"device.unreachable", ErrorKind::unavailable};
    case Errc::untrusted:
      return {"device.untrusted", ErrorKind::unauthenticated};
    case Errc::timed_out:
      return {"device.timed_out", ErrorKind::timeout};
    case Errc::refused:
      return {"device.refused", ErrorKind::denied};
    case Errc::bad_group:
      return {"device.bad_group", ErrorKind::unprocessable};
    case Errc::failed:
      break;
  }
  return {"device.failed", ErrorKind::internal};
}

// Documented in README.md; scripts rely on them.
enum class ExitCode : int {
  ok = 0,
  other = 1,
  usage = 2,
  needs_code = 3,
  network = 4,
  untrusted = 5,
  refused = 6,
};

ExitCode exit_code_of(const Error& error);

}  // namespace unhidra::device
