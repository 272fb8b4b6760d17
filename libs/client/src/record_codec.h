#pragma once
// Helpers of the stored encodings.

#include "unhidra/base/codec.h"
#include "unhidra/base/id.h"
#include "unhidra/base/secret.h"
#include "unhidra/client/errc.h"
#include "unhidra/client/model.h"

namespace unhidra::client {

// Moves what was written into memory that is wiped.
inline SecretBytes seal(ByteWriter&& writer) {
  auto bytes = std::move(writer).take();
  auto out = SecretBytes::copy_of(bytes);
  wipe(bytes);
  return out;
}

// Every record starts with its version.
inline ByteWriter record_writer(std::uint8_t version, std::size_t expected) {
  ByteWriter writer(expected);
  writer.u8(version);
  return writer;
}
inline ByteReader record_reader(std::uint8_t version, ByteView bytes) {
  ByteReader reader(bytes);
  if (reader.u8() != version) {
    reader.set_failed();
  }
  return reader;
}
// For records that have grown: of the first version, or of a later one up to `newest`.
inline std::uint8_t read_version(ByteReader& reader, std::uint8_t newest) {
  const auto version = reader.u8();
  if (version == 0 || version > newest) {
    reader.set_failed();
  }
  return version;
}
inline Status finish_record(const ByteReader& reader, std::string_view what) {
  if (!reader.finish(what)) {
    return fail(Errc::corrupt_store, "a stored " + std::string(what) + " cannot be read");
  }
  return {};
}

template <class Tag>
void write_id(ByteWriter& writer, const Id<Tag>& id) {
  writer.raw(id.bytes());
}
template <class T>
T read_id(ByteReader& reader) {
  return T(reader.array<16>());
}
inline void write_ref(ByteWriter& writer, const MessageRef& ref) {
  write_id(writer, ref.id);
  write_id(writer, ref.sender_device);
}
inline MessageRef read_ref(ByteReader& reader) {
  MessageRef out;
  out.id = read_id<MessageId>(reader);
  out.sender_device = read_id<DeviceId>(reader);
  return out;
}
inline void write_ref(ByteWriter& writer, const std::optional<MessageRef>& ref) {
  writer.u8(ref ? 1 : 0);
  write_ref(writer, ref.value_or(MessageRef()));
}
inline std::optional<MessageRef> read_optional_ref(ByteReader& reader) {
  const auto there = reader.u8();
  const auto ref = read_ref(reader);
  return there == 1 ? std::optional(ref) : std::nullopt;
}
inline void write_time(ByteWriter& writer, Timestamp time) {
  writer.u64(static_cast<std::uint64_t>(to_unix_micros(time)));
}
inline Timestamp read_time(ByteReader& reader) {
  return from_unix_micros(static_cast<std::int64_t>(reader.u64()));
}
inline bool read_bool(ByteReader& reader) {
  const auto value = reader.u8();
  if (value > 1) {
    reader.set_failed();
  }
  return value == 1;
}
// An enumerator between the two, or the reader fails.
template <class E>
E read_enum(ByteReader& reader, E first, E last) {
  const auto value = reader.u8();
  if (value < static_cast<std::uint8_t>(first) || value > static_cast<std::uint8_t>(last)) {
    reader.set_failed();
    return first;
  }
  return static_cast<E>(value);
}

}  // namespace unhidra::client
