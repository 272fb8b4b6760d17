#pragma once
// The PROXY protocol, versions 1 and 2: how a proxy in front of a TCP listener says whom it speaks
// for (haproxy.org, proxy-protocol.txt, sections 2.1 and 2.2). Pure: bytes in, an address out.

#include <optional>

#include "unhidra/base/bytes.h"

namespace unhidra::net {

struct ProxiedSource {
  ByteArray<16> address{};  // the first four bytes, unless v6
  bool v6 = false;
  std::uint16_t port = 0;
};

class ProxyHeader {
 public:
  static constexpr std::size_t kMaxText = 107;  // section 2.1, line end included
  static constexpr std::size_t kFixed = 16;     // version 2, before addresses and TLVs
  static constexpr std::size_t kMaxBinary = 4096;

  // How many of these bytes, the connection's next, belong to the header: all of them while it is
  // not complete. Errc::bad_message as soon as no continuation could make it valid.
  Result<std::size_t> feed(ByteView bytes);
  bool complete() const { return complete_; }
  // Nullopt: the proxy speaks for itself (LOCAL), or does not say for whom (UNKNOWN, UNSPEC).
  const std::optional<ProxiedSource>& source() const { return source_; }

 private:
  Status take(Byte byte);
  Status take_text();
  Status take_binary();
  Status read_text();
  Status check_fixed();
  Status read_binary();
  Status check_values(ByteView values);

  Bytes bytes_;
  std::size_t total_ = 0;  // version 2, once known
  std::optional<ProxiedSource> source_;
  bool complete_ = false;
};

}  // namespace unhidra::net
