#pragma once
// Networks of peers that an operator trusts.

#include <span>
#include <string>
#include <vector>

#include "unhidra/base/bytes.h"

namespace unhidra::net {

// An address as IPv6; IPv4 in its mapped form (RFC 4291 section 2.5.5.2).
using MappedAddress = ByteArray<16>;
MappedAddress map_v4(ByteView four_bytes);

class AddressRanges {
 public:
  // Each a numeric address, or a network: "10.0.0.0/8", "fd00::/8". Bits behind the prefix must be
  // zero. Errc::bad_settings.
  static Result<AddressRanges> parse(std::span<const std::string> texts);

  bool contains(const MappedAddress& address) const;

 private:
  struct Range {
    MappedAddress first{};
    unsigned bits = 128;
    bool contains(const MappedAddress& address) const;
  };
  static Result<Range> parse_one(const std::string& text);

  std::vector<Range> ranges_;
};

}  // namespace unhidra::net
