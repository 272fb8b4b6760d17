// mqtt_broker --port P
//
// The real broker on loopback, set up for suites of packet sequences: everybody may do everything,
// Receive Maximum 20, Topic Alias Maximum 10, Maximum Packet Size 2,000,000, retained messages on.
// Runs until it is stopped (SIGTERM, SIGINT).
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <unistd.h>
#include <unordered_map>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "unhidra/mqtt/broker.h"

namespace unhidra::mqtt_broker {
namespace {

using namespace unhidra::mqtt;

volatile std::sig_atomic_t stopped = 0;

class Everything final : public Authority {
 public:
  std::optional<Admission> connect(ConnectionId, const Peer&, const Connect& packet) override {
    if (packet.properties.find(PropertyId::authentication_method)) {
      return Admission{.reason = ReasonCode::bad_authentication_method};
    }
    return Admission{.principal = std::make_shared<const Principal>()};
  }
  ReasonCode publish(const Principal&, const PublishRequest&) override {
    return ReasonCode::success;
  }
  // One filter is refused: a suite wants to see a refusal.
  ReasonCode subscribe(const Principal&, std::string_view filter,
                       const SubscriptionOptions&) override {
    return filter == "test/nosubscribe" ? ReasonCode::unspecified_error : ReasonCode::success;
  }
};

class SystemRandom final : public RandomSource {
 public:
  void fill(MutableByteView out) override {
    for (auto& byte : out) {
      byte = static_cast<Byte>(device_());
    }
  }

 private:
  std::random_device device_;
};

Moment moment() {
  return {std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()),
          std::chrono::steady_clock::now()};
}

class Host;

class Socket final : public Link {
 public:
  Socket(Host& its_host, int its_fd) : host(its_host), fd(its_fd) {}
  Bytes& output() override { return out_; }
  void flush() override;
  std::size_t queued() const override { return out_.size(); }
  void pause_reading(bool) override {}
  void close() override;

  Host& host;
  int fd;
  ConnectionId id = 0;

 private:
  Bytes out_;
};

class Host {
 public:
  explicit Host(std::uint16_t port)
      : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
        broker_(settings(), everything_, nullptr, nullptr, random_, moment()) {
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 1024) != 0) {
      std::perror("listen");
      std::exit(1);
    }
    epoll_event event{};
    event.events = EPOLLIN;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
  }

  void run() {
    std::printf("listening\n");
    std::fflush(stdout);
    while (stopped == 0) {
      epoll_event events[64];
      const int count = ::epoll_wait(epoll_, events, 64, 50);
      for (int i = 0; i < count; ++i) {
        if (events[i].data.ptr == nullptr) {
          accept();
        } else {
          read(*static_cast<Socket*>(events[i].data.ptr));
        }
      }
      broker_.tick(moment());
      broker_.flush();
      dead_.clear();
    }
  }

  void drop(Socket& socket) {
    ::close(socket.fd);
    const auto found = sockets_.find(&socket);
    dead_.push_back(std::move(found->second));
    sockets_.erase(found);
  }

 private:
  static BrokerSettings settings() {
    BrokerSettings out;
    out.receive_maximum = 20;
    out.topic_alias_maximum = 10;
    out.max_packet = 2'000'000;
    return out;
  }
  void accept() {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      return;
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto socket = std::make_unique<Socket>(*this, fd);
    socket->id = broker_.accept(*socket, {}, moment());
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = socket.get();
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    auto* const key = socket.get();
    sockets_.emplace(key, std::move(socket));
  }
  void read(Socket& socket) {
    static Byte buffer[65536];
    const auto got = ::recv(socket.fd, buffer, sizeof buffer, 0);
    if (got > 0) {
      broker_.receive(socket.id, ByteView(buffer, static_cast<std::size_t>(got)), moment());
    } else if (got == 0 || errno != EAGAIN) {
      broker_.lost(socket.id, moment());
      drop(socket);
    }
  }

  int epoll_;
  int listener_;
  Everything everything_;
  SystemRandom random_;
  Broker broker_;
  std::unordered_map<Socket*, std::unique_ptr<Socket>> sockets_;
  std::vector<std::unique_ptr<Socket>> dead_;
};

void Socket::flush() {
  while (!out_.empty()) {
    const auto sent = ::send(fd, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return;
    }
    out_.erase(out_.begin(), out_.begin() + sent);
  }
}
void Socket::close() {
  flush();
  host.drop(*this);
}

}  // namespace
}  // namespace unhidra::mqtt_broker

int main(int argc, char** argv) {
  if (argc != 3 || std::string_view(argv[1]) != "--port") {
    std::fputs("usage: mqtt_broker --port P\n", stderr);
    return 2;
  }
  std::signal(SIGTERM, [](int) { unhidra::mqtt_broker::stopped = 1; });
  std::signal(SIGINT, [](int) { unhidra::mqtt_broker::stopped = 1; });
  unhidra::mqtt_broker::Host(static_cast<std::uint16_t>(std::atoi(argv[2]))).run();
}
