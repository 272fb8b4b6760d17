#pragma once
// Reading and writing stored sessions: docs/security.md, "Stored sessions". The writer fills memory
// of the final size, so that no copy of a key is left behind by a growing buffer.

#include "unhidra/base/codec.h"
#include "unhidra/base/secret.h"
#include "unhidra/e2ee/message.h"

namespace unhidra::e2ee {

class SecretWriter {
 public:
  explicit SecretWriter(std::size_t size) : out_(size) {}

  void integer(std::uint64_t value, std::size_t size) {
    for (std::size_t i = size; i-- > 0;) {
      out_.expose_mutable()[used_++] = static_cast<Byte>(value >> (8 * i));
    }
  }
  void raw(ByteView bytes) {
    std::copy(bytes.begin(), bytes.end(),
              out_.expose_mutable().begin() + static_cast<std::ptrdiff_t>(used_));
    used_ += bytes.size();
  }
  void time(Timestamp time) { integer(static_cast<std::uint64_t>(to_unix_micros(time)), 8); }
  bool full() const { return used_ == out_.size(); }
  SecretBytes take() && { return std::move(out_); }

 private:
  SecretBytes out_;
  std::size_t used_ = 0;
};

class StoredReader : public ByteReader {
 public:
  using ByteReader::ByteReader;

  crypto::X25519PublicKey key() { return crypto::X25519PublicKey(array<32>()); }
  SecretArray<32> secret() {
    SecretArray<32> out;
    const auto view = raw(32);
    std::copy(view.begin(), view.end(), out.expose_mutable().begin());
    return out;
  }
  Timestamp time() { return from_unix_micros(static_cast<std::int64_t>(u64())); }
};

inline std::unexpected<Error> bad_stored(std::string what) {
  return fail(Errc::bad_stored_session, std::move(what));
}

}  // namespace unhidra::e2ee
