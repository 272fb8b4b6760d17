#pragma once
// One MQTT client of the load: a non-blocking socket and the packets on it. Version 3.1.1, which
// every broker speaks.

#include <memory>

#include "unhidra/mqtt/decoder.h"
#include "unhidra/mqtt/encoder.h"

namespace unhidra::bench {

class MqttClient;

class MqttEvents {
 public:
  virtual ~MqttEvents() = default;
  virtual void on_ready(MqttClient& client) = 0;  // connected, or subscribed
  virtual void on_message(MqttClient& client, ByteView payload) = 0;
  virtual void on_acknowledged(MqttClient& client) = 0;
  virtual void on_lost(MqttClient& client, const std::string& why) = 0;
};

class MqttClient {
 public:
  // Connects (on loopback that does not wait) and asks to be let in. The epoll event's data is
  // `number`.
  static Result<std::unique_ptr<MqttClient>> open(const std::string& host, std::uint16_t port,
                                                  int epoll, std::size_t number,
                                                  MqttEvents& events);
  ~MqttClient();
  MqttClient(const MqttClient&) = delete;
  MqttClient& operator=(const MqttClient&) = delete;

  // These append; flush() sends.
  void subscribe(std::string_view filter, mqtt::QoS qos);
  void publish(std::string_view topic, ByteView payload, mqtt::QoS qos);
  void flush();
  bool wants_flush() const { return !output_.empty() && !blocked_; }

  void on_event(std::uint32_t epoll_events, MutableByteView scratch);
  std::size_t number() const { return number_; }
  bool open() const { return socket_ >= 0; }

  // Kept by the load for this client.
  std::uint64_t published = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t delivered = 0;

 private:
  MqttClient(int socket, int epoll, std::size_t number, MqttEvents& events)
      : socket_(socket), epoll_(epoll), number_(number), events_(events) {}
  void hello();
  void read(MutableByteView scratch);
  void take(const mqtt::Frame& frame);
  void lose(const std::string& why);
  void watch();

  int socket_;
  int epoll_;
  std::size_t number_;
  MqttEvents& events_;
  mqtt::FrameReader reader_{1U << 20};
  Bytes output_;
  mqtt::PacketId next_id_ = 1;
  bool blocked_ = false;
};

}  // namespace unhidra::bench
