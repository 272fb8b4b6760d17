#include "unhidra/access/profile_change.h"

#include "unhidra/base/codec.h"

namespace unhidra::access {

Bytes ProfileChange::encode() const {
  return std::move(ByteWriter().raw(org.bytes()).raw(user.bytes())).take();
}

Result<ProfileChange> ProfileChange::decode(ByteView bytes) {
  ByteReader reader(bytes);
  const ProfileChange out{OrgId(reader.array<16>()), UserId(reader.array<16>())};
  UNHIDRA_TRY_VOID(reader.finish("a change of a profile"));
  return out;
}

}  // namespace unhidra::access
