#include "group_records.h"

#include "unhidra/wire/codec.h"

#include "record_codec.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kMaxName = 1024;
constexpr std::size_t kMaxMessage = std::size_t{16} << 20;
constexpr std::size_t kMaxKey = 256;

void write_step(ByteWriter& out, const GroupStep& step) {
  out.u64(step.number).u8(static_cast<std::uint8_t>(step.kind));
  out.bytes(step.message).bytes(step.welcome).bytes(step.group_info).bytes(step.tree);
  out.varint(step.changes.size());
  for (const auto order : step.changes) {
    out.u64(order);
  }
}

GroupStep read_step(ByteReader& in) {
  GroupStep out;
  out.number = in.u64();
  out.kind = read_enum(in, GroupStep::Kind::create, GroupStep::Kind::reset);
  out.message = to_bytes(in.bytes(kMaxMessage));
  out.welcome = to_bytes(in.bytes(kMaxMessage));
  out.group_info = to_bytes(in.bytes(kMaxMessage));
  out.tree = to_bytes(in.bytes(kMaxMessage));
  const auto count = in.varint();
  for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
    out.changes.push_back(in.u64());
  }
  return out;
}

}  // namespace

SecretBytes GroupRecord::encode() const {
  auto writer = record_writer(4, 512 + (step ? step->message.size() + step->welcome.size() : 0));
  write_id(writer, id);
  writer.u8(static_cast<std::uint8_t>(state)).text(name);
  write_time(writer, renamed_at);
  writer.u64(cursor).u64(joined_epoch).u8(was_member ? 1 : 0).u8(announce ? 1 : 0);
  write_time(writer, leaf_updated_at);
  write_time(writer, last_rejoin);
  writer.varint(tags.size());
  for (const auto& [epoch, tag] : tags) {
    writer.u64(epoch).raw(tag);
  }
  writer.varint(expected.size());
  for (const auto& user : expected) {
    write_id(writer, user);
  }
  writer.u8(step ? 1 : 0);
  if (step) {
    write_step(writer, *step);
  }
  writer.text(topic).text(description);
  writer.bytes(channel ? wire::encode(*channel) : Bytes()).u8(unsettled ? 1 : 0);
  writer.bytes(fault ? wire::encode(*fault) : Bytes());
  return seal(std::move(writer));
}

Result<GroupRecord> GroupRecord::decode(ByteView bytes) {
  ByteReader reader(bytes);
  const auto version = read_version(reader, 4);
  GroupRecord out;
  out.id = read_id<ConversationId>(reader);
  out.state = read_enum(reader, GroupState::creating, GroupState::removed);
  out.name = reader.text(kMaxName);
  out.renamed_at = read_time(reader);
  out.cursor = reader.u64();
  out.joined_epoch = reader.u64();
  out.was_member = read_bool(reader);
  out.announce = read_bool(reader);
  out.leaf_updated_at = read_time(reader);
  out.last_rejoin = read_time(reader);
  const auto tags = reader.varint();
  for (std::uint64_t i = 0; i < tags && !reader.failed(); ++i) {
    const auto epoch = reader.u64();
    out.tags.emplace_back(epoch, reader.array<16>());
  }
  const auto expected = reader.varint();
  for (std::uint64_t i = 0; i < expected && !reader.failed(); ++i) {
    out.expected.insert(read_id<UserId>(reader));
  }
  if (read_bool(reader)) {
    out.step = read_step(reader);
  }
  if (version >= 2) {
    out.topic = reader.text(kMaxTopic);
    out.description = reader.text(kMaxDescription);
    if (const auto entry = reader.bytes(kMaxMessage); !entry.empty()) {
      auto channel = wire::decode<wire::CreateChannel>(entry);
      if (!channel) {
        reader.set_failed();
      } else {
        out.channel = std::move(*channel);
      }
    }
  }
  out.unsettled = version < 3 || read_bool(reader);  // not known of an earlier version
  if (version >= 4) {
    if (const auto told = reader.bytes(kMaxMessage); !told.empty()) {
      auto fault = wire::decode<wire::CommitFault>(told);
      if (!fault) {
        reader.set_failed();
      } else {
        out.fault = std::move(*fault);
      }
    }
  }
  UNHIDRA_TRY_VOID(finish_record(reader, "group"));
  return out;
}

Bytes GroupChange::record_key() const {
  ByteWriter writer(8);
  writer.u64(order);
  return std::move(writer).take();
}

SecretBytes GroupChange::encode() const {
  auto writer = record_writer(1, 256);
  writer.u64(order);
  write_id(writer, group);
  writer.u8(static_cast<std::uint8_t>(kind)).varint(users.size());
  for (const auto& user : users) {
    write_id(writer, user);
  }
  writer.varint(key_packages.size());
  for (const auto& [user, list] : key_packages) {
    write_id(writer, user);
    writer.varint(list.size());
    for (const auto& one : list) {
      writer.bytes(one);
    }
  }
  writer.u32(attempts);
  return seal(std::move(writer));
}

Result<GroupChange> GroupChange::decode(ByteView bytes) {
  auto reader = record_reader(1, bytes);
  GroupChange out;
  out.order = reader.u64();
  out.group = read_id<ConversationId>(reader);
  out.kind = read_enum(reader, Kind::add, Kind::unshare);
  const auto users = reader.varint();
  for (std::uint64_t i = 0; i < users && !reader.failed(); ++i) {
    out.users.push_back(read_id<UserId>(reader));
  }
  const auto lists = reader.varint();
  for (std::uint64_t i = 0; i < lists && !reader.failed(); ++i) {
    auto& list = out.key_packages[read_id<UserId>(reader)];
    const auto count = reader.varint();
    for (std::uint64_t k = 0; k < count && !reader.failed(); ++k) {
      list.push_back(to_bytes(reader.bytes(kMaxMessage)));
    }
  }
  out.attempts = reader.u32();
  UNHIDRA_TRY_VOID(finish_record(reader, "change of a group"));
  return out;
}

SecretBytes KeyPackageRecord::encode() const {
  auto writer = record_writer(1, 512);
  write_time(writer, created_at);
  writer.u8(last_resort ? 1 : 0).bytes(key_package);
  writer.bytes(init_key.expose()).bytes(encryption_key.expose());
  return seal(std::move(writer));
}

Result<KeyPackageRecord> KeyPackageRecord::decode(ByteView bytes) {
  auto reader = record_reader(1, bytes);
  KeyPackageRecord out;
  out.created_at = read_time(reader);
  out.last_resort = read_bool(reader);
  out.key_package = to_bytes(reader.bytes(kMaxMessage));
  out.init_key = SecretBytes::copy_of(reader.bytes(kMaxKey));
  out.encryption_key = SecretBytes::copy_of(reader.bytes(kMaxKey));
  UNHIDRA_TRY_VOID(finish_record(reader, "KeyPackage"));
  return out;
}

Bytes group_state_key(ConversationId group, ByteView record) {
  ByteWriter writer(16 + record.size());
  write_id(writer, group);
  writer.raw(record);
  return std::move(writer).take();
}

}  // namespace unhidra::client
