#include "records.h"

#include "record_codec.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kMaxName = 1024;
constexpr std::size_t kMaxDocument = std::size_t{64} * 1024;

void write_list(ByteWriter& writer, const std::optional<identity::DeviceList>& list) {
  writer.bytes(list ? identity::encode(*list) : Bytes());
}

std::optional<identity::DeviceList> read_list(ByteReader& reader) {
  const auto document = reader.bytes(kMaxDocument);
  if (document.empty()) {
    return std::nullopt;
  }
  auto list = identity::decode_device_list(document);
  if (!list) {
    reader.set_failed();
    return std::nullopt;
  }
  return std::move(*list);
}

}  // namespace

SecretBytes Self::encode() const {
  auto writer = record_writer(1, 128 + username.size());
  write_id(writer, user);
  write_id(writer, device);
  writer.text(username);
  writer.raw(identity.private_key().expose());
  writer.raw(signing.private_key().expose());
  return seal(std::move(writer));
}

Result<Self> Self::decode(const crypto::Provider& provider, ByteView bytes) {
  auto reader = record_reader(1, bytes);
  const auto user = read_id<UserId>(reader);
  const auto device = read_id<DeviceId>(reader);
  std::string username(reader.text(kMaxName));
  auto identity = crypto::X25519PrivateKey::from_bytes(reader.raw(32));
  auto signing = crypto::Ed25519PrivateKey::from_bytes(reader.raw(32));
  UNHIDRA_TRY_VOID(finish_record(reader, "device"));
  if (!identity || !signing) {
    return fail(Errc::corrupt_store, "the device's keys cannot be read");
  }
  return Self{user, device, std::move(username),
              crypto::X25519KeyPair::from_private(provider, std::move(*identity)),
              crypto::Ed25519KeyPair::from_private(provider, std::move(*signing))};
}

SecretBytes Progress::encode() const {
  auto writer = record_writer(6, 146);
  writer.u8(static_cast<std::uint8_t>(membership)).u64(inbox_cursor);
  writer.u32(next_prekey_id).u32(signed_prekey_id).u32(last_resort_id);
  writer.u8(keys_dirty ? 1 : 0).u64(next_outbox).u64(generation);
  writer.u8(proposal ? 1 : 0);
  if (proposal) {
    writer.u8(static_cast<std::uint8_t>(proposal->kind));
    write_id(writer, proposal->device);
    writer.bytes(proposal->document);
  }
  writer.u8(receipts ? 1 : 0).u8(join_defaults ? 1 : 0).u8(review_groups ? 1 : 0);
  write_time(writer, names_as_of);
  writer.u8(withdraw_receipts ? 1 : 0);
  write_time(writer, receipts_changed_at);
  writer.u8(receipts_unsynced ? 1 : 0);
  return seal(std::move(writer));
}

Result<Progress> Progress::decode(ByteView bytes) {
  ByteReader reader(bytes);
  const auto version = read_version(reader, 6);
  Progress out;
  out.membership = read_enum(reader, Membership::unknown, Membership::removed);
  out.inbox_cursor = reader.u64();
  out.next_prekey_id = reader.u32();
  out.signed_prekey_id = reader.u32();
  out.last_resort_id = reader.u32();
  out.keys_dirty = read_bool(reader);
  out.next_outbox = reader.u64();
  out.generation = reader.u64();
  if (read_bool(reader)) {
    auto& proposal = out.proposal.emplace();
    proposal.kind = read_enum(reader, Proposal::Kind::create, Proposal::Kind::recover);
    proposal.device = read_id<DeviceId>(reader);
    proposal.document = to_bytes(reader.bytes(kMaxDocument));
  }
  out.receipts = version < 2 || read_bool(reader);
  out.join_defaults = version >= 2 && read_bool(reader);
  out.review_groups = version >= 3 && read_bool(reader);
  out.names_as_of = version >= 4 ? read_time(reader) : from_unix_micros(1);
  out.withdraw_receipts = version >= 5 && read_bool(reader);
  if (version >= 6) {
    out.receipts_changed_at = read_time(reader);
    out.receipts_unsynced = read_bool(reader);
  } else if (!out.receipts) {
    // Of a version that told nobody: the other devices hear of it now.
    out.receipts_changed_at = from_unix_micros(1);
    out.receipts_unsynced = true;
  }
  UNHIDRA_TRY_VOID(finish_record(reader, "progress"));
  return out;
}

Bytes PreKeyRecord::record_key(Kind kind, identity::PreKeyId id) {
  ByteWriter writer(5);
  writer.u8(static_cast<std::uint8_t>(kind)).u32(id);
  return std::move(writer).take();
}

SecretBytes PreKeyRecord::encode() const {
  auto writer = record_writer(1, 160);
  writer.u8(static_cast<std::uint8_t>(kind)).u32(id);
  writer.raw(key.expose());
  write_time(writer, created_at);
  writer.u8(replaced_at ? 1 : 0);
  write_time(writer, replaced_at.value_or(Timestamp()));
  writer.raw(signature.bytes());
  return seal(std::move(writer));
}

Result<PreKeyRecord> PreKeyRecord::decode(ByteView bytes) {
  auto reader = record_reader(1, bytes);
  PreKeyRecord out;
  out.kind = read_enum(reader, Kind::signed_key, Kind::one_time);
  out.id = reader.u32();
  auto key = crypto::X25519PrivateKey::from_bytes(reader.raw(32));
  out.created_at = read_time(reader);
  const bool replaced = read_bool(reader);
  const auto replaced_at = read_time(reader);
  out.signature = crypto::Signature(reader.array<64>());
  UNHIDRA_TRY_VOID(finish_record(reader, "prekey"));
  if (!key) {
    return fail(Errc::corrupt_store, "a prekey cannot be read");
  }
  out.key = std::move(*key);
  if (replaced) {
    out.replaced_at = replaced_at;
  }
  return out;
}

Trust UserRecord::trust() const {
  if (changed) {
    return Trust::changed;
  }
  if (!list) {
    return Trust::unknown;
  }
  return verified ? Trust::verified : Trust::first_use;
}

SecretBytes UserRecord::encode() const {
  auto writer = record_writer(2, 256);
  write_id(writer, id);
  writer.text(username).text(display_name);
  write_list(writer, list);
  writer.u8(verified ? 1 : 0);
  write_list(writer, changed);
  writer.varint(revoked.size());
  for (const auto& device : revoked) {
    write_id(writer, device);
  }
  writer.u32(held).varint(former.size());
  for (const auto& [device, key] : former) {
    write_id(writer, device);
    writer.raw(key.bytes());
  }
  return seal(std::move(writer));
}

Result<UserRecord> UserRecord::decode(ByteView bytes) {
  auto reader = record_reader(2, bytes);
  UserRecord out;
  out.id = read_id<UserId>(reader);
  out.username = reader.text(kMaxName);
  out.display_name = reader.text(kMaxName);
  out.list = read_list(reader);
  out.verified = read_bool(reader);
  out.changed = read_list(reader);
  const auto revoked = reader.varint();
  for (std::uint64_t i = 0; i < revoked && !reader.failed(); ++i) {
    out.revoked.insert(read_id<DeviceId>(reader));
  }
  out.held = reader.u32();
  const auto former = reader.varint();
  for (std::uint64_t i = 0; i < former && !reader.failed(); ++i) {
    const auto device = read_id<DeviceId>(reader);
    out.former[device] = crypto::Ed25519PublicKey(reader.array<32>());
  }
  UNHIDRA_TRY_VOID(finish_record(reader, "user"));
  return out;
}

SecretBytes PeerRecord::encode() const {
  const auto stored = sessions.serialize();
  auto writer = record_writer(1, stored.size() + 64);
  write_id(writer, user);
  write_time(writer, last_reset);
  writer.bytes(stored.expose());
  return seal(std::move(writer));
}

Result<PeerRecord> PeerRecord::decode(const crypto::Provider& provider, ByteView bytes) {
  auto reader = record_reader(1, bytes);
  const auto user = read_id<UserId>(reader);
  const auto last_reset = read_time(reader);
  const auto stored = reader.bytes(std::size_t{16} << 20);
  UNHIDRA_TRY_VOID(finish_record(reader, "session"));
  UNHIDRA_TRY(auto sessions, e2ee::PeerSessions::deserialize(provider, stored, 0));
  return PeerRecord{user, std::move(sessions), last_reset};
}

void ConversationRecord::note_seq(std::uint64_t seq) {
  if (seq == 0) {
    return;
  }
  if (first_seq == 0 || seq < first_seq) {
    first_seq = seq;
  }
  head_seq = std::max(head_seq, seq);
}

SecretBytes ConversationRecord::encode() const {
  auto writer = record_writer(2, 208);
  write_id(writer, id);
  write_id(writer, peer);
  writer.u64(next_index).u64(first_seq).u64(head_seq).u64(checked_seq);
  write_time(writer, last_activity);
  for (const auto& place : {delivered, read}) {
    writer.u64(place.seq);
    write_ref(writer, place.ref);
  }
  writer.u64(told_delivered).u64(told_read).u64(synced_read);
  return seal(std::move(writer));
}

Result<ConversationRecord> ConversationRecord::decode(ByteView bytes) {
  ByteReader reader(bytes);
  const auto version = read_version(reader, 2);
  ConversationRecord out;
  out.id = read_id<ConversationId>(reader);
  out.peer = read_id<UserId>(reader);
  out.next_index = reader.u64();
  out.first_seq = reader.u64();
  out.head_seq = reader.u64();
  out.checked_seq = reader.u64();
  out.last_activity = read_time(reader);
  if (version >= 2) {
    for (auto* place : {&out.delivered, &out.read}) {
      place->seq = reader.u64();
      place->ref = read_ref(reader);
    }
    out.told_delivered = reader.u64();
    out.told_read = reader.u64();
    out.synced_read = reader.u64();
  } else {
    out.read.seq = out.head_seq;  // there was no cursor: what is there is read
  }
  UNHIDRA_TRY_VOID(finish_record(reader, "conversation"));
  return out;
}

}  // namespace unhidra::client
