#pragma once
// How keys and times stand in a document.

#include <limits>

#include "unhidra/base/codec.h"
#include "unhidra/identity/device_list.h"

namespace unhidra::identity {

inline void put_time(ByteWriter& out, Timestamp time) {
  out.u64(static_cast<std::uint64_t>(to_unix_micros(time)));
}
// Times before 1970 are no times of a document.
inline Timestamp get_time(ByteReader& in) {
  const std::uint64_t micros = in.u64();
  if (micros > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    in.set_failed();
    return {};
  }
  return from_unix_micros(static_cast<std::int64_t>(micros));
}

inline void put_device(ByteWriter& out, const DeviceKeys& device) {
  out.raw(device.device_id.bytes()).raw(device.identity_key.bytes());
  out.raw(device.signing_key.bytes());
}
inline DeviceKeys get_device(ByteReader& in) {
  DeviceKeys out;
  out.device_id = DeviceId(in.array<16>());
  out.identity_key = crypto::X25519PublicKey(in.array<32>());
  out.signing_key = crypto::Ed25519PublicKey(in.array<32>());
  return out;
}

// ByteReader's own error in this room's words.
inline Status finish(const ByteReader& in, std::string_view what) {
  if (const auto done = in.finish(what); !done) {
    return fail(Errc::malformed, done.error().message());
  }
  return {};
}

}  // namespace unhidra::identity
