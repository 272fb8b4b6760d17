#include "unhidra/identity/member_name.h"

#include "unhidra/base/codec.h"

namespace unhidra::identity {

namespace {

constexpr std::uint8_t kFormat = 1;

}  // namespace

Bytes encode(const MemberName& name) {
  ByteWriter out(33);
  out.u8(kFormat).raw(name.user_id.bytes()).raw(name.device_id.bytes());
  return std::move(out).take();
}

Result<MemberName> decode_member_name(ByteView bytes) {
  ByteReader in(bytes);
  const auto format = in.u8();
  MemberName out;
  out.user_id = UserId(in.array<16>());
  out.device_id = DeviceId(in.array<16>());
  if (!in.finish("a member's name") || format != kFormat || out.user_id.is_nil() ||
      out.device_id.is_nil()) {
    return fail(Errc::malformed, "the credential names no device");
  }
  return out;
}

}  // namespace unhidra::identity
