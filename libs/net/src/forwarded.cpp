#include "forwarded.h"

#include <algorithm>
#include <array>

#include <arpa/inet.h>

namespace unhidra::net {
namespace {

constexpr std::string_view kForwardedFor = "X-Forwarded-For";

bool is_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> out{};
  return ::inet_pton(AF_INET, text.c_str(), out.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), out.data()) == 1;
}

}  // namespace

void apply_forwarding(RequestHead& head, std::span<const std::string> trusted_proxies) {
  head.forwarded = head.headers.count(kForwardedFor) > 0 || head.headers.count("Forwarded") > 0;
  const auto trusted = [&](std::string_view ip) {
    return std::ranges::find(trusted_proxies, ip) != trusted_proxies.end();
  };
  if (!trusted(head.peer.ip)) {
    return;
  }
  // From the right: each proxy appends whom it heard, and what stands left of the first stranger
  // may be invented.
  const auto chain = head.headers.list(kForwardedFor);
  for (auto at = chain.rbegin(); at != chain.rend(); ++at) {
    const std::string address(*at);
    if (!is_address(address)) {
      return;
    }
    head.peer = {address, 0};
    if (!trusted(address)) {
      return;
    }
  }
}

}  // namespace unhidra::net
