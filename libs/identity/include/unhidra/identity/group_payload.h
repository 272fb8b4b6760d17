#pragma once
// The public part of an end-to-end encrypted MQTT payload (UDG-1). A broker, which has no key,
// checks with it that a topic's payload is sealed, by whom and for which epoch; members
// authenticate every byte of it. It lies in the payload, so that MQTT 3.1.1 carries it too; with
// MQTT 5 the content type is kGroupPayloadContentType. Byte layout: docs/security.md, "Device
// groups".

#include <optional>

#include "unhidra/base/codec.h"
#include "unhidra/base/id.h"
#include "unhidra/crypto/keys.h"
#include "unhidra/identity/errc.h"

namespace unhidra::identity {

inline constexpr std::string_view kGroupPayloadContentType = "application/unhidra-udg";

// The last eight bytes of an id: random in a version 7 UUID, and short enough for every message.
using GroupTag = crypto::PublicValue<struct GroupTagTag, 8>;
using SenderTag = crypto::PublicValue<struct SenderTagTag, 8>;
GroupTag tag_of(DeviceGroupId group);
SenderTag tag_of(DeviceId device);

// Algorithms of a payload. 1: HMAC-SHA-256 chains, ChaCha20-Poly1305, Ed25519. Another one is for
// FIPS (AES-256-GCM, ECDSA P-256); a group has one, never two.
enum class GroupSuite : std::uint8_t { chacha20poly1305_ed25519 = 1 };

enum class PayloadKind : std::uint8_t {
  telemetry = 0,  // a reading: authenticated by the group's key, any member could have sent it
  state = 1,      // what a device is; may be retained
  command = 2,
  result = 3,  // of a command
};

struct GroupPayloadHeader {
  GroupSuite suite = GroupSuite::chacha20poly1305_ed25519;
  PayloadKind kind = PayloadKind::telemetry;
  bool is_signed = false;
  bool retained = false;  // as published: a broker cannot turn a passing message into a kept one
  GroupTag group;
  std::uint32_t epoch = 0;
  SenderTag sender;
  std::uint32_t counter = 0;  // of the sender in this epoch; never used twice

  friend bool operator==(const GroupPayloadHeader&, const GroupPayloadHeader&) = default;
};

// Commands, results, state and whatever is retained prove their sender by signature: a member that
// was taken over must not be able to speak for another one there.
constexpr bool needs_signature(PayloadKind kind, bool retained) {
  return kind != PayloadKind::telemetry || retained;
}

struct GroupPayload {
  GroupPayloadHeader header;
  ByteView header_bytes;                       // as received; what is authenticated
  ByteView sealed;                             // ciphertext and tag
  std::optional<crypto::Signature> signature;  // over header, topic and `sealed`
};

void write(ByteWriter& out, const GroupPayloadHeader& header);
// Strict and bounded by the payload; the views point into it. Refuses kinds without their
// signature. Errc::malformed; nothing is proved by it.
Result<GroupPayload> parse_group_payload(ByteView payload);

}  // namespace unhidra::identity
