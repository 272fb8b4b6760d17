#pragma once
// A blocking TCP client that says exactly the bytes it is told to.

#include <chrono>
#include <string>
#include <string_view>

#include "unhidra/base/bytes.h"

namespace unhidra::net::test {

class RawSocket {
 public:
  explicit RawSocket(std::uint16_t port, int receive_buffer = 0);
  ~RawSocket();
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  // False when the peer has reset the connection.
  bool send(std::string_view bytes);
  bool send(ByteView bytes) { return send(as_text(bytes)); }
  void end_output();
  // Everything until the peer closes; gives up after the time limit with what came ("" +
  // timed_out).
  std::string read_all(std::chrono::milliseconds limit = std::chrono::seconds(5));
  // Until `text` has been seen.
  std::string read_until(std::string_view text,
                         std::chrono::milliseconds limit = std::chrono::seconds(5));
  std::string read_bytes(std::size_t size,
                         std::chrono::milliseconds limit = std::chrono::seconds(5));
  bool closed_by_peer() const { return closed_; }

 private:
  bool read_more(std::chrono::steady_clock::time_point end);

  int fd_ = -1;
  std::string buffer_;
  bool closed_ = false;
};

}  // namespace unhidra::net::test
