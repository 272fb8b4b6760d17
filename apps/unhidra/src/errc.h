#pragma once

#include "unhidra/base/error.h"

namespace unhidra::server {

enum class Errc : std::uint8_t {
  bad_directory,    // the data directory cannot be used
  already_running,  // another server holds it
  bad_option,       // a command line that makes no sense
  not_found,        // an admin command names something that does not exist
  broken_chain,     // the audit log was tampered with
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::bad_directory:
      return {"server.bad_directory", ErrorKind::invalid};
    case Errc::already_running:
      return {"server.already_running", ErrorKind::conflict};
    case Errc::bad_option:
      return {"server.bad_option", ErrorKind::invalid};
    case Errc::not_found:
      return {"server.not_found", ErrorKind::not_found};
    case Errc::broken_chain:
      break;
  }
  return {"server.broken_chain", ErrorKind::corrupt};
}

}  // namespace unhidra::server
