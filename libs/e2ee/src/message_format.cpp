#include "message_format.h"

#include <limits>

namespace unhidra::e2ee {
namespace {

constexpr std::uint8_t kHasOneTimePreKey = 1;
constexpr std::uint8_t kLastResort = 2;

constexpr std::uint8_t first_byte(MessageType type) {
  return static_cast<std::uint8_t>((kMessageVersion << 4) | static_cast<std::uint8_t>(type));
}

std::uint32_t read_u32_varint(ByteReader& in) {
  const std::uint64_t value = in.varint();
  if (value > std::numeric_limits<std::uint32_t>::max()) {
    in.set_failed();
  }
  return static_cast<std::uint32_t>(value);
}

Status expect_type(ByteView bytes, MessageType type) {
  UNHIDRA_TRY(const auto found, message_type(bytes));
  if (found != type) {
    return fail(Errc::malformed, "the message is of another type");
  }
  return {};
}

}  // namespace

Result<MessageType> message_type(ByteView message) {
  if (message.empty() || message.size() > kMaxMessageSize) {
    return fail(Errc::malformed, "the message is empty or too long");
  }
  if (message[0] >> 4 != kMessageVersion) {
    return fail(Errc::unsupported, "the message is of an unknown version");
  }
  for (const auto type : {MessageType::prekey, MessageType::ratchet}) {
    if (message[0] == first_byte(type)) {
      return type;
    }
  }
  return fail(Errc::malformed, "the message is of an unknown type");
}

void write(ByteWriter& out, const PreKeyHeader& header) {
  const int flags =
      (header.one_time_prekey_id ? kHasOneTimePreKey : 0) | (header.last_resort ? kLastResort : 0);
  out.u8(first_byte(MessageType::prekey)).u8(static_cast<std::uint8_t>(header.suite));
  out.u8(static_cast<std::uint8_t>(flags)).varint(header.epoch);
  out.raw(header.identity_key.bytes()).raw(header.base_key.bytes());
  out.varint(header.signed_prekey_id);
  if (header.one_time_prekey_id) {
    out.varint(*header.one_time_prekey_id);
  }
}

void write(ByteWriter& out, const RatchetHeader& header) {
  out.u8(first_byte(MessageType::ratchet)).raw(header.ratchet_key.bytes());
  out.varint(header.previous_count).varint(header.number);
}

Result<RatchetMessage> parse_ratchet_message(ByteView bytes) {
  UNHIDRA_TRY_VOID(expect_type(bytes, MessageType::ratchet));
  ByteReader in(bytes.subspan(1));
  RatchetMessage out;
  out.header.ratchet_key = crypto::X25519PublicKey(in.array<32>());
  out.header.previous_count = read_u32_varint(in);
  out.header.number = read_u32_varint(in);
  out.sealed = in.raw(in.remaining());
  if (in.failed() || out.sealed.size() < crypto::kAeadTagSize) {
    return fail(Errc::malformed, "the ratchet message is truncated or malformed");
  }
  return out;
}

Result<PreKeyMessage> parse_prekey_message(ByteView bytes) {
  UNHIDRA_TRY_VOID(expect_type(bytes, MessageType::prekey));
  ByteReader in(bytes.subspan(1));
  PreKeyMessage out;
  const auto suite = in.u8();
  if (!in.failed() && suite != static_cast<std::uint8_t>(out.header.suite)) {
    return fail(Errc::unsupported, "the message is of an unknown suite");
  }
  const auto flags = in.u8();
  out.header.epoch = in.varint();
  out.header.identity_key = crypto::X25519PublicKey(in.array<32>());
  out.header.base_key = crypto::X25519PublicKey(in.array<32>());
  out.header.signed_prekey_id = read_u32_varint(in);
  out.header.last_resort = (flags & kLastResort) != 0;
  if ((flags & kHasOneTimePreKey) != 0) {
    out.header.one_time_prekey_id = read_u32_varint(in);
  }
  if (in.failed() || (flags & ~(kHasOneTimePreKey | kLastResort)) != 0 ||
      out.header.epoch > kMaxEpoch) {
    return fail(Errc::malformed, "the prekey message is truncated or malformed");
  }
  UNHIDRA_TRY(out.message, parse_ratchet_message(in.rest()));
  return out;
}

}  // namespace unhidra::e2ee
