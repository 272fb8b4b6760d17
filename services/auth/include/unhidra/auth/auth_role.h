#pragma once
// The auth role: organisations, users, sessions, devices, tokens. It serves the REST interface, the
// key set and, over the bus, the question whether a session is still good.
//
// Bus: serves "auth.jwks" (answer: the key set as JSON), "auth.verify_token" (request: an access
// token; answer: wire::RoutedPrincipal) and "auth.check_session" (request: 16 bytes of the
// session's id, then 16 of the device's if it has one; answer: wire::RoutedPrincipal with the roles
// of this moment). Publishes access::Revocation for every session and device that has ended, at
// least once, within a second also when another process ended it; and for everybody whose roles
// have changed.

#include <memory>
#include <optional>
#include <string>

#include "unhidra/access/handlers.h"
#include "unhidra/access/rest_face.h"
#include "unhidra/auth/settings.h"
#include "unhidra/messaging/bus.h"
#include "unhidra/net/tls.h"
#include "unhidra/pki/key_provider.h"
#include "unhidra/runtime/io_threads.h"
#include "unhidra/runtime/metrics.h"
#include "unhidra/storage/database.h"

namespace unhidra::auth {

// Everything outlives the role.
struct AuthDependencies {
  runtime::IoThreads& io;
  storage::Database& database;
  messaging::Bus& bus;
  const pki::KeyProvider& provider;  // of the signing keys' private halves
  runtime::Metrics& metrics;
  const Clock& clock;
  RandomSource& random;  // safe from any thread
};

class AuthRole {
 public:
  AuthRole(AuthDependencies dependencies, AuthSettings settings);
  ~AuthRole();
  AuthRole(const AuthRole&) = delete;
  AuthRole& operator=(const AuthRole&) = delete;

  // Reads the signing keys, and makes the first one; writes the built-in roles. Blocks. From here
  // on the verifier works, which is all that a process without this role's listener needs.
  Status load();
  access::TokenVerifier& verifier();
  // The one-time token for the first administrator, made anew; nothing once there is one. Blocks.
  Result<std::optional<std::string>> renew_setup_token();

  // This process's own gateway: told to clients unless auth.gateway_url says another. Before
  // start().
  void offer_gateway(std::string url);

  // The role's operations.
  void bind(access::Handlers& handlers);
  // Listens, serves the bus and starts to watch the database. `rest` outlives the role.
  Status start(std::shared_ptr<net::TlsServerContext> tls, net::HttpHandler& rest);
  // The port bound to; of use after start().
  std::uint16_t port() const;

  // Phase one: nobody new. Phase two: answers what is under way, within the grace period.
  Task<void> stop(std::chrono::milliseconds grace);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace unhidra::auth
