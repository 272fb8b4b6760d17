#pragma once

#include <cstdint>

#include "unhidra/base/error.h"

namespace unhidra::policy {

enum class Errc : std::uint8_t {
  bad_file,       // a file or folder cannot be read, or is no JSON or YAML
  conflict,       // two files give the same place in data different values
  bad_bundle,     // not an archive, not a manifest, or outside the manifest's roots
  bad_signature,  // a bundle's signature is missing, wrong, or of other files
  no_policy,      // nothing is loaded, or not the wanted revision
  silent,         // the policy has nothing in the package that is asked
  bad_log,        // a decision log that cannot be read
  remote_failed,  // a remote server did not answer with a decision
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::bad_file:
      return {"policy.bad_file", ErrorKind::invalid};
    case Errc::conflict:
      return {"policy.conflict", ErrorKind::conflict};
    case Errc::bad_bundle:
      return {"policy.bad_bundle", ErrorKind::invalid};
    case Errc::bad_signature:
      return {"policy.bad_signature", ErrorKind::unprocessable};
    case Errc::bad_log:
      return {"policy.bad_log", ErrorKind::corrupt};
    case Errc::remote_failed:
      return {"policy.remote_failed", ErrorKind::unavailable};
    case Errc::silent:
      return {"policy.silent", ErrorKind::not_found};
    case Errc::no_policy:
      break;
  }
  return {"policy.no_policy", ErrorKind::not_found};
}

}  // namespace unhidra::policy
