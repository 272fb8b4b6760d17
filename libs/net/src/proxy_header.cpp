#include "proxy_header.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include <arpa/inet.h>

#include "unhidra/base/codec.h"
#include "unhidra/base/crc32c.h"
#include "unhidra/net/errc.h"

namespace unhidra::net {
namespace {

constexpr std::string_view kTextBegin = "PROXY ";
constexpr std::array<Byte, 12> kBinaryBegin{0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                            0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
constexpr Byte kLocal = 0x20;  // version 2 and the command
constexpr Byte kProxy = 0x21;
constexpr Byte kCrc32c = 0x03;  // section 2.2.4

std::unexpected<Error> bad(std::string_view what) {
  return fail(Errc::bad_message, "PROXY header: " + std::string(what));
}

Result<std::uint16_t> read_port(std::string_view text) {
  std::uint16_t out = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, out);
  if (error != std::errc() || stop != end || (text.size() > 1 && text.front() == '0')) {
    return bad("a port is no number");
  }
  return out;
}

Result<ByteArray<16>> read_address(std::string_view text, bool v6) {
  ByteArray<16> out{};
  if (::inet_pton(v6 ? AF_INET6 : AF_INET, std::string(text).c_str(), out.data()) != 1) {
    return bad("an address is malformed");
  }
  return out;
}

// Bytes of the addresses of a family and protocol (section 2.2); nullopt: there is no such.
std::optional<std::size_t> addresses_size(Byte family) {
  switch (family) {
    case 0x00:  // unspecified
      return 0;
    case 0x11:  // IPv4, stream and datagram
    case 0x12:
      return 12;
    case 0x21:  // IPv6
    case 0x22:
      return 36;
    case 0x31:  // UNIX
    case 0x32:
      return 216;
    default:
      return std::nullopt;
  }
}

}  // namespace

Result<std::size_t> ProxyHeader::feed(ByteView bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && !complete_) {
    UNHIDRA_TRY_VOID(take(bytes[taken]));
    ++taken;
  }
  return taken;
}

Status ProxyHeader::take(Byte byte) {
  bytes_.push_back(byte);
  return bytes_.front() == static_cast<Byte>(kTextBegin.front()) ? take_text() : take_binary();
}

// ---- Version 1 ---------------------------------------------------------------------------------

Status ProxyHeader::take_text() {
  const auto size = bytes_.size();
  const char last = static_cast<char>(bytes_.back());
  if (size <= kTextBegin.size()) {
    return last == kTextBegin[size - 1] ? Status() : bad("neither version begins like this");
  }
  if (last == '\n') {
    return read_text();
  }
  const bool after_return = bytes_[size - 2] == '\r';
  if (after_return || (last != '\r' && (last < ' ' || last > '~'))) {
    return bad("a character that has no place there");
  }
  return size < kMaxText ? Status() : bad("the line is too long");
}

Status ProxyHeader::read_text() {
  auto line = as_text(bytes_).substr(kTextBegin.size());
  if (!line.ends_with("\r\n")) {
    return bad("the line does not end with CR LF");
  }
  line.remove_suffix(2);
  complete_ = true;
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) {
    return {};  // what follows is to be ignored
  }
  std::array<std::string_view, 5> fields;
  for (auto& field : fields) {
    const auto end = line.find(' ');
    const bool is_last = &field == &fields.back();
    if ((end == std::string_view::npos) != is_last) {
      return bad("five fields are expected");
    }
    field = line.substr(0, end);
    line.remove_prefix(is_last ? line.size() : end + 1);
  }
  const bool v6 = fields[0] == "TCP6";
  if (!v6 && fields[0] != "TCP4") {
    return bad("unknown protocol");
  }
  UNHIDRA_TRY(const auto address, read_address(fields[1], v6));
  UNHIDRA_TRY_VOID(read_address(fields[2], v6));
  UNHIDRA_TRY(const auto port, read_port(fields[3]));
  UNHIDRA_TRY_VOID(read_port(fields[4]));
  source_ = ProxiedSource{address, v6, port};
  return {};
}

// ---- Version 2 ---------------------------------------------------------------------------------

Status ProxyHeader::take_binary() {
  const auto size = bytes_.size();
  if (size <= kBinaryBegin.size()) {
    return bytes_.back() == kBinaryBegin[size - 1] ? Status()
                                                   : bad("neither version begins like this");
  }
  if (size == kFixed) {
    UNHIDRA_TRY_VOID(check_fixed());
  }
  return size >= kFixed && size == total_ ? read_binary() : Status();
}

Status ProxyHeader::check_fixed() {
  const auto size = static_cast<std::size_t>(bytes_[14] << 8 | bytes_[15]);
  if (bytes_[12] != kLocal && bytes_[12] != kProxy) {
    return bad("unknown version or command");
  }
  const auto addresses = addresses_size(bytes_[13]);
  if (bytes_[12] == kProxy && (!addresses || size < *addresses)) {
    return bad("the addresses do not fit their family");
  }
  if (size > kMaxBinary) {
    return bad("it is too long");
  }
  total_ = kFixed + size;
  return {};
}

Status ProxyHeader::read_binary() {
  complete_ = true;
  const auto family = bytes_[13];
  // A health check of the proxy itself, or nothing that is known of the client: what follows is
  // to be ignored.
  if (bytes_[12] == kLocal || family == 0x00) {
    return {};
  }
  const ByteView rest = ByteView(bytes_).subspan(kFixed);
  UNHIDRA_TRY_VOID(check_values(rest.subspan(addresses_size(family).value_or(0))));
  const bool v6 = family == 0x21;
  if (!v6 && family != 0x11) {
    return {};  // datagrams and UNIX sockets name nobody here
  }
  const std::size_t width = v6 ? 16 : 4;
  ProxiedSource source{.address = {}, .v6 = v6, .port = 0};
  std::copy_n(rest.begin(), width, source.address.begin());
  source.port = static_cast<std::uint16_t>(rest[2 * width] << 8 | rest[2 * width + 1]);
  source_ = source;
  return {};
}

// The type-length-value triples: well formed, and the checksum right where there is one. What the
// others say is not believed.
Status ProxyHeader::check_values(ByteView values) {
  ByteReader reader(values);
  while (reader.remaining() > 0) {
    const auto type = reader.u8();
    const auto value = reader.raw(reader.u16());
    if (reader.failed()) {
      return bad("a value is cut off");
    }
    if (type != kCrc32c) {
      continue;
    }
    if (value.size() != 4) {
      return bad("a checksum has four bytes");
    }
    const auto at = static_cast<std::size_t>(value.data() - bytes_.data());
    const ByteView all(bytes_);
    const auto before = crc32c(ByteArray<4>{}, crc32c(all.first(at)));
    if (ByteReader(value).u32() != crc32c(all.subspan(at + 4), before)) {
      return bad("the checksum is wrong");
    }
  }
  return {};
}

}  // namespace unhidra::net
