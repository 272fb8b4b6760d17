#pragma once

#include <memory>
#include <string>
#include <vector>

#include "unhidra/messaging/bus.h"

namespace unhidra::messaging {

struct NatsOptions {
  std::vector<std::string> urls = {};  // "nats://127.0.0.1:4222" or "tls://..."; any of them
  std::string name = {};               // shown by the server's monitoring
  std::string credentials_file = {};   // a .creds file; empty: none
  std::string ca_file = {};            // PEM; set: TLS, and the server must be signed by it
};

// The bus of a cluster, on core NATS: publish and subscribe, requests with reply inboxes, queue
// groups. Processes on one server (or cluster of them) are indistinguishable from one process.
//
// It connects in the background and reconnects for ever; meanwhile `healthy()` and requests answer
// Errc::disconnected, and publications are kept up to the library's 8 MB buffer, then refused.
// Unlike the in-process bus, members of a queue group are chosen at random, a full one refuses
// though another may have room, and several queue groups on one subject each get the request (the
// first answer wins): do not do that. The destructor flushes for up to a second: destroy it on no
// I/O thread.
Result<std::unique_ptr<Bus>> make_nats_bus(const NatsOptions& options, Executor executor);

}  // namespace unhidra::messaging
