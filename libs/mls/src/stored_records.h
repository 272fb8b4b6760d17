#pragma once
// The names of a stored group's records.

#include "unhidra/mls/group.h"
#include "unhidra/mls_public/tls.h"

namespace unhidra::mls {

// The first byte of a record's name; an epoch and a place in it may follow.
enum class RecordKind : std::uint8_t {
  state = 's',
  pending = 'c',
  node = 'n',
  past_epoch = 'p',
  message_key = 'k',
};

inline Bytes state_key() {
  return {static_cast<Byte>(RecordKind::state)};
}
inline Bytes pending_key() {
  return {static_cast<Byte>(RecordKind::pending)};
}
inline Bytes node_key(NodeIndex node) {
  TlsWriter out;
  out.u8(static_cast<std::uint8_t>(RecordKind::node)).u32(node.value);
  return std::move(out).take();
}
inline Bytes past_key(std::uint64_t epoch) {
  TlsWriter out;
  out.u8(static_cast<std::uint8_t>(RecordKind::past_epoch)).u64(epoch);
  return std::move(out).take();
}
inline Bytes message_key(std::uint64_t epoch, const SecretTree::Place& place) {
  TlsWriter out;
  out.u8(static_cast<std::uint8_t>(RecordKind::message_key)).u64(epoch).u32(place.index);
  out.u8(place.ratchet ? 1 + static_cast<std::uint8_t>(*place.ratchet) : 0);
  return std::move(out).take();
}
inline SecretTree::Place read_place(TlsReader& in) {
  SecretTree::Place out{in.u32()};
  const std::uint8_t kind = in.u8();
  if (kind > 2) {
    in.set_failed();
  } else if (kind != 0) {
    out.ratchet = static_cast<RatchetKind>(kind - 1);
  }
  return out;
}

}  // namespace unhidra::mls
