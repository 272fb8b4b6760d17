// TCP, and TLS over it by OpenSSL.

#include <cerrno>
#include <netdb.h>
#include <stdexcept>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "link.h"

namespace unhidra::mqtt_sequences {
namespace {

constexpr timeval kPatience{.tv_sec = 2, .tv_usec = 0};
constexpr std::size_t kRead = 65'536;

class Socket {
 public:
  explicit Socket(const Address& address) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (::getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &list) != 0) {
      throw std::runtime_error("unknown host " + address.host);
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
    for (const auto* at = list; at != nullptr && descriptor_ < 0; at = at->ai_next) {
      descriptor_ = ::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
      if (descriptor_ >= 0 && ::connect(descriptor_, at->ai_addr, at->ai_addrlen) != 0) {
        ::close(descriptor_);
        descriptor_ = -1;
      }
    }
    if (descriptor_ < 0) {
      throw std::runtime_error("no broker at " + address.host + ":" + address.port);
    }
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { ::close(descriptor_); }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

class Tcp final : public Transport {
 public:
  explicit Tcp(const Address& address) : socket_(address) {}

  void send(ByteView bytes) override {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_.descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) {
        return;
      }
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
  }
  std::optional<Bytes> receive() override {
    Bytes out(kRead);
    const auto got = ::recv(socket_.descriptor(), out.data(), out.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      return std::nullopt;
    }
    out.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return out;
  }

 private:
  Socket socket_;
};

struct Freer {
  void operator()(SSL_CTX* context) const { ::SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { ::SSL_free(ssl); }
};

[[noreturn]] void fail_tls(const std::string& what) {
  const auto* reason = ::ERR_reason_error_string(::ERR_get_error());
  throw std::runtime_error(what + ": " + (reason != nullptr ? reason : "no reason given"));
}

class Tls final : public Transport {
 public:
  Tls(const Address& address, std::string_view application_protocol)
      : socket_(address), context_(::SSL_CTX_new(::TLS_client_method())) {
    ::SSL_CTX_set_verify(context_.get(), address.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
                         nullptr);
    if (!address.ca_file.empty() &&
        ::SSL_CTX_load_verify_file(context_.get(), address.ca_file.c_str()) != 1) {
      fail_tls(address.ca_file);
    }
    ssl_.reset(::SSL_new(context_.get()));
    Bytes names{static_cast<Byte>(application_protocol.size())};
    append(names, as_bytes(application_protocol));
    ::SSL_set_alpn_protos(ssl_.get(), names.data(), static_cast<unsigned>(names.size()));
    expect_name(address.host);
    ::SSL_set_fd(ssl_.get(), socket_.descriptor());
    if (::SSL_connect(ssl_.get()) != 1) {
      fail_tls("TLS handshake");
    }
  }

  void send(ByteView bytes) override {
    std::size_t sent = 0;
    (void)::SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent);
  }
  std::optional<Bytes> receive() override {
    Bytes out(kRead);
    const auto got = ::SSL_read(ssl_.get(), out.data(), static_cast<int>(out.size()));
    if (got <= 0 && ::SSL_get_error(ssl_.get(), got) == SSL_ERROR_WANT_READ) {
      return std::nullopt;
    }
    ::ERR_clear_error();
    out.resize(static_cast<std::size_t>(std::max(got, 0)));
    return out;
  }

 private:
  void expect_name(const std::string& host) {
    auto* parameters = ::SSL_get0_param(ssl_.get());
    if (::X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) != 1) {
      ::ERR_clear_error();
      ::X509_VERIFY_PARAM_set1_host(parameters, host.c_str(), host.size());
      ::SSL_set_tlsext_host_name(ssl_.get(), host.c_str());
    }
  }

  Socket socket_;
  std::unique_ptr<SSL_CTX, Freer> context_;
  std::unique_ptr<SSL, Freer> ssl_;
};

}  // namespace

std::unique_ptr<Transport> connect_tcp(const Address& address) {
  return std::make_unique<Tcp>(address);
}

std::unique_ptr<Transport> connect_tls(const Address& address, const char* application_protocol) {
  return std::make_unique<Tls>(address, application_protocol);
}

}  // namespace unhidra::mqtt_sequences
