#pragma once
// A blocking client of a byte stream over any transport.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/ssl.h>

#include "unhidra/net/stream.h"

namespace unhidra::net::test {

class StreamClient {
 public:
  // `preface` goes out before everything else; `receive_buffer` 0: the system's choice. Throws when
  // it cannot connect.
  StreamClient(StreamTransport transport, std::uint16_t port, std::string_view preface = {},
               int receive_buffer = 0);
  ~StreamClient();
  StreamClient(const StreamClient&) = delete;
  StreamClient& operator=(const StreamClient&) = delete;

  // Over WebSocket in binary messages; false when the peer does not take it any more.
  bool send(std::string_view bytes);
  // What the transport carries: whole WebSocket frames, for instance.
  bool send_raw(std::string_view bytes);
  // Less than `size` when the server ends or is silent for `limit`.
  std::string read(std::size_t size, std::chrono::milliseconds limit = std::chrono::seconds(5));
  std::string read_all(std::chrono::milliseconds limit = std::chrono::seconds(5)) {
    return read(std::string::npos, limit);
  }
  bool closed_by_peer() const { return closed_; }
  // Payload sizes of the WebSocket frames read.
  const std::vector<std::size_t>& frames() const { return frames_; }
  int close_code() const { return close_code_; }  // of the server's close frame; 0: none
  void end_output();
  void close();

 private:
  explicit StreamClient(StreamTransport transport);
  bool is_websocket() const;
  void secure();
  void upgrade();
  bool read_more();
  bool unwrap();

  StreamTransport transport_;
  int fd_ = -1;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  std::string wire_;    // not unwrapped yet
  std::string stream_;  // not given out yet
  std::vector<std::size_t> frames_;
  int close_code_ = 0;
  bool closed_ = false;
};

}  // namespace unhidra::net::test
