#pragma once
// The broker of this process with everything it stands on: gate, policy, log, listeners.

#include "unhidra/access/rest_face.h"
#include "unhidra/access/revocation.h"
#include "unhidra/automation/broker_log.h"
#include "unhidra/automation/decision_point.h"
#include "unhidra/automation/mqtt_server.h"
#include "unhidra/automation/settings.h"
#include "unhidra/messaging/bus.h"
#include "unhidra/runtime/metrics.h"

#include "broker/gate.h"
#include "broker/registry_watch.h"
#include "broker/topic_policy.h"

namespace unhidra::automation {

// Everything outlives the face.
struct MqttFaceDependencies {
  Executor executor;
  storage::Database& database;
  messaging::Bus& bus;
  access::TokenVerifier& verifier;
  const AuthorityBook& authorities;
  runtime::Metrics& metrics;
  const Clock& clock;
  RandomSource& random;
  DecisionPoint& decisions;      // with topics
  std::filesystem::path folder;  // of the broker's log
};

class MqttFace final : private mqtt::Observer {
 public:
  static Result<std::unique_ptr<MqttFace>> make(MqttFaceDependencies dependencies,
                                                const AutomationSettings& settings);
  ~MqttFace() override;
  // Reads the log back and listens. Blocks.
  Status start(std::shared_ptr<net::TlsServerContext> tls);
  Task<void> stop(std::chrono::milliseconds grace);

  // Ends the connections of whoever has a certificate of an authority that is believed no more. On
  // any executor.
  void authority_retired(std::int64_t generation);

  // Messages that wait for the session under the device's own id; nothing: there is none. From any
  // executor.
  Task<std::optional<std::size_t>> queue_depth(OrgId org, DeviceId device);

  net::UpgradeDecision upgrade(const net::RequestHead& head) { return server_.upgrade(head); }
  std::uint16_t port() const { return port_; }
  std::uint16_t tls_port() const { return tls_port_; }

 private:
  MqttFace(MqttFaceDependencies dependencies, const AutomationSettings& settings,
           SealedTopics sealed, std::optional<messaging::RateLimit> failures);
  void judge_again();
  Status listen_on_bus();
  void revoke(const access::Revocation& what);
  void end(const Revoked& what);
  void disconnect(UserId user);
  void forget_device(const pki::DeviceIdentity& who);
  void tell_wanted(const pki::DeviceIdentity& who);
  void device_changed(const store::RegisteredDevice& device);
  Task<void> look_after();
  Task<void> end_of_authority(std::int64_t generation);
  Task<std::optional<std::size_t>> depth_here(OrgId org, DeviceId device);
  void count();

  void retained_refused(const mqtt::Principal& who, std::string_view client_id,
                        std::string_view topic) override;
  void dropped(const mqtt::Principal& who, std::string_view client_id, std::string_view topic,
               mqtt::DropReason reason) override;

  MqttFaceDependencies deps_;
  const AutomationSettings settings_;
  runtime::TaskScope scope_;
  TopicPolicy& policy_;
  SealedTopics sealed_;
  BrokerTrail trail_;
  BrokerLog log_;
  Gate gate_;
  MqttServer server_;
  RegistryWatch watch_;
  std::vector<messaging::Subscription> subscriptions_;
  struct Gauges;
  std::unique_ptr<Gauges> gauges_;
  std::uint16_t port_ = 0;
  std::uint16_t tls_port_ = 0;
};

}  // namespace unhidra::automation
