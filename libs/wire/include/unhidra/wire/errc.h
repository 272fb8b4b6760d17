#pragma once
// Error codes of the room `wire`.

#include "unhidra/base/error.h"

namespace unhidra::wire {

enum class Errc : std::uint8_t {
  malformed,          // not a Protobuf message, or cut short
  wrong_type,         // a known field with a wire type that is not its own
  bad_text,           // a string that is not UTF-8
  bad_length,         // an id, key or signature of a wrong length
  bad_number,         // a number outside the field's range
  missing_field,      // a required field is absent
  too_large,          // more bytes than the limit
  too_many_elements,  // more repeated elements than the limit
  too_deep,           // nested deeper than the limit
  no_body,            // a frame without a request
};
constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::malformed:
      return {"wire.malformed", ErrorKind::invalid};
    case Errc::wrong_type:
      return {"wire.wrong_type", ErrorKind::invalid};
    case Errc::bad_text:
      return {"wire.bad_text", ErrorKind::invalid};
    case Errc::bad_length:
      return {"wire.bad_length", ErrorKind::invalid};
    case Errc::bad_number:
      return {"wire.bad_number", ErrorKind::invalid};
    case Errc::missing_field:
      return {"wire.missing_field", ErrorKind::invalid};
    case Errc::too_large:
      return {"wire.too_large", ErrorKind::too_large};
    case Errc::too_many_elements:
      return {"wire.too_many_elements", ErrorKind::too_large};
    case Errc::too_deep:
      return {"wire.too_deep", ErrorKind::invalid};
    case Errc::no_body:
      break;
  }
  return {"wire.no_body", ErrorKind::invalid};
}

}  // namespace unhidra::wire
