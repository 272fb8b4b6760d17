#pragma once
// One connection to the broker under test, with deadlines: TCP, TLS, WebSocket, WebSocket over TLS.

#include <memory>
#include <optional>
#include <string>

#include "unhidra/base/bytes.h"

namespace unhidra::mqtt_sequences {

enum class TransportKind : std::uint8_t { tcp, tls, websocket, secure_websocket };

struct Address {
  std::string host = "127.0.0.1";
  std::string port{};
  TransportKind transport = TransportKind::tcp;
  std::string ca_file{};        // PEM; whom to believe with TLS
  bool insecure = false;        // believe anybody
  std::string path = "/mqtt";   // of WebSocket
  std::size_t frame_bytes = 0;  // payload of a WebSocket frame; 0: each send is one frame
};

// Bytes in order. What it throws is std::runtime_error.
class Transport {
 public:
  virtual ~Transport() = default;
  // A peer that has closed already is no error here: what it answered decides.
  virtual void send(ByteView bytes) = 0;
  // What there is, at least a byte; empty when the peer has closed; nothing after two seconds.
  virtual std::optional<Bytes> receive() = 0;
};

// All connect; they throw when nobody listens there or the handshake fails.
std::unique_ptr<Transport> connect_tcp(const Address& address);
std::unique_ptr<Transport> connect_tls(const Address& address, const char* application_protocol);
std::unique_ptr<Transport> upgrade_to_websocket(std::unique_ptr<Transport> below,
                                                const Address& address);

class Link {
 public:
  explicit Link(const Address& address);

  void send(ByteView bytes) { transport_->send(bytes); }
  // Up to `size` bytes; fewer after two seconds without any or when the peer has closed.
  Bytes receive(std::size_t size);
  // Whether the peer closes within two seconds, without sending anything more.
  bool closes();

 private:
  std::unique_ptr<Transport> transport_;
  Bytes received_;  // and not asked for
};

}  // namespace unhidra::mqtt_sequences
