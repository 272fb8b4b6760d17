#pragma once
// The TLS presentation language with the variable-size vectors of RFC 9420 section 2.1.2. Every
// value has one encoding and the reader takes no other. A length is compared with what is there
// before anything is allocated, so that memory stays proportional to the input.

#include <cstdint>
#include <string_view>

#include "unhidra/base/bytes.h"
#include "unhidra/mls_public/errc.h"

namespace unhidra::mls_public {

// Lengths of vectors have at most 30 bits.
inline constexpr std::size_t kMaxVectorSize = (std::size_t{1} << 30) - 1;

class TlsWriter {
 public:
  TlsWriter() = default;
  explicit TlsWriter(std::size_t expected) { out_.reserve(expected); }

  TlsWriter& u8(std::uint8_t value) {
    out_.push_back(value);
    return *this;
  }
  TlsWriter& u16(std::uint16_t value);
  TlsWriter& u32(std::uint32_t value);
  TlsWriter& u64(std::uint64_t value);
  TlsWriter& raw(ByteView bytes) {
    append(out_, bytes);
    return *this;
  }
  // The length header of a vector; the size is at most kMaxVectorSize.
  TlsWriter& length(std::size_t size);
  // opaque<V>
  TlsWriter& opaque(ByteView bytes) { return length(bytes.size()).raw(bytes); }
  TlsWriter& opaque(std::string_view text) { return opaque(as_bytes(text)); }
  TlsWriter& present(bool value) { return u8(value ? 1 : 0); }
  // A vector<V> whose content `write` appends to this writer.
  template <class F>
  TlsWriter& vector(F&& write) {
    const std::size_t start = out_.size();
    write(*this);
    insert_length(start);
    return *this;
  }

  const Bytes& view() const { return out_; }
  std::size_t size() const { return out_.size(); }
  Bytes take() && { return std::move(out_); }

 private:
  void insert_length(std::size_t start);

  Bytes out_;
};

// After a failed read every later one fails too; a parser may read a whole structure and ask once.
class TlsReader {
 public:
  explicit TlsReader(ByteView data) : rest_(data) {}

  std::uint8_t u8();
  std::uint16_t u16();
  std::uint32_t u32();
  std::uint64_t u64();
  ByteView raw(std::size_t size);
  // The length header of a vector; refuses longer forms than needed. The content may be missing.
  std::size_t length();
  // opaque<V>, as a view into the input.
  ByteView opaque() { return raw(length()); }
  Bytes opaque_copy() { return to_bytes(opaque()); }
  // The presence octet of optional<T>.
  bool present();
  // A vector<V> of structures: `read_one(TlsReader&)` until the content is used up.
  template <class F>
  void vector(F&& read_one) {
    TlsReader content(opaque());
    while (!failed_ && !content.empty()) {
      read_one(content);
      failed_ = failed_ || content.failed_;
    }
  }
  // The bytes that `read` consumed.
  template <class F>
  ByteView capture(F&& read) {
    const ByteView before = rest_;
    read(*this);
    return failed_ ? ByteView() : before.first(before.size() - rest_.size());
  }

  bool failed() const { return failed_; }
  // Also for values that are well formed and make no sense.
  void set_failed() { failed_ = true; }
  bool empty() const { return rest_.empty(); }
  ByteView rest() const { return rest_; }
  // Nothing failed, nothing left over.
  Status finish(std::string_view what) const;
  Status check(std::string_view what) const;

 private:
  template <class T>
  T big_endian();

  ByteView rest_;
  bool failed_ = false;
};

// A whole encoding as a value of T, which has `static T read(TlsReader&)`.
template <class T>
Result<T> decode(ByteView bytes, std::string_view what) {
  TlsReader in(bytes);
  T value = T::read(in);
  UNHIDRA_TRY_VOID(in.finish(what));
  return value;
}

// The encoding of a value with `void write(TlsWriter&) const`.
template <class T>
Bytes encode(const T& value) {
  TlsWriter out;
  value.write(out);
  return std::move(out).take();
}

}  // namespace unhidra::mls_public
