#pragma once
// The MQTT broker on the network: one event loop, any number of listeners.

#include <functional>
#include <memory>

#include "unhidra/mqtt/broker.h"
#include "unhidra/net/server.h"

namespace unhidra::automation {

// What a stream's bytes are for the broker. All of it lives on one executor; whoever is elsewhere
// uses run().
class MqttServer final : public net::StreamHandler {
 public:
  // Everything outlives the server; the executor's loop until it has been stopped. `journal` and
  // `observer` may be null. `authority`, `journal` and `observer` are called on the executor.
  MqttServer(Executor executor, const mqtt::BrokerSettings& settings, mqtt::Authority& authority,
             mqtt::Journal* journal, mqtt::Observer* observer, const Clock& clock,
             RandomSource& random);
  ~MqttServer() override;
  MqttServer(const MqttServer&) = delete;
  MqttServer& operator=(const MqttServer&) = delete;

  // TCP, or TLS. Returns the port bound to. Before start().
  Result<std::uint16_t> listen(net::ServerSettings settings,
                               std::shared_ptr<net::TlsServerContext> tls);
  // MQTT over WebSocket (MQTT 5.0 section 6), for an HTTP server's HttpHandler::upgrade: the
  // subprotocol "mqtt" must be offered.
  net::UpgradeDecision upgrade(const net::RequestHead& head);
  // A WebSocket of this server may be a stream, too.
  std::shared_ptr<net::StreamListener> on_open(std::shared_ptr<net::Stream> stream) override;

  // Time begins to pass: deadlines, statistics.
  void start();
  // Nobody new is let in, and everybody is told and leaves; ends when they have, `grace` after the
  // farewell's period at the latest. The listeners go on: whoever comes is told, too.
  Task<void> drain(mqtt::Farewell farewell, std::chrono::milliseconds grace);
  // Ends what is left, and the listeners.
  Task<void> stop(std::chrono::milliseconds grace);

  // Runs on the executor, from any thread, and flushes what it caused.
  void run(std::function<void(mqtt::Broker&, mqtt::Moment)> call);
  // Only on the executor, or before start().
  mqtt::Broker& broker();
  mqtt::Moment now() const;

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace unhidra::automation
