#include "unhidra/base/codec.h"

#include <limits>

namespace unhidra {
namespace {

template <class T>
void put_big_endian(Bytes& out, T value) {
  for (std::size_t i = sizeof(T); i-- > 0;) {
    out.push_back(static_cast<Byte>(value >> (8 * i)));
  }
}

}  // namespace

ByteWriter& ByteWriter::u8(std::uint8_t value) {
  out_.push_back(value);
  return *this;
}
ByteWriter& ByteWriter::u16(std::uint16_t value) {
  put_big_endian(out_, value);
  return *this;
}
ByteWriter& ByteWriter::u32(std::uint32_t value) {
  put_big_endian(out_, value);
  return *this;
}
ByteWriter& ByteWriter::u64(std::uint64_t value) {
  put_big_endian(out_, value);
  return *this;
}

ByteWriter& ByteWriter::varint(std::uint64_t value) {
  while (value >= 0x80) {
    out_.push_back(static_cast<Byte>(value | 0x80));
    value >>= 7;
  }
  out_.push_back(static_cast<Byte>(value));
  return *this;
}

ByteWriter& ByteWriter::raw(ByteView bytes) {
  append(out_, bytes);
  return *this;
}

ByteWriter& ByteWriter::bytes(ByteView bytes) {
  u32(static_cast<std::uint32_t>(bytes.size()));
  return raw(bytes);
}

ByteView ByteReader::take(std::size_t size) {
  if (failed_ || size > rest_.size()) {
    failed_ = true;
    return {};
  }
  const auto out = rest_.first(size);
  rest_ = rest_.subspan(size);
  return out;
}

template <class T>
T ByteReader::big_endian() {
  T value = 0;
  for (const Byte byte : take(sizeof(T))) {
    value = static_cast<T>((std::uint64_t{value} << 8) | byte);
  }
  return value;
}

std::uint8_t ByteReader::u8() {
  return big_endian<std::uint8_t>();
}
std::uint16_t ByteReader::u16() {
  return big_endian<std::uint16_t>();
}
std::uint32_t ByteReader::u32() {
  return big_endian<std::uint32_t>();
}
std::uint64_t ByteReader::u64() {
  return big_endian<std::uint64_t>();
}

std::uint64_t ByteReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const Byte byte = u8();
    const std::uint64_t bits = byte & 0x7f;
    const bool overflows = shift == 63 && bits > 1;
    const bool padded = shift > 0 && byte == 0;
    if (failed_ || overflows || padded) {
      break;
    }
    value |= bits << shift;
    if ((byte & 0x80) == 0) {
      return value;
    }
  }
  failed_ = true;
  return 0;
}

ByteView ByteReader::raw(std::size_t size) {
  return take(size);
}

ByteView ByteReader::bytes(std::size_t max_size) {
  const std::size_t size = u32();
  if (size > max_size) {
    failed_ = true;
    return {};
  }
  return take(size);
}

Status ByteReader::finish(std::string_view what) const {
  if (failed_) {
    return fail(Errc::invalid, std::string(what) + " is truncated or malformed");
  }
  if (!rest_.empty()) {
    return fail(Errc::invalid,
                std::string(what) + " has " + std::to_string(rest_.size()) + " bytes too many");
  }
  return {};
}

}  // namespace unhidra
