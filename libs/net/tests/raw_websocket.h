#pragma once
// A WebSocket client that sends exactly the frames it is told to.

#include <string>

#include "raw_socket.h"

namespace unhidra::net::test {

inline constexpr std::string_view kUpgrade =
    "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, "
    "Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

// A client's frame with a fixed mask.
inline std::string frame(Byte first, std::string_view payload, bool masked = true) {
  std::string out(1, static_cast<char>(first));
  const auto bit = static_cast<Byte>(masked ? 0x80 : 0);
  if (payload.size() < 126) {
    out.push_back(static_cast<char>(bit | payload.size()));
  } else {
    out.push_back(static_cast<char>(bit | 126));
    out.push_back(static_cast<char>(payload.size() >> 8));
    out.push_back(static_cast<char>(payload.size() & 0xff));
  }
  if (!masked) {
    return out + std::string(payload);
  }
  const std::string key = "\x12\x34\x56\x78";
  out += key;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out.push_back(static_cast<char>(payload[i] ^ key[i % 4]));
  }
  return out;
}

class RawWebSocket {
 public:
  explicit RawWebSocket(std::uint16_t port, std::string_view upgrade = kUpgrade) : socket_(port) {
    socket_.send(upgrade);
    answer_ = socket_.read_until("\r\n\r\n");
  }
  const std::string& answer() const { return answer_; }
  RawSocket& socket() { return socket_; }
  // The next frame of the server: its first byte and payload.
  std::pair<Byte, std::string> next() {
    const auto head = socket_.read_bytes(2);
    if (head.size() < 2) {
      return {};
    }
    std::size_t size = static_cast<Byte>(head[1]);
    if (size == 126) {
      const auto more = socket_.read_bytes(2);
      size = static_cast<std::size_t>(static_cast<Byte>(more[0]) << 8 | static_cast<Byte>(more[1]));
    }
    return {static_cast<Byte>(head[0]), socket_.read_bytes(size)};
  }
  // The code of the close frame that comes next, 0 when something else comes.
  int next_close() {
    const auto [first, payload] = next();
    if (first != 0x88 || payload.size() < 2) {
      return first == 0x88 ? 1005 : 0;
    }
    return static_cast<Byte>(payload[0]) << 8 | static_cast<Byte>(payload[1]);
  }

 private:
  RawSocket socket_;
  std::string answer_;
};

}  // namespace unhidra::net::test
