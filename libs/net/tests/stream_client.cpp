#include "stream_client.h"

#include <array>
#include <csignal>
#include <stdexcept>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "raw_websocket.h"

namespace unhidra::net::test {
namespace {

constexpr std::string_view kStreamUpgrade =
    "GET /stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Protocol: mqtt\r\n\r\n";
constexpr std::size_t kMaxFrame = 60'000;

// OpenSSL writes with write(2): a peer that is gone would end the process. Only while the client
// writes, so that the server's own care is tested.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;
  ~NoSigpipe() {
    const timespec at_once{};
    sigtimedwait(&pipe_, nullptr, &at_once);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_{};
  sigset_t before_{};
};

}  // namespace

StreamClient::StreamClient(StreamTransport transport)
    : transport_(transport), fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}

// What the other constructor has made is released also when this one fails.
StreamClient::StreamClient(StreamTransport transport, std::uint16_t port, std::string_view preface,
                           int receive_buffer)
    : StreamClient(transport) {
  if (receive_buffer > 0) {
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    throw std::runtime_error("cannot connect");
  }
  const int on = 1;  // else the request waits until the server's host confirms the handshake's end
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  send_raw(preface);
  if (transport == StreamTransport::tls || transport == StreamTransport::secure_websocket) {
    secure();
  }
  if (is_websocket()) {
    upgrade();
  }
}

StreamClient::~StreamClient() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
  close();
}

bool StreamClient::is_websocket() const {
  return transport_ == StreamTransport::websocket ||
         transport_ == StreamTransport::secure_websocket;
}

void StreamClient::secure() {
  const NoSigpipe quiet;
  context_ = SSL_CTX_new(TLS_client_method());
  ssl_ = SSL_new(context_);
  SSL_set_fd(ssl_, fd_);
  if (SSL_connect(ssl_) != 1) {
    throw std::runtime_error("no TLS");
  }
}

void StreamClient::upgrade() {
  send_raw(kStreamUpgrade);
  while (!wire_.contains("\r\n\r\n") && read_more()) {
  }
  const auto end = wire_.find("\r\n\r\n");
  if (!wire_.starts_with("HTTP/1.1 101 ") || end == std::string::npos ||
      !wire_.contains("Sec-WebSocket-Protocol: mqtt\r\n")) {
    throw std::runtime_error("no upgrade: " + wire_);
  }
  wire_.erase(0, end + 4);
}

bool StreamClient::send(std::string_view bytes) {
  if (!is_websocket()) {
    return send_raw(bytes);
  }
  while (!bytes.empty()) {
    const auto piece = bytes.substr(0, kMaxFrame);
    if (!send_raw(frame(0x82, piece))) {
      return false;
    }
    bytes.remove_prefix(piece.size());
  }
  return true;
}

bool StreamClient::send_raw(std::string_view bytes) {
  const NoSigpipe quiet;
  while (!bytes.empty()) {
    const auto size = ssl_ != nullptr
                          ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                          : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

bool StreamClient::read_more() {
  std::array<char, 65536> chunk;
  const auto size = ssl_ != nullptr ? SSL_read(ssl_, chunk.data(), chunk.size())
                                    : ::recv(fd_, chunk.data(), chunk.size(), 0);
  if (size <= 0) {
    const bool silent =
        errno == EAGAIN &&
        (ssl_ == nullptr || SSL_get_error(ssl_, static_cast<int>(size)) != SSL_ERROR_ZERO_RETURN);
    closed_ = !(size < 0 && silent);
    return false;
  }
  wire_.append(chunk.data(), static_cast<std::size_t>(size));
  return true;
}

// One whole frame, if there is one.
bool StreamClient::unwrap() {
  if (!is_websocket()) {
    stream_ += std::exchange(wire_, {});
    return false;
  }
  const auto at = [this](std::size_t i) { return static_cast<Byte>(wire_[i]); };
  if (wire_.size() < 2) {
    return false;
  }
  const std::size_t code = at(1);
  const std::size_t extended = code == 126 ? 2 : (code == 127 ? 8 : 0);
  if (wire_.size() < 2 + extended) {
    return false;
  }
  std::size_t size = extended == 0 ? code : 0;
  for (std::size_t i = 0; i < extended; ++i) {
    size = size << 8 | at(2 + i);
  }
  const auto begin = 2 + extended;
  if (wire_.size() < begin + size) {
    return false;
  }
  if (at(0) == 0x82) {
    frames_.push_back(size);
    stream_ += wire_.substr(begin, size);
  } else if (at(0) == 0x88 && size >= 2) {
    close_code_ = at(begin) << 8 | at(begin + 1);
  }
  wire_.erase(0, begin + size);
  return true;
}

std::string StreamClient::read(std::size_t size, std::chrono::milliseconds limit) {
  const timeval wait{limit.count() / 1000, limit.count() % 1000 * 1000};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
  do {
    while (unwrap()) {
    }
  } while (stream_.size() < size && read_more());
  auto out = stream_.substr(0, size);
  stream_.erase(0, out.size());
  return out;
}

void StreamClient::end_output() {
  const NoSigpipe quiet;
  if (ssl_ != nullptr) {
    SSL_shutdown(ssl_);
  }
  ::shutdown(fd_, SHUT_WR);
}

void StreamClient::close() {
  if (fd_ >= 0) {
    ::close(std::exchange(fd_, -1));
  }
}

}  // namespace unhidra::net::test
