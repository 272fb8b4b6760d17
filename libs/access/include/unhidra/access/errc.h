#pragma once
// Error codes of the room `access`.

#include "unhidra/base/error.h"

namespace unhidra::access {

enum class Errc : std::uint8_t {
  unauthenticated,         // no credentials, or they are not valid (any more)
  denied,                  // known, but not allowed
  not_found,               // no such thing, or not the asker's to know of
  unknown_operation,       // no such route or frame
  method_not_allowed,      // the path exists, but not with this method
  rate_limited,            // over a rate limit; retry_after is set
  bad_request,             // a path, query or header that makes no sense
  bad_json,                // not JSON, or JSON that no two parsers read alike
  bad_field,               // a field is unknown, missing, of a wrong type or out of range
  bad_cursor,              // not a cursor of this list
  unsupported_media_type,  // a body that is not application/json
  body_too_large,
  idempotency_mismatch,  // the key was used for another request
  idempotency_conflict,  // the request with this key is under way, or its answer is not kept
  audit_unavailable,     // the audit record could not be written: nothing may happen unrecorded
  bad_principal,         // a routed principal that this release does not understand
  internal,              // a bug
};
constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::unauthenticated:
      return {"access.unauthenticated", ErrorKind::unauthenticated};
    case Errc::denied:
      return {"access.denied", ErrorKind::denied};
    case Errc::not_found:
      return {"access.not_found", ErrorKind::not_found};
    case Errc::unknown_operation:
      return {"access.unknown_operation", ErrorKind::not_found};
    case Errc::method_not_allowed:
      return {"access.method_not_allowed", ErrorKind::invalid};
    case Errc::rate_limited:
      return {"access.rate_limited", ErrorKind::rate_limited};
    case Errc::bad_request:
      return {"access.bad_request", ErrorKind::invalid};
    case Errc::bad_json:
      return {"access.bad_json", ErrorKind::invalid};
    case Errc::bad_field:
      return {"access.bad_field", ErrorKind::invalid};
    case Errc::bad_cursor:
      return {"access.bad_cursor", ErrorKind::invalid};
    case Errc::unsupported_media_type:
      return {"access.unsupported_media_type", ErrorKind::invalid};
    case Errc::body_too_large:
      return {"access.body_too_large", ErrorKind::too_large};
    case Errc::idempotency_mismatch:
      return {"access.idempotency_mismatch", ErrorKind::unprocessable};
    case Errc::idempotency_conflict:
      return {"access.idempotency_conflict", ErrorKind::conflict};
    case Errc::audit_unavailable:
      return {"access.audit_unavailable", ErrorKind::unavailable};
    case Errc::bad_principal:
      return {"access.bad_principal", ErrorKind::invalid};
    case Errc::internal:
      break;
  }
  return {"access.internal", ErrorKind::internal};
}

}  // namespace unhidra::access
