#pragma once
// MQTT with the server's broker, over the gateway's port (wss://host:9000/mqtt) and with the
// person's token. Everything happens on the thread that runs the event loop.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "unhidra/mqtt/client_session.h"
#include "unhidra/net/tls.h"

namespace boost::asio {
class io_context;
}

namespace unhidra::cli {

struct MqttLinkSettings {
  std::string gateway;  // wss://host:port/...; the path is /mqtt
  net::TlsClientSettings tls;
  std::string token;
  std::string client_id;
};

class MqttLink {
 public:
  // The loop outlives the link.
  MqttLink(boost::asio::io_context& context, MqttLinkSettings settings);
  ~MqttLink();

  // Called for every event. After `disconnected`, or on_failed, nothing follows.
  std::function<void(const mqtt::ClientEvent&)> on_event;
  std::function<void(const Error&)> on_failed;

  void start();
  // To ask for something; flush() afterwards. Null before start().
  mqtt::ClientSession* client();
  void flush();
  void close();

  // For commands: connects, and runs the loop until `done` says so. Errc::unreachable, refused,
  // timed_out.
  Status run_until(const std::function<bool()>& done, std::chrono::milliseconds timeout);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace unhidra::cli
