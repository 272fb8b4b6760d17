#pragma once
// The gateway role: terminates WebSocket connections of clients (GET /v1/ws), proves who they are,
// forwards their requests over the bus to the role that serves them, and their events back. It
// keeps nothing that matters: a lost connection resumes from the device's inbox, on this process or
// another one.

#include <memory>

#include "unhidra/access/rest_face.h"
#include "unhidra/access/runner.h"
#include "unhidra/gateway/settings.h"
#include "unhidra/messaging/bus.h"
#include "unhidra/messaging/presence.h"
#include "unhidra/net/tls.h"
#include "unhidra/runtime/io_threads.h"
#include "unhidra/runtime/metrics.h"

namespace unhidra::gateway {

// Everything outlives the role.
struct GatewayDependencies {
  runtime::IoThreads& io;
  messaging::Bus& bus;
  messaging::Presence& presence;
  access::Handlers& handlers;  // the role binds its operations here
  access::OperationRunner& runner;
  access::TokenVerifier& verifier;
  runtime::Metrics& metrics;
  const Clock& clock;
  RandomSource& random;  // safe from any thread
};

class GatewayRole {
 public:
  // Binds the handlers of the gateway's own frames; listens to nothing before start().
  GatewayRole(GatewayDependencies dependencies, GatewaySettings settings);
  ~GatewayRole();
  GatewayRole(const GatewayRole&) = delete;
  GatewayRole& operator=(const GatewayRole&) = delete;

  // `rest` answers everything that is neither a WebSocket upgrade nor of the web client (health,
  // metrics); it outlives the role.
  Status start(std::shared_ptr<net::TlsServerContext> tls, net::HttpHandler& rest);
  // The port bound to; of use after start().
  std::uint16_t port() const;
  std::size_t connections() const;
  bool serves_web_client() const;

  // Phase one: nobody new; every client is told when to come back, each at another moment.
  // Phase two: waits for requests under way and closes with 1012, within the settings' grace.
  Task<void> stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace unhidra::gateway
