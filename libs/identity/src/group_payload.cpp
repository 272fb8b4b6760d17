#include "unhidra/identity/group_payload.h"

#include <algorithm>
#include <limits>

#include "unhidra/base/codec.h"

namespace unhidra::identity {
namespace {

constexpr std::uint8_t kSigned = 0x01;
constexpr std::uint8_t kRetained = 0x02;
constexpr unsigned kKindShift = 2;
constexpr std::uint8_t kKnownFlags = 0x0f;

template <class Tag>
Tag last_eight(ByteView id) {
  Tag out;
  std::ranges::copy(id.last(8), out.mutable_bytes().begin());
  return out;
}

std::uint8_t flags_of(const GroupPayloadHeader& header) {
  return static_cast<std::uint8_t>((header.is_signed ? kSigned : 0) |
                                   (header.retained ? kRetained : 0) |
                                   (static_cast<unsigned>(header.kind) << kKindShift));
}

GroupPayloadHeader read_header(ByteReader& in) {
  GroupPayloadHeader out;
  out.suite = static_cast<GroupSuite>(in.u8());
  const std::uint8_t flags = in.u8();
  out.group = GroupTag(in.array<8>());
  out.epoch = in.u32();
  out.sender = SenderTag(in.array<8>());
  const std::uint64_t counter = in.varint();
  if (out.suite != GroupSuite::chacha20poly1305_ed25519 || (flags & ~kKnownFlags) != 0 ||
      out.epoch == 0 || counter > std::numeric_limits<std::uint32_t>::max()) {
    in.set_failed();
  }
  out.is_signed = (flags & kSigned) != 0;
  out.retained = (flags & kRetained) != 0;
  out.kind = static_cast<PayloadKind>(flags >> kKindShift & 3);
  out.counter = static_cast<std::uint32_t>(counter);
  return out;
}

}  // namespace

GroupTag tag_of(DeviceGroupId group) {
  return last_eight<GroupTag>(group.bytes());
}
SenderTag tag_of(DeviceId device) {
  return last_eight<SenderTag>(device.bytes());
}

void write(ByteWriter& out, const GroupPayloadHeader& header) {
  out.u8(static_cast<std::uint8_t>(header.suite)).u8(flags_of(header));
  out.raw(header.group.bytes()).u32(header.epoch).raw(header.sender.bytes());
  out.varint(header.counter);
}

Result<GroupPayload> parse_group_payload(ByteView payload) {
  ByteReader in(payload);
  GroupPayload out;
  out.header = read_header(in);
  const std::size_t signature_size = out.header.is_signed ? crypto::kEd25519SignatureSize : 0;
  if (in.failed() || in.remaining() < crypto::kAeadTagSize + signature_size) {
    return fail(Errc::malformed, "not a sealed payload of a device group");
  }
  if (needs_signature(out.header.kind, out.header.retained) && !out.header.is_signed) {
    return fail(Errc::malformed, "a payload of this kind must be signed");
  }
  out.header_bytes = payload.first(payload.size() - in.remaining());
  out.sealed = in.raw(in.remaining() - signature_size);
  if (out.header.is_signed) {
    out.signature = crypto::Signature(in.array<crypto::kEd25519SignatureSize>());
  }
  return out;
}

}  // namespace unhidra::identity
