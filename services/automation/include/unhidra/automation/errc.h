#pragma once
// What can go wrong with devices and their certificates.

#include <cstdint>

#include "unhidra/base/error.h"

namespace unhidra::automation {

enum class Errc : std::uint8_t {
  bad_credentials,  // no code and no certificate, or neither is good: one answer for every reason
  bad_request,      // a certificate request that is malformed or asks for what is another's
  denied,           // by a person
  not_found,
  conflict,      // the state is not the one that the request speaks of
  bad_policy,    // the topic policy cannot be used: the message says why
  no_authority,  // the authority's key cannot be used
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::bad_credentials:
      return {"automation.bad_credentials", ErrorKind::unauthenticated};
    case Errc::bad_request:
      return {"automation.bad_request", ErrorKind::invalid};
    case Errc::denied:
      return {"automation.denied", ErrorKind::denied};
    case Errc::not_found:
      return {"automation.not_found", ErrorKind::not_found};
    case Errc::conflict:
      return {"automation.conflict", ErrorKind::conflict};
    case Errc::bad_policy:
      return {"automation.bad_policy", ErrorKind::invalid};
    case Errc::no_authority:
      break;
  }
  return {"automation.no_authority", ErrorKind::unavailable};
}

}  // namespace unhidra::automation
