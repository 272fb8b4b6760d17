#pragma once
// The automation role: devices, their enrolment and their certificates.
//
// Bus: publishes "device.certificate_revoked" (16 bytes of the organisation, 16 of the device, then
// the serial number) after the commit of every revocation, and "device.deleted" (16 bytes of the
// organisation, 16 of the device).

#include <filesystem>
#include <memory>

#include "unhidra/access/handlers.h"
#include "unhidra/automation/settings.h"
#include "unhidra/messaging/bus.h"
#include "unhidra/net/server.h"
#include "unhidra/pki/seal.h"
#include "unhidra/runtime/io_threads.h"

namespace unhidra::automation {

// Everything outlives the role.
struct AutomationDependencies {
  runtime::IoThreads& io;
  messaging::Bus& bus;
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
  // `rest` outlives the role.
  Status start(std::shared_ptr<net::TlsServerContext> tls, net::HttpHandler& rest);
  // The port bound to; of use after start().
  std::uint16_t port() const;
  Task<void> stop(std::chrono::milliseconds grace);

 private:
  Status start_status(const std::vector<Executor>& executors, net::HttpHandler& rest);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace unhidra::automation
