#pragma once
// The bytes of one connection: plain TCP, or OpenSSL on the descriptor. Never blocks, never raises
// SIGPIPE; readiness is the connection's business.

#include <memory>

#include "unhidra/base/bytes.h"

#include "tls_impl.h"

namespace unhidra::net {

enum class IoState : std::uint8_t {
  done,        // `size` bytes went through (or the handshake is complete)
  want_read,   // try again when the descriptor is readable
  want_write,  // ... writable
  end,         // the peer ended its stream in order
  broken,      // reset, or no TLS
};
struct IoResult {
  IoState state = IoState::broken;
  std::size_t size = 0;
};

class Channel {
 public:
  Channel(int fd, SslPtr ssl);  // the descriptor stays the caller's; null `ssl`: plain

  bool is_tls() const { return ssl_ != nullptr; }
  IoResult handshake();
  IoResult read(MutableByteView into);
  // Whether TLS holds bytes that it has received and not given out.
  bool has_pending() const;
  IoResult write(ByteView bytes);
  // TLS: tells the peer that this was the end. Best effort.
  void end();
  // After the handshake: what it said about the client (tls_impl.h).
  std::shared_ptr<const TlsPeer> tls_peer() const {
    return ssl_ ? tls_peer_of(ssl_.get()) : nullptr;
  }
  // Why the handshake failed.
  Error handshake_error() const;

 private:
  IoResult ssl_result(int result);

  SslPtr ssl_;
  int fd_;
  std::string failure_;
};

}  // namespace unhidra::net
