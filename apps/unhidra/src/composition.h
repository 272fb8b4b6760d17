#pragma once
// One process of the server: makes the parts, starts the roles, stops them in reverse order. No
// logic of its own beyond that.

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "unhidra/auth/auth_role.h"
#include "unhidra/automation/automation_role.h"
#include "unhidra/automation/decision_point.h"
#include "unhidra/crypto/random.h"
#include "unhidra/messaging/rate_limiter.h"
#include "unhidra/runtime/system_clock.h"
#include "unhidra/runtime/task_scope.h"

#include "data_directory.h"
#include "foundation.h"
#include "server_settings.h"
#include "system_operations.h"
#include "tls_material.h"

namespace unhidra::server {

// Which roles this process runs.
struct RoleChoice {
  bool auth = true;
  bool automation = true;
  bool chat = true;
  bool gateway = true;
  // "auth", "automation", "chat", "gateway"; none means all.
  static Result<RoleChoice> parse(const std::vector<std::string>& names);
};

// What clients on this machine connect to when the server listens on every address.
std::string host_for_clients(std::string_view host);

struct Listening {
  std::optional<std::uint16_t> auth;
  std::optional<std::uint16_t> devices;  // enrolment
  std::uint16_t mqtt = 0;                // 0: not served
  std::uint16_t mqtts = 0;
  std::uint16_t gateway = 0;
  std::string gateway_url;  // empty: not run here
  bool web_client = false;
};

class Composition {
 public:
  // Opens the database (and migrates it) and makes the roles; nothing listens yet. `config`
  // outlives it. Blocks.
  static Result<std::unique_ptr<Composition>> make(const runtime::Config& config,
                                                   const ServerSettings& settings,
                                                   const DataDirectory& directory,
                                                   RoleChoice roles);
  ~Composition();
  Composition(const Composition&) = delete;
  Composition& operator=(const Composition&) = delete;

  // Nothing once there is a first administrator.
  Result<std::optional<std::string>> renew_setup_token();
  // The settings of the listener that asks devices for their certificates.
  net::TlsServerSettings device_tls(net::TlsServerSettings server) const;
  net::TlsServerSettings mqtt_tls(net::TlsServerSettings server) const;
  Status start(std::shared_ptr<net::TlsServerContext> tls,
               std::shared_ptr<net::TlsServerContext> device_tls,
               std::shared_ptr<net::TlsServerContext> mqtt_tls);
  Listening listening() const;
  // What can change while it runs: the policies.
  Status reload();
  // Not ready, no new work, what is under way ends or is cut off at the deadline. Blocks.
  void stop(std::chrono::milliseconds deadline);

  runtime::IoThreads& io();

 private:
  struct Parts;
  explicit Composition(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace unhidra::server
