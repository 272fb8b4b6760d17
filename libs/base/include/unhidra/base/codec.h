#pragma once
// The canonical binary encoding of everything that is signed, authenticated or stored by the
// product itself: fixed-width integers in network byte order, unsigned LEB128 for counters, and
// byte strings behind a 32-bit length. Each value has exactly one encoding; the reader refuses any
// other.

#include <cstdint>
#include <string>
#include <string_view>

#include "unhidra/base/bytes.h"

namespace unhidra {

class ByteWriter {
 public:
  ByteWriter() = default;
  explicit ByteWriter(std::size_t expected) { out_.reserve(expected); }

  ByteWriter& u8(std::uint8_t value);
  ByteWriter& u16(std::uint16_t value);
  ByteWriter& u32(std::uint32_t value);
  ByteWriter& u64(std::uint64_t value);
  ByteWriter& varint(std::uint64_t value);
  // Bytes as they are, for fields of fixed length.
  ByteWriter& raw(ByteView bytes);
  // 32-bit length, then the bytes.
  ByteWriter& bytes(ByteView bytes);
  ByteWriter& text(std::string_view text) { return bytes(as_bytes(text)); }

  const Bytes& view() const { return out_; }
  Bytes take() && { return std::move(out_); }

 private:
  Bytes out_;
};

// Reads what ByteWriter wrote. A failed read leaves the reader where it was and every later read
// fails too, so a parser may read a whole structure and ask once, in `finish()`, whether all of it
// was there and nothing follows.
class ByteReader {
 public:
  explicit ByteReader(ByteView data) : rest_(data) {}

  std::uint8_t u8();
  std::uint16_t u16();
  std::uint32_t u32();
  std::uint64_t u64();
  std::uint64_t varint();  // refuses more than ten bytes and non-minimal forms
  ByteView raw(std::size_t size);
  ByteView bytes(
      std::size_t max_size);  // refuses a length over max_size before it touches the content
  std::string_view text(std::size_t max_size) { return as_text(bytes(max_size)); }
  template <std::size_t N>
  ByteArray<N> array() {
    ByteArray<N> out{};
    const auto view = raw(N);
    std::copy(view.begin(), view.end(), out.begin());
    return out;
  }

  bool failed() const { return failed_; }
  void set_failed() { failed_ = true; }
  std::size_t remaining() const { return rest_.size(); }
  ByteView rest() const { return rest_; }
  // Everything read, nothing left over.
  Status finish(std::string_view what) const;

 private:
  ByteView take(std::size_t size);
  template <class T>
  T big_endian();

  ByteView rest_;
  bool failed_ = false;
};

}  // namespace unhidra
