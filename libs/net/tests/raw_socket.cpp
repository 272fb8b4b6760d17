#include "raw_socket.h"

#include <array>
#include <poll.h>
#include <stdexcept>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace unhidra::net::test {

RawSocket::RawSocket(std::uint16_t port, int receive_buffer)
    : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
  if (receive_buffer > 0) {
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  }
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    ::close(fd_);
    throw std::runtime_error("cannot connect");
  }
}

RawSocket::~RawSocket() {
  ::close(fd_);
}

bool RawSocket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto size = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

void RawSocket::end_output() {
  ::shutdown(fd_, SHUT_WR);
}

bool RawSocket::read_more(std::chrono::steady_clock::time_point end) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
  pollfd wait{fd_, POLLIN, 0};
  if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) <= 0) {
    return false;
  }
  std::array<char, 65536> chunk;
  const auto size = ::recv(fd_, chunk.data(), chunk.size(), 0);
  if (size <= 0) {
    closed_ = true;
    return false;
  }
  buffer_.append(chunk.data(), static_cast<std::size_t>(size));
  return true;
}

std::string RawSocket::read_all(std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (read_more(end)) {
  }
  return std::exchange(buffer_, {});
}

std::string RawSocket::read_until(std::string_view text, std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  auto at = buffer_.find(text);
  while (at == std::string::npos && read_more(end)) {
    at = buffer_.find(text);
  }
  const auto size = at == std::string::npos ? buffer_.size() : at + text.size();
  auto out = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return out;
}

std::string RawSocket::read_bytes(std::size_t size, std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (buffer_.size() < size && read_more(end)) {
  }
  auto out = buffer_.substr(0, size);
  buffer_.erase(0, out.size());
  return out;
}

}  // namespace unhidra::net::test
