#pragma once
// The broker of this process with everything it stands on: gate, policy, log, listeners.

#include "unhidra/access/rest_face.h"
#include "unhidra/automation/broker_log.h"
#include "unhidra/automation/mqtt_server.h"
#include "unhidra/automation/settings.h"
#include "unhidra/messaging/bus.h"
#include "unhidra/runtime/metrics.h"

#include "broker/gate.h"

namespace unhidra::automation {

// Everything outlives the face.
struct MqttFaceDependencies {
  Executor executor;
  storage::Database& database;
  messaging::Bus& bus;
  access::TokenVerifier& verifier;
  std::vector<pki::Certificate> trusted;
  runtime::Metrics& metrics;
  const Clock& clock;
  RandomSource& random;
  std::filesystem::path folder;  // of the log
};

class MqttFace final : private mqtt::Observer {
 public:
  // Loads the policy. Blocks.
  static Result<std::unique_ptr<MqttFace>> make(MqttFaceDependencies dependencies,
                                                const AutomationSettings& settings);
  // Reads the log back and listens. Blocks.
  Status start(std::shared_ptr<net::TlsServerContext> tls);
  // Reads the policy anew; what is connected is judged by it at once. On failure the old one
  // stays. Blocks.
  Status reload_policy();
  Task<void> stop(std::chrono::milliseconds grace);

  net::UpgradeDecision upgrade(const net::RequestHead& head) { return server_.upgrade(head); }
  std::uint16_t port() const { return port_; }
  std::uint16_t tls_port() const { return tls_port_; }

 private:
  MqttFace(MqttFaceDependencies dependencies, const AutomationSettings& settings,
           std::shared_ptr<const rego::PreparedQuery> policy, SealedTopics sealed);
  Status listen_on_bus();
  void end(const Revoked& what);
  void forget_device(ByteView message);
  Task<void> look_after();
  void count();

  void dropped(const mqtt::Principal& who, std::string_view client_id, std::string_view topic,
               mqtt::DropReason reason) override;

  MqttFaceDependencies deps_;
  const AutomationSettings settings_;
  runtime::TaskScope scope_;
  TopicPolicy policy_;
  SealedTopics sealed_;
  BrokerTrail trail_;
  BrokerLog log_;
  Gate gate_;
  MqttServer server_;
  std::vector<messaging::Subscription> subscriptions_;
  struct Gauges;
  std::unique_ptr<Gauges> gauges_;
  std::uint16_t port_ = 0;
  std::uint16_t tls_port_ = 0;

 public:
  ~MqttFace() override;
};

}  // namespace unhidra::automation
