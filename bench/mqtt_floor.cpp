// The floor under an MQTT broker: an epoll loop that hands QoS 0 publications on as they came, by
// the topic's text, and does nothing else. No session, policy, wildcard, limit or timer. What a
// broker takes beyond it is its own.
//
//   mqtt_floor --port PORT      loopback; until it is killed
//
// Output is gathered for each connection and written once a turn of the loop.

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unistd.h>
#include <unordered_map>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace {

struct Peer {
  int fd = -1;
  std::string in;
  std::string out;
};

class Floor {
 public:
  explicit Floor(std::uint16_t port) : epoll_(::epoll_create1(0)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
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
    watch(listener_);
  }

  void turn() {
    std::array<epoll_event, 256> events;
    const int count = ::epoll_wait(epoll_, events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener_) {
        accept();
      } else {
        read(fd);
      }
    }
    for (Peer* peer : dirty_) {
      // A load that outruns the sockets is not what this is for.
      static_cast<void>(::send(peer->fd, peer->out.data(), peer->out.size(), MSG_NOSIGNAL));
      peer->out.clear();
    }
    dirty_.clear();
  }

 private:
  void watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }
  void accept() {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
    if (fd >= 0) {
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      peers_[fd].fd = fd;
      watch(fd);
    }
  }
  void read(int fd) {
    Peer& peer = peers_[fd];
    std::array<char, 65536> buffer;
    const auto size = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (size <= 0) {
      ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);  // its descriptor stays: it may subscribe
      return;
    }
    peer.in.append(buffer.data(), static_cast<std::size_t>(size));
    std::size_t at = 0;
    while (const auto packet = packet_size(std::string_view(peer.in).substr(at))) {
      handle(peer, std::string_view(peer.in).substr(at, packet));
      at += packet;
    }
    peer.in.erase(0, at);
  }
  // With its header; 0: not all of it is there.
  std::size_t packet_size(std::string_view bytes) {
    std::size_t length = 0;
    for (std::size_t i = 1; i < bytes.size() && i < 5; ++i) {
      length |= (static_cast<std::size_t>(bytes[i]) & 0x7f) << (7 * (i - 1));
      if ((static_cast<unsigned char>(bytes[i]) & 0x80) == 0) {
        header_ = i + 1;
        return bytes.size() >= header_ + length ? header_ + length : 0;
      }
    }
    return 0;
  }
  static std::string_view text(std::string_view bytes) {
    const auto size =
        (static_cast<unsigned char>(bytes[0]) << 8) + static_cast<unsigned char>(bytes[1]);
    return bytes.substr(2, static_cast<std::size_t>(size));
  }
  void put(Peer& peer, std::string_view bytes) {
    if (peer.out.empty()) {
      dirty_.push_back(&peer);
    }
    peer.out += bytes;
  }
  void handle(Peer& peer, std::string_view packet) {
    const auto body = packet.substr(header_);
    switch (static_cast<unsigned char>(packet[0]) >> 4) {
      case 1:  // CONNECT, version 3.1.1
        return put(peer, std::string_view("\x20\x02\x00\x00", 4));
      case 3:  // PUBLISH, QoS 0
        for (Peer* to : topics_[std::string(text(body))]) {
          put(*to, packet);
        }
        return;
      case 8: {  // SUBSCRIBE with one filter
        topics_[std::string(text(body.substr(2)))].push_back(&peer);
        const std::array<char, 5> answer{'\x90', 3, body[0], body[1], 0};
        return put(peer, {answer.data(), answer.size()});
      }
      case 12:  // PINGREQ
        return put(peer, std::string_view("\xd0\x00", 2));
      default:
        return;
    }
  }

  int epoll_;
  int listener_;
  std::size_t header_ = 0;  // of the packet that packet_size saw last
  std::unordered_map<int, Peer> peers_;
  std::unordered_map<std::string, std::vector<Peer*>> topics_;
  std::vector<Peer*> dirty_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || std::string_view(argv[1]) != "--port") {
    std::fputs("mqtt_floor --port PORT\n", stderr);
    return 2;
  }
  Floor floor(static_cast<std::uint16_t>(std::atoi(argv[2])));
  for (;;) {
    floor.turn();
  }
}
