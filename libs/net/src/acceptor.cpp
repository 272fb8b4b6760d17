#include "acceptor.h"

#include <algorithm>
#include <cstring>
#include <unistd.h>

#include <arpa/inet.h>
#include <boost/asio/post.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace unhidra::net {
namespace {

constexpr int kAcceptsPerTurn = 64;
// While there is no descriptor or memory left, peers wait in the backlog.
constexpr std::chrono::milliseconds kBackOff{100};

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Result<Address> parse(const std::string& text, std::uint16_t port) {
  Address out;
  auto& v4 = reinterpret_cast<sockaddr_in&>(out.storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(out.storage);
  if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    out.size = sizeof(v4);
  } else if (inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    out.size = sizeof(v6);
  } else {
    return fail(Errc::bad_settings, "'" + text + "' is no numeric address");
  }
  return out;
}

void switch_on(int fd, int level, int option) {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof(on));
}

Result<int> listen_on(const ServerSettings& settings, std::uint16_t port) {
  UNHIDRA_TRY(const auto address, parse(settings.address, port));
  const int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return fail(Errc::bad_settings, std::string("no socket: ") + std::strerror(errno));
  }
  switch_on(fd, SOL_SOCKET, SO_REUSEADDR);
  if (settings.reuse_port) {
    switch_on(fd, SOL_SOCKET, SO_REUSEPORT);
  }
  switch_on(fd, IPPROTO_TCP, TCP_NODELAY);  // accepted sockets inherit it
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0 ||
      ::listen(fd, settings.backlog) != 0) {
    const int error = errno;
    ::close(fd);
    return fail(error == EADDRINUSE ? Errc::address_in_use : Errc::bad_settings,
                "cannot listen on " + settings.address + " port " + std::to_string(port) + ": " +
                    std::strerror(error));
  }
  return fd;
}

}  // namespace

// A port that was found free is taken in the same call: nobody comes between.
Result<int> listen_on(const ServerSettings& settings) {
  const unsigned last = std::min(settings.port + unsigned{settings.further_ports}, 65535U);
  for (unsigned port = settings.port;; ++port) {
    auto fd = listen_on(settings, static_cast<std::uint16_t>(port));
    if (fd || fd.error() != Errc::address_in_use || settings.further_ports == 0) {
      return fd;
    }
    if (port == last) {
      return fail(Errc::address_in_use, "cannot listen on " + settings.address + ": ports " +
                                            std::to_string(settings.port) + " to " +
                                            std::to_string(last) + " are all taken");
    }
  }
}

Acceptor::Acceptor(Worker& worker, int fd, std::weak_ptr<Server::Core> core)
    : worker_(worker), fd_(std::in_place, worker.executor(), fd), core_(std::move(core)) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                              : reinterpret_cast<sockaddr_in&>(address).sin_port);
}

void Acceptor::start() {
  worker_.at_end([weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->close();
    }
  });
  boost::asio::post(worker_.context(), [self = shared_from_this()] { self->arm(); });
}

void Acceptor::stop() {
  boost::asio::post(worker_.context(), [self = shared_from_this()] { self->close(); });
}

void Acceptor::close() {
  closed_ = true;
  worker_.clear_deadline(*this);
  fd_.reset();
}

void Acceptor::resume() {
  if (held_back_.exchange(false) && !closed_) {
    boost::asio::post(worker_.context(), [self = shared_from_this()] { self->arm(); });
  }
}

void Acceptor::arm() {
  if (armed_ || !fd_) {
    return;
  }
  armed_ = true;
  fd_->async_wait(Descriptor::wait_read,
                  [self = shared_from_this()](boost::system::error_code error) {
                    self->armed_ = false;
                    if (!error) {
                      self->accept_some();
                    }
                  });
}

void Acceptor::accept_some() {
  const auto core = core_.lock();
  if (!core || !fd_) {
    return;
  }
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    if (core->handshaking >= core->settings.max_handshakes) {
      held_back_ = true;
      if (core->handshaking >= core->settings.max_handshakes) {
        return;  // resume() will come
      }
      held_back_ = false;
    }
    const int fd = ::accept4(fd_->native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      accept_failed(errno);
      return;
    }
    core->place(fd);
  }
  arm();
}

void Acceptor::accept_failed(int error) {
  if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
    if (const auto core = core_.lock()) {
      ++core->accept_errors;
    }
    worker_.set_deadline(*this, kBackOff);
    return;
  }
  arm();  // nobody waits any more, or one gave up
}

}  // namespace unhidra::net
