#pragma once
// One TCP connection to the broker under test, with deadlines.

#include <string>

#include "unhidra/base/bytes.h"

namespace unhidra::mqtt_sequences {

struct Address {
  std::string host;
  std::string port;
};

class TcpLink {
 public:
  // Throws std::runtime_error when nobody listens there.
  explicit TcpLink(const Address& address);
  ~TcpLink();
  TcpLink(const TcpLink&) = delete;
  TcpLink& operator=(const TcpLink&) = delete;

  // A peer that has closed already is no error here: what it answered decides.
  void send(ByteView bytes);
  // Up to `size` bytes; fewer after two seconds without any or when the peer has closed.
  Bytes receive(std::size_t size);
  // Whether the peer closes within two seconds, without sending anything more.
  bool closes();

 private:
  bool readable() const;
  int socket_ = -1;
};

}  // namespace unhidra::mqtt_sequences
