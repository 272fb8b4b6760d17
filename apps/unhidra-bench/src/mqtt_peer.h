#pragma once
// One MQTT connection of the load: a socket that does not block, and what has come.

#include <functional>
#include <string>

#include "unhidra/mqtt/decoder.h"
#include "unhidra/mqtt/encoder.h"

namespace unhidra::bench {

class MqttPeer {
 public:
  // Connects; blocks until the broker has taken it. Errc::unavailable.
  static Result<MqttPeer> connect(const std::string& host, const std::string& port,
                                  const std::string& client_id, bool clean);
  MqttPeer(MqttPeer&& other) noexcept;
  ~MqttPeer();
  MqttPeer(const MqttPeer&) = delete;
  MqttPeer& operator=(const MqttPeer&) = delete;
  MqttPeer& operator=(MqttPeer&&) = delete;

  // Blocks until SUBACK.
  Status subscribe(const std::string& filter, mqtt::QoS qos);
  void publish(std::string_view topic, ByteView payload, mqtt::QoS qos);
  void acknowledge(mqtt::PacketId id);
  void stop_blocking();
  // False: the connection has ended.
  bool flush();
  bool read(const std::function<void(const mqtt::Frame&)>& call);

  int fd() const { return fd_; }
  bool wants_write() const { return !out_.empty(); }

 private:
  explicit MqttPeer(int fd) : fd_(fd) {}
  Status expect(mqtt::PacketType type);

  int fd_;
  mqtt::FrameReader reader_{1U << 28};
  Bytes out_;
  mqtt::PacketId last_id_ = 0;
};

}  // namespace unhidra::bench
