#include "tcp_link.h"

#include <memory>
#include <netdb.h>
#include <poll.h>
#include <stdexcept>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace unhidra::mqtt_sequences {
namespace {

constexpr int kPatienceMs = 2000;

}  // namespace

TcpLink::TcpLink(const Address& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (::getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &list) != 0) {
    throw std::runtime_error("unknown host " + address.host);
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  for (const auto* at = list; at != nullptr && socket_ < 0; at = at->ai_next) {
    socket_ = ::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
    if (socket_ >= 0 && ::connect(socket_, at->ai_addr, at->ai_addrlen) != 0) {
      ::close(socket_);
      socket_ = -1;
    }
  }
  if (socket_ < 0) {
    throw std::runtime_error("no broker at " + address.host + ":" + address.port);
  }
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

TcpLink::~TcpLink() {
  ::close(socket_);
}

void TcpLink::send(ByteView bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
}

bool TcpLink::readable() const {
  pollfd wanted{socket_, POLLIN, 0};
  return ::poll(&wanted, 1, kPatienceMs) == 1;
}

Bytes TcpLink::receive(std::size_t size) {
  Bytes out(size);
  std::size_t have = 0;
  while (have < size && readable()) {
    const auto got = ::recv(socket_, out.data() + have, size - have, 0);
    if (got <= 0) {
      break;
    }
    have += static_cast<std::size_t>(got);
  }
  out.resize(have);
  return out;
}

bool TcpLink::closes() {
  Byte byte = 0;
  return readable() && ::recv(socket_, &byte, 1, 0) <= 0;
}

}  // namespace unhidra::mqtt_sequences
