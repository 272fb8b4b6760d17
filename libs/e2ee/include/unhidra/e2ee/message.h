#pragma once
// The bytes that travel, and what is authenticated beside them. docs/security.md, "Message format"
// and "Associated data".

#include <optional>

#include "unhidra/base/id.h"
#include "unhidra/crypto/keys.h"
#include "unhidra/e2ee/errc.h"
#include "unhidra/e2ee/limits.h"
#include "unhidra/identity/prekeys.h"

namespace unhidra::e2ee {

// Algorithms of a session, fixed at its start. Suite 1: X3DH and Double Ratchet with X25519,
// HKDF-SHA-256, ChaCha20-Poly1305. A hybrid with ML-KEM will be another one.
enum class Suite : std::uint8_t { x25519_chacha20poly1305_sha256 = 1 };

enum class MessageKind : std::uint8_t {
  content = 1,         // a unhidra.v1.Content, padded
  device_channel = 2,  // between a controller and a device of its owner (device_channel.h)
};

// What both sides know about a message from outside the ciphertext. All of it is authenticated: a
// message that the server moves to another conversation, sender, recipient, id or time is refused.
struct MessageContext {
  ConversationId conversation;
  UserId sender_user;
  DeviceId sender_device;
  DeviceId recipient_device;
  MessageId message_id;
  Timestamp sent_at{};
  MessageKind kind = MessageKind::content;
};

enum class MessageType : std::uint8_t {
  prekey = 1,   // starts a session; sent until the peer has answered once
  ratchet = 2,  // within a session
};
// From the first byte alone; Errc::malformed, Errc::unsupported.
Result<MessageType> message_type(ByteView message);

// Double Ratchet, section 3.1 (HEADER).
struct RatchetHeader {
  crypto::X25519PublicKey ratchet_key;
  std::uint32_t previous_count = 0;  // PN: messages in the sender's chain before this one
  std::uint32_t number = 0;          // N: of this message in its chain
};
struct RatchetMessage {
  RatchetHeader header;
  ByteView sealed;  // ciphertext and tag; points into what was parsed
};

// X3DH, section 3.3, and what orders sessions.
struct PreKeyHeader {
  Suite suite = Suite::x25519_chacha20poly1305_sha256;
  std::uint64_t epoch = 0;  // higher: started later (see PeerSessions)
  crypto::X25519PublicKey identity_key;
  crypto::X25519PublicKey base_key;  // the initiator's ephemeral key EK_A
  identity::PreKeyId signed_prekey_id = 0;
  bool last_resort = false;
  std::optional<identity::PreKeyId> one_time_prekey_id;
};
struct PreKeyMessage {
  PreKeyHeader header;
  RatchetMessage message;
};

// Strict: one encoding for each message, sizes bounded. They prove nothing about the sender.
Result<RatchetMessage> parse_ratchet_message(ByteView bytes);
Result<PreKeyMessage> parse_prekey_message(ByteView bytes);

}  // namespace unhidra::e2ee
