#pragma once
// IP addresses and networks (RFC 4632, RFC 4291), read and written as the reference does.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/base/error.h"

namespace unhidra::rego::builtins {

// Big-endian; an IPv4 address uses the first four bytes.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  bool v4 = false;

  std::size_t size() const { return v4 ? 4 : 16; }
  std::string to_string() const;
  friend auto operator<=>(const IpAddress& a, const IpAddress& b) {
    return a.v4 != b.v4 ? b.v4 <=> a.v4 : a.bytes <=> b.bytes;
  }
  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

// No zone; an IPv4 address in an IPv6 form ("::ffff:1.2.3.4") counts as IPv4.
std::optional<IpAddress> parse_ip(std::string_view text);

struct IpNetwork {
  IpAddress address;  // the first of the network
  int prefix = 0;

  // "invalid CIDR address: x".
  static Result<IpNetwork> parse(std::string_view text);
  bool contains(const IpAddress& ip) const;
  IpAddress last() const;
  std::string to_string() const;
};

// The next address, and whether there is one.
bool increment(IpAddress& ip);

// The fewest networks that hold the same addresses.
std::vector<IpNetwork> merge_networks(std::vector<IpNetwork> networks);
// The prefix that classful routing gave an IPv4 address.
int classful_prefix(const IpAddress& v4);

}  // namespace unhidra::rego::builtins
