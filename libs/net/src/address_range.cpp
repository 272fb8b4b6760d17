#include "address_range.h"

#include <algorithm>
#include <charconv>

#include <arpa/inet.h>

#include "unhidra/net/errc.h"

namespace unhidra::net {
namespace {

constexpr unsigned kMappedBits = 96;

}  // namespace

MappedAddress map_v4(ByteView four_bytes) {
  MappedAddress out{};
  out[10] = out[11] = 0xff;
  std::copy_n(four_bytes.begin(), 4, out.begin() + kMappedBits / 8);
  return out;
}

bool AddressRanges::Range::contains(const MappedAddress& address) const {
  const auto whole = static_cast<std::ptrdiff_t>(bits / 8);
  if (!std::equal(first.begin(), first.begin() + whole, address.begin())) {
    return false;
  }
  const unsigned rest = bits % 8;
  const auto at = static_cast<std::size_t>(whole);
  return rest == 0 || ((first[at] ^ address[at]) >> (8 - rest)) == 0;
}

Result<AddressRanges::Range> AddressRanges::parse_one(const std::string& text) {
  const auto bad = [&text] {
    return fail(Errc::bad_settings, "'" + text + "' is no numeric address or network");
  };
  const auto slash = text.find('/');
  const std::string address = text.substr(0, slash);
  Range out;
  ByteArray<4> v4{};
  const bool is_v4 = ::inet_pton(AF_INET, address.c_str(), v4.data()) == 1;
  if (is_v4) {
    out.first = map_v4(v4);
  } else if (::inet_pton(AF_INET6, address.c_str(), out.first.data()) != 1) {
    return bad();
  }
  if (slash != std::string::npos) {
    const unsigned widest = is_v4 ? 32 : 128;
    const char* const end = text.data() + text.size();
    unsigned bits = 0;
    const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, bits);
    if (error != std::errc() || stop != end || bits > widest) {
      return bad();
    }
    out.bits = bits + (is_v4 ? kMappedBits : 0);
  }
  // Bits that say nothing are a mistake of whoever wrote them.
  for (unsigned bit = out.bits; bit < 128; ++bit) {
    if ((out.first[bit / 8] & (0x80U >> (bit % 8))) != 0) {
      return bad();
    }
  }
  return out;
}

Result<AddressRanges> AddressRanges::parse(std::span<const std::string> texts) {
  AddressRanges out;
  for (const auto& text : texts) {
    UNHIDRA_TRY(const auto range, parse_one(text));
    out.ranges_.push_back(range);
  }
  return out;
}

bool AddressRanges::contains(const MappedAddress& address) const {
  return std::ranges::any_of(ranges_, [&](const Range& range) { return range.contains(address); });
}

}  // namespace unhidra::net
