#include "mqtt_client.h"

#include <cerrno>
#include <cstring>
#include <netdb.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace unhidra::bench {
namespace {

using namespace unhidra::mqtt;
constexpr auto kVersion = Version::v3_1_1;

Result<int> connect_to(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list) != 0) {
    return fail(unhidra::Errc::invalid, "unknown host " + host);
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  const int socket = ::socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0 || ::connect(socket, list->ai_addr, list->ai_addrlen) != 0) {
    const std::string why = std::strerror(errno);
    ::close(socket);
    return fail(unhidra::Errc::unavailable, host + ":" + std::to_string(port) + ": " + why);
  }
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

}  // namespace

Result<std::unique_ptr<MqttClient>> MqttClient::open(const std::string& host, std::uint16_t port,
                                                     int epoll, std::size_t number,
                                                     MqttEvents& events) {
  UNHIDRA_TRY(const int socket, connect_to(host, port));
  std::unique_ptr<MqttClient> client(new MqttClient(socket, epoll, number, events));
  epoll_event event{.events = EPOLLIN, .data = {.u64 = number}};
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) != 0) {
    return fail(unhidra::Errc::unavailable, "epoll takes no more descriptors");
  }
  client->hello();
  return client;
}

MqttClient::~MqttClient() {
  if (socket_ >= 0) {
    ::close(socket_);
  }
}

void MqttClient::hello() {
  Connect packet;
  packet.version = kVersion;
  const auto id = "bench-" + std::to_string(::getpid()) + "-" + std::to_string(number_);
  packet.client_id = id;
  append_connect(output_, packet);
  flush();
}

void MqttClient::subscribe(std::string_view filter, QoS qos) {
  Subscribe packet;
  packet.packet_id = 1;
  SubscriptionOptions options;
  options.qos = qos;
  packet.entries.push_back({filter, options});
  append_subscribe(output_, packet, kVersion);
}

void MqttClient::publish(std::string_view topic, ByteView payload, QoS qos) {
  PublishHeader header;
  header.topic = topic;
  header.qos = qos;
  if (qos != QoS::at_most_once) {
    header.packet_id = next_id_;
    next_id_ = next_id_ == 65'535 ? PacketId{1} : static_cast<PacketId>(next_id_ + 1);
  }
  append_publish(output_, header, payload, kVersion);
}

void MqttClient::flush() {
  if (socket_ < 0 || output_.empty()) {
    return;
  }
  const auto sent = ::send(socket_, output_.data(), output_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno != EAGAIN) {
    lose(std::strerror(errno));
    return;
  }
  output_.erase(output_.begin(), output_.begin() + std::max<ssize_t>(sent, 0));
  if (blocked_ != !output_.empty()) {
    blocked_ = !output_.empty();
    watch();
  }
}

void MqttClient::watch() {
  const std::uint32_t wanted = EPOLLIN | (blocked_ ? EPOLLOUT : 0U);
  epoll_event event{.events = wanted, .data = {.u64 = number_}};
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, socket_, &event);
}

void MqttClient::on_event(std::uint32_t epoll_events, MutableByteView scratch) {
  if (socket_ >= 0 && (epoll_events & EPOLLOUT) != 0) {
    flush();
  }
  if (socket_ >= 0 && (epoll_events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) {
    read(scratch);
  }
}

void MqttClient::read(MutableByteView scratch) {
  const auto got = ::recv(socket_, scratch.data(), scratch.size(), MSG_DONTWAIT);
  if (got <= 0) {
    if (got == 0 || errno != EAGAIN) {
      lose(got == 0 ? "closed by the broker" : std::strerror(errno));
    }
    return;
  }
  ByteView input = scratch.first(static_cast<std::size_t>(got));
  Frame frame;
  PacketError error;
  auto state = reader_.next(input, frame, error);
  for (; state == FrameReader::State::packet && socket_ >= 0;
       state = reader_.next(input, frame, error)) {
    take(frame);
  }
  if (state == FrameReader::State::error) {
    lose("the broker sent what is no packet");
  }
}

void MqttClient::take(const Frame& frame) {
  switch (frame.type()) {
    case PacketType::connack:
    case PacketType::suback:
      // The last byte is the return code of either.
      if (frame.body.empty() || frame.body.back() >= 0x03) {
        lose("refused by the broker");
      } else if (frame.type() == PacketType::connack && frame.body.back() != 0) {
        lose("refused by the broker");
      } else {
        events_.on_ready(*this);
      }
      return;
    case PacketType::puback:
      events_.on_acknowledged(*this);
      return;
    case PacketType::publish:
      break;
    default:
      return;
  }
  const auto message = decode_publish(frame, kVersion);
  if (!message) {
    lose("the broker sent a PUBLISH that is none");
    return;
  }
  if (message->qos == QoS::at_least_once) {
    Acknowledge packet;
    packet.packet_id = message->packet_id;
    append_acknowledge(output_, packet, kVersion);
  }
  events_.on_message(*this, message->payload);
}

void MqttClient::lose(const std::string& why) {
  ::close(socket_);
  socket_ = -1;
  output_.clear();
  events_.on_lost(*this, why);
}

}  // namespace unhidra::bench
