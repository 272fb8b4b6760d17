#pragma once

#include "unhidra/base/error.h"

namespace unhidra::runtime {

enum class Errc : std::uint8_t {
  overloaded,   // a bounded queue is full; `retry_after` tells when to ask again
  stopped,      // the pool, scope or process is going down
  job_threw,    // a bug: a job on a worker let an exception out
  bad_config,   // unknown setting, wrong type, out of range, unreadable file
  file_failed,  // the operating system refused a file operation
  file_too_large,
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::overloaded:
      return {"runtime.overloaded", ErrorKind::unavailable};
    case Errc::stopped:
      return {"runtime.stopped", ErrorKind::unavailable};
    case Errc::bad_config:
      return {"runtime.bad_config", ErrorKind::invalid};
    case Errc::file_failed:
      return {"runtime.file_failed", ErrorKind::unavailable};
    case Errc::file_too_large:
      return {"runtime.file_too_large", ErrorKind::too_large};
    case Errc::job_threw:
      break;
  }
  return {"runtime.job_threw", ErrorKind::internal};
}

}  // namespace unhidra::runtime
