#include "unhidra/access/revocation.h"

#include "unhidra/base/codec.h"

namespace unhidra::access {

bool Revocation::covers(const Principal& principal) const {
  switch (kind) {
    case Kind::session:
      return principal.session_id.uuid() == id;
    case Kind::device:
      return principal.device_id && principal.device_id->uuid() == id;
    case Kind::user:
    case Kind::roles:
      return principal.user_id.uuid() == id;
  }
  return false;
}

Bytes Revocation::encode() const {
  return std::move(ByteWriter().u8(static_cast<Byte>(kind)).raw(id)).take();
}

Result<Revocation> Revocation::decode(ByteView bytes) {
  ByteReader reader(bytes);
  const auto kind = reader.u8();
  Revocation out{static_cast<Kind>(kind), reader.array<16>()};
  UNHIDRA_TRY_VOID(reader.finish("a revocation"));
  if (kind < 1 || kind > 4) {
    return fail(unhidra::Errc::invalid, "a revocation of an unknown kind");
  }
  return out;
}

}  // namespace unhidra::access
