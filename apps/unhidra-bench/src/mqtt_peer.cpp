#include "mqtt_peer.h"

#include <array>
#include <fcntl.h>
#include <memory>
#include <netdb.h>
#include <unistd.h>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace unhidra::bench {

using namespace unhidra::mqtt;

Result<MqttPeer> MqttPeer::connect(const std::string& host, const std::string& port,
                                   const std::string& client_id, bool clean) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &list) != 0) {
    return fail(Errc::unavailable, "unknown host " + host);
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  MqttPeer out(::socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (out.fd_ < 0 || ::connect(out.fd_, list->ai_addr, list->ai_addrlen) != 0) {
    return fail(Errc::unavailable, "no broker at " + host + ":" + port);
  }
  const int on = 1;
  ::setsockopt(out.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Connect packet;
  packet.version = Version::v3_1_1;
  packet.clean_start = clean;
  packet.client_id = client_id;
  append_connect(out.out_, packet);
  UNHIDRA_TRY_VOID(out.expect(PacketType::connack));
  return out;
}

MqttPeer::MqttPeer(MqttPeer&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      reader_(std::move(other.reader_)),
      out_(std::move(other.out_)),
      last_id_(other.last_id_) {}

MqttPeer::~MqttPeer() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

Status MqttPeer::expect(PacketType type) {
  bool came = false;
  flush();
  while (!came) {
    const bool open = read([&](const Frame& frame) {
      came = came || frame.type() == type;
      // What a session that lived on still had to get.
      const auto message = frame.type() == PacketType::publish
                               ? decode_publish(frame, Version::v3_1_1)
                               : std::unexpected(PacketError());
      if (message && message->qos == QoS::at_least_once) {
        acknowledge(message->packet_id);
      }
    });
    if (!open) {
      return fail(Errc::unavailable, "the broker ended the connection instead of answering");
    }
  }
  flush();
  return {};
}

Status MqttPeer::subscribe(const std::string& filter, QoS qos) {
  Subscribe packet;
  packet.packet_id = 1;
  packet.entries.push_back({filter, {.qos = qos}});
  append_subscribe(out_, packet, Version::v3_1_1);
  return expect(PacketType::suback);
}

void MqttPeer::publish(std::string_view topic, ByteView payload, QoS qos) {
  PacketId id = 0;
  if (qos != QoS::at_most_once) {
    last_id_ = static_cast<PacketId>(last_id_ == 65'535 ? 1 : last_id_ + 1);
    id = last_id_;
  }
  append_publish(out_, {.topic = topic, .properties = {}, .packet_id = id, .qos = qos}, payload,
                 Version::v3_1_1);
}

void MqttPeer::acknowledge(PacketId id) {
  append_acknowledge(out_, {.type = PacketType::puback, .packet_id = id}, Version::v3_1_1);
}

void MqttPeer::stop_blocking() {
  ::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) | O_NONBLOCK);
}

bool MqttPeer::flush() {
  if (out_.empty()) {
    return true;
  }
  const auto sent = ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
  if (sent > 0) {
    out_.erase(out_.begin(), out_.begin() + sent);
  }
  return sent > 0 || errno == EAGAIN;
}

bool MqttPeer::read(const std::function<void(const Frame&)>& call) {
  static std::array<Byte, 256 * 1024> buffer;
  const auto got = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (got <= 0) {
    return got < 0 && (errno == EAGAIN || errno == EINTR);
  }
  ByteView input(buffer.data(), static_cast<std::size_t>(got));
  Frame frame;
  PacketError error;
  while (reader_.next(input, frame, error) == FrameReader::State::packet) {
    call(frame);
  }
  return true;
}

}  // namespace unhidra::bench
