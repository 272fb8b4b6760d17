#pragma once
// The automation role: devices, their enrolment and their certificates.
//
// MQTT is served on one event loop: the broker keeps its journal in the folder "mqtt".
//
// Bus: hears "device.certificate_revoked" and "auth.revoked". Publishes
// "device.certificate_revoked" (16 bytes of the organisation, 16 of the device, then the serial
// number) after the commit of every revocation, and "device.deleted" (16 bytes of the organisation,
// 16 of the device).

#include <filesystem>
#include <memory>

#include "unhidra/access/handlers.h"
#include "unhidra/access/rest_face.h"
#include "unhidra/automation/decision_point.h"
#include "unhidra/automation/settings.h"
#include "unhidra/messaging/bus.h"
#include "unhidra/net/server.h"
#include "unhidra/pki/seal.h"
#include "unhidra/runtime/io_threads.h"

namespace unhidra::automation {

// Everything outlives the role.
struct AutomationDependencies {
  runtime::IoThreads& io;
  storage::Database& database;
  messaging::Bus& bus;
  access::TokenVerifier& verifier;
  runtime::Metrics& metrics;
  DecisionPoint& decisions;      // with topics, where the settings serve MQTT
  const pki::KeySealer& sealer;  // of the authority's private key
  const Clock& clock;
  RandomSource& random;             // safe from any thread
  std::filesystem::path directory;  // where the authority's files lie
};

class AutomationRole {
 public:
  AutomationRole(AutomationDependencies dependencies, AutomationSettings settings);
  ~AutomationRole();
  AutomationRole(const AutomationRole&) = delete;
  AutomationRole& operator=(const AutomationRole&) = delete;

  // Reads the device authority, and makes it at the first start. Blocks.
  Status load();
  // The role's operations; after load().
  void bind(access::Handlers& handlers);
  // What a listener for devices has beside its certificate: asks clients for one of theirs.
  net::TlsServerSettings listener_tls(net::TlsServerSettings server) const;
  // `rest` outlives the role. `mqtt_tls` is of listener_tls, too, for ApplicationProtocol::mqtt.
  Status start(std::shared_ptr<net::TlsServerContext> tls,
               std::shared_ptr<net::TlsServerContext> mqtt_tls, net::HttpHandler& rest);
  // MQTT over WebSocket, for whoever has an HTTP server; 404 where MQTT is not served.
  net::UpgradeDecision upgrade_mqtt(const net::RequestHead& head);
  // The ports bound to; of use after start(). 0: MQTT is not served.
  std::uint16_t port() const;
  std::uint16_t mqtt_port() const;
  std::uint16_t mqtts_port() const;
  Task<void> stop(std::chrono::milliseconds grace);

 private:
  Status start_status(const std::vector<Executor>& executors, net::HttpHandler& rest);
  Status start_mqtt(std::shared_ptr<net::TlsServerContext> tls);
  Task<std::optional<std::size_t>> queue_depth(OrgId org, DeviceId device);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace unhidra::automation
