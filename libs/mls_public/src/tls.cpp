#include "unhidra/mls_public/tls.h"

#include <array>
#include <cstdlib>

namespace unhidra::mls_public {
namespace {

template <class T>
void put(Bytes& out, T value) {
  for (std::size_t i = sizeof(T); i-- > 0;) {
    out.push_back(static_cast<Byte>(value >> (8 * i)));
  }
}

struct Header {
  std::array<Byte, 4> bytes;
  std::size_t size;
};

Header header_of(std::size_t size) {
  const auto value = static_cast<std::uint32_t>(size);
  const auto at = [value](int shift) { return static_cast<Byte>(value >> shift); };
  if (size < 0x40) {
    return {{at(0)}, 1};
  }
  if (size < 0x4000) {
    return {{static_cast<Byte>(0x40 | at(8)), at(0)}, 2};
  }
  if (size > kMaxVectorSize) {
    std::abort();  // larger than anything that this program makes
  }
  return {{static_cast<Byte>(0x80 | at(24)), at(16), at(8), at(0)}, 4};
}

}  // namespace

TlsWriter& TlsWriter::u16(std::uint16_t value) {
  put(out_, value);
  return *this;
}
TlsWriter& TlsWriter::u32(std::uint32_t value) {
  put(out_, value);
  return *this;
}
TlsWriter& TlsWriter::u64(std::uint64_t value) {
  put(out_, value);
  return *this;
}

TlsWriter& TlsWriter::length(std::size_t size) {
  const Header header = header_of(size);
  return raw(ByteView(header.bytes).first(header.size));
}

void TlsWriter::insert_length(std::size_t start) {
  const Header header = header_of(out_.size() - start);
  out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(start), header.bytes.begin(),
              header.bytes.begin() + static_cast<std::ptrdiff_t>(header.size));
}

ByteView TlsReader::raw(std::size_t size) {
  if (failed_ || size > rest_.size()) {
    failed_ = true;
    return {};
  }
  const ByteView out = rest_.first(size);
  rest_ = rest_.subspan(size);
  return out;
}

template <class T>
T TlsReader::big_endian() {
  const ByteView bytes = raw(sizeof(T));
  T value = 0;
  for (const Byte byte : bytes) {
    value = static_cast<T>((static_cast<std::uint64_t>(value) << 8) | byte);
  }
  return value;
}

std::uint8_t TlsReader::u8() {
  return big_endian<std::uint8_t>();
}
std::uint16_t TlsReader::u16() {
  return big_endian<std::uint16_t>();
}
std::uint32_t TlsReader::u32() {
  return big_endian<std::uint32_t>();
}
std::uint64_t TlsReader::u64() {
  return big_endian<std::uint64_t>();
}

std::size_t TlsReader::length() {
  const std::uint8_t first = u8();
  const unsigned form = first >> 6;
  if (failed_ || form == 3) {
    failed_ = true;
    return 0;
  }
  std::size_t value = first & 0x3f;
  for (const Byte byte : raw((std::size_t{1} << form) - 1)) {
    value = (value << 8) | byte;
  }
  if (header_of(value).size != std::size_t{1} << form) {
    failed_ = true;
  }
  return failed_ ? 0 : value;
}

bool TlsReader::present() {
  const std::uint8_t value = u8();
  if (value > 1) {
    failed_ = true;
  }
  return !failed_ && value == 1;
}

Status TlsReader::check(std::string_view what) const {
  if (failed_) {
    return fail(Errc::malformed, std::string(what) + " is malformed");
  }
  return {};
}

Status TlsReader::finish(std::string_view what) const {
  UNHIDRA_TRY_VOID(check(what));
  if (!rest_.empty()) {
    return fail(Errc::malformed, std::string(what) + " is followed by more bytes");
  }
  return {};
}

}  // namespace unhidra::mls_public
