#pragma once
// What stands in the store: one struct a table, with its versioned encoding. Decoding refuses what
// encoding would not have written (Errc::corrupt_store).

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "unhidra/base/codec.h"
#include "unhidra/client/errc.h"
#include "unhidra/client/model.h"
#include "unhidra/client/store.h"
#include "unhidra/crypto/keys.h"
#include "unhidra/e2ee/peer_sessions.h"
#include "unhidra/identity/device_list.h"
#include "unhidra/identity/prekeys.h"
#include "unhidra/wire/conversations.h"

#include "chat_records.h"
#include "content_format.h"

namespace unhidra::client {

// Table::device, "self": never changes.
struct Self {
  UserId user;
  DeviceId device;
  std::string username;
  crypto::X25519KeyPair identity;
  crypto::Ed25519KeyPair signing;

  identity::DeviceKeys keys() const {
    return {device, identity.public_key(), signing.public_key()};
  }
  SecretBytes encode() const;
  static Result<Self> decode(const crypto::Provider& provider, ByteView bytes);
};

// A device list that this device has signed and the server has not confirmed yet.
struct Proposal {
  enum class Kind : std::uint8_t { create = 1, approve = 2, remove = 3, recover = 4 };
  Kind kind = Kind::create;
  DeviceId device;  // the one approved, removed or recovered
  Bytes document;
};

// Table::device, "progress".
struct Progress {
  Membership membership = Membership::unknown;
  std::uint64_t inbox_cursor = 0;
  identity::PreKeyId next_prekey_id = 1;
  identity::PreKeyId signed_prekey_id = 0;
  identity::PreKeyId last_resort_id = 0;
  bool keys_dirty = true;  // the server has not confirmed the present keys
  std::uint64_t next_outbox = 1;
  std::uint64_t generation = 0;  // counts commits: see Engine::generation
  std::optional<Proposal> proposal;
  bool receipts = true;  // this person sends them
  Timestamp
      receipts_changed_at{};       // when that was decided, here or on another own device; 0: never
  bool receipts_unsynced = false;  // the own other devices do not know yet
  bool withdraw_receipts = false;  // the server is to forget what it was told of them
  bool join_defaults = false;      // the account is new: into the channels for newcomers
  Timestamp names_as_of{};         // what people are called was asked for up to then
  bool review_groups = false;      // not all have been looked at since a device list has changed

  SecretBytes encode() const;
  static Result<Progress> decode(ByteView bytes);
};

// Table::pre_key; key: kind, id.
struct PreKeyRecord {
  enum class Kind : std::uint8_t { signed_key = 1, last_resort = 2, one_time = 3 };
  Kind kind = Kind::one_time;
  identity::PreKeyId id = 0;
  crypto::X25519PrivateKey key;
  Timestamp created_at{};
  std::optional<Timestamp> replaced_at;  // of a signed prekey that is no longer published
  crypto::Signature signature;           // of signed ones

  Bytes record_key() const { return record_key(kind, id); }
  static Bytes record_key(Kind kind, identity::PreKeyId id);
  SecretBytes encode() const;
  static Result<PreKeyRecord> decode(ByteView bytes);
};

// Table::user; key: user id.
struct UserRecord {
  UserId id;
  std::string username;
  std::string display_name;
  std::optional<identity::DeviceList> list;     // the one believed; its account key is pinned
  bool verified = false;                        // by comparing safety numbers
  std::optional<identity::DeviceList> changed;  // offered under another account key
  std::set<DeviceId> revoked;                   // on the list, but the server delivers nothing
  std::uint32_t held = 0;                       // messages in Table::held
  std::map<DeviceId, crypto::Ed25519PublicKey> former;  // signed once and removed since

  Trust trust() const;
  SecretBytes encode() const;
  static Result<UserRecord> decode(ByteView bytes);
};

// Table::peer; key: device id.
struct PeerRecord {
  UserId user;
  e2ee::PeerSessions sessions;
  Timestamp last_reset{};  // when this device last sent a SessionReset there

  SecretBytes encode() const;
  static Result<PeerRecord> decode(const crypto::Provider& provider, ByteView bytes);
};

// Table::conversation; key: conversation id.
struct ConversationRecord {
  ConversationId id;
  UserId peer;
  std::uint64_t next_index = 0;   // of the history
  std::uint64_t first_seq = 0;    // the lowest this device took part in; 0: none yet
  std::uint64_t head_seq = 0;     // the highest known
  std::uint64_t checked_seq = 0;  // the log is compared up to here
  Timestamp last_activity{};
  LogPlace delivered;  // the newest message of somebody else
  LogPlace read;       // the timeline's cursor
  std::uint64_t told_delivered = 0;
  std::uint64_t told_read = 0;    // to the others
  std::uint64_t synced_read = 0;  // to the own devices
  std::uint64_t changed = 0;      // the list's revision that shows it as it is; not stored

  bool is_group() const { return peer.is_nil(); }
  void note_seq(std::uint64_t seq);
  SecretBytes encode() const;
  static Result<ConversationRecord> decode(ByteView bytes);
};

// Table::message; key: conversation id, index.
Bytes message_key(ConversationId conversation, std::uint64_t index);
// What a message's record holds beside what the model shows.
struct ReactionMark {
  UserId user;
  std::string emoji;
  std::uint64_t seq = 0;  // of what put it there or took it away: a later one counts
  bool present = false;
  Uuid picture{};  // its file; zeros: none
};
struct StoredMessage {
  Message message;  // without what is computed: thread, reactions, receipts
  std::uint64_t edit_seq = 0;
  std::vector<ReactionMark> marks;
  std::map<Uuid, Bytes> pictures{};    // of reactions, by the ids of their files: descriptions
  std::vector<MessageText> earlier{};  // texts before the present one, oldest first

  SecretBytes encode() const;
  static Result<StoredMessage> decode(ByteView bytes);
};

// Table::seen; key: sender device, message id. Value: where the message stands, if it is shown.
struct SeenRecord {
  std::optional<std::pair<ConversationId, std::uint64_t>> place;
  static Bytes record_key(DeviceId sender, MessageId id);
  SecretBytes encode() const;
  static Result<SeenRecord> decode(ByteView bytes);
};

// Table::outbox; key: order.
struct OutboxRecord {
  std::uint64_t order = 0;
  MessageId id;
  UserId peer;
  ConversationId conversation;         // nil: not opened yet
  std::optional<std::uint64_t> index;  // in the history; control messages have none
  Timestamp sent_at{};
  SecretBytes content;             // a unhidra.v1.Content for every device
  std::optional<DeviceId> target;  // this device gets `target_content` instead
  SecretBytes target_content;
  std::uint32_t attempts = 0;
  std::vector<wire::DeviceCiphertext> ciphertexts;  // made and never made again
  Envelope envelope;

  // Stands in the history.
  bool is_message() const { return !target && envelope.kind == wire::MessageKind::content; }
  Bytes record_key() const;
  SecretBytes encode() const;
  static Result<OutboxRecord> decode(ByteView bytes);
};

// Table::held; key: user id, position.
Bytes held_key(UserId user, std::uint64_t position);
SecretBytes encode_held(const wire::InboxEntry& entry);
Result<wire::InboxEntry> decode_held(ByteView bytes);

}  // namespace unhidra::client
