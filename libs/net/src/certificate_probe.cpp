#include "unhidra/net/certificate_probe.h"

#include <memory>
#include <netdb.h>
#include <unistd.h>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include "unhidra/net/errc.h"

#include "tls_impl.h"

namespace unhidra::net {
namespace {

class Socket {
 public:
  Socket() = default;
  Socket(Socket&& other) noexcept : fd(std::exchange(other.fd, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd, other.fd);
    return *this;
  }
  ~Socket() {
    if (fd >= 0) {
      ::close(fd);
    }
  }
  int fd = -1;
};

timeval to_timeval(std::chrono::milliseconds time) {
  return {static_cast<time_t>(time.count() / 1000),
          static_cast<suseconds_t>(time.count() % 1000 * 1000)};
}

bool connect_to(const addrinfo& address, std::chrono::milliseconds timeout, Socket& out) {
  Socket socket;
  socket.fd = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket.fd < 0) {
    return false;
  }
  // Linux applies SO_SNDTIMEO to connect(2) too.
  const auto limit = to_timeval(timeout);
  ::setsockopt(socket.fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  ::setsockopt(socket.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  if (::connect(socket.fd, address.ai_addr, address.ai_addrlen) != 0) {
    return false;
  }
  out = std::move(socket);
  return true;
}

Result<Socket> connect_to(const std::string& host, std::uint16_t port,
                          std::chrono::milliseconds timeout) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    return fail(Errc::connect_failed, "no such host: " + host);
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  Socket socket;
  for (const auto* at = found; at != nullptr; at = at->ai_next) {
    if (connect_to(*at, timeout, socket)) {
      return socket;
    }
  }
  return fail(Errc::connect_failed, "cannot connect to " + host);
}

}  // namespace

Result<ByteArray<32>> probe_certificate(const std::string& host, std::uint16_t port,
                                        std::chrono::milliseconds timeout) {
  UNHIDRA_TRY(const auto socket, connect_to(host, port, timeout));
  const SslCtxPtr context(SSL_CTX_new(TLS_client_method()));
  const SslPtr ssl(context ? SSL_new(context.get()) : nullptr);
  if (!ssl) {
    return fail(Errc::tls_failed, "TLS cannot be set up");
  }
  SSL_set_verify(ssl.get(), SSL_VERIFY_NONE, nullptr);  // the very point: nothing is believed
  SSL_set_tlsext_host_name(ssl.get(), host.c_str());
  ERR_clear_error();
  if (SSL_set_fd(ssl.get(), socket.fd) != 1 || SSL_connect(ssl.get()) != 1) {
    ERR_clear_error();
    return fail(Errc::tls_failed, "the TLS handshake failed");
  }
  const auto* certificate = SSL_get0_peer_certificate(ssl.get());
  ByteArray<32> out{};
  unsigned size = 0;
  if (certificate == nullptr || X509_digest(certificate, EVP_sha256(), out.data(), &size) != 1 ||
      size != out.size()) {
    return fail(Errc::tls_failed, "the server shows no certificate");
  }
  return out;
}

}  // namespace unhidra::net
