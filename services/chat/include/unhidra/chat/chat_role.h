#pragma once
// The chat role: public keys, device lists, conversations, the log and the inboxes. It serves
// requests that gateways forward over the bus (subject "chat.request") and publishes what devices
// should hear (messaging/device_events.h). It tells gateways the public key with which it proposes
// to groups
// ("chat.external_sender", 32 bytes), and listens to "auth.revoked". It sees ciphertext only: no
// header of the end-to-end rooms can be included here.

#include <memory>
#include <string>
#include <vector>

#include "unhidra/access/handlers.h"
#include "unhidra/access/runner.h"
#include "unhidra/base/random.h"
#include "unhidra/base/time.h"
#include "unhidra/crypto/provider.h"
#include "unhidra/messaging/bus.h"
#include "unhidra/pki/key_provider.h"
#include "unhidra/runtime/io_threads.h"
#include "unhidra/runtime/task_scope.h"
#include "unhidra/storage/database.h"

namespace unhidra::chat {

// Everything outlives the role.
struct ChatDependencies {
  runtime::IoThreads& io;
  storage::Database& database;
  messaging::Bus& bus;
  access::Handlers& handlers;  // the role binds its operations here
  access::OperationRunner& runner;
  const crypto::Provider& crypto;
  const pki::KeyProvider& keys;  // of the key that proposes to groups
  const Clock& clock;
  RandomSource& random;  // safe from any thread
};

class ChatRole {
 public:
  // Binds the handlers; serves nothing before start().
  explicit ChatRole(ChatDependencies dependencies);
  ~ChatRole();
  ChatRole(const ChatRole&) = delete;
  ChatRole& operator=(const ChatRole&) = delete;

  // Reads the key that proposes to groups, and makes the first one; then serves on every I/O
  // thread, and watches for devices that have to leave their groups. Blocks.
  Status start();
  // Takes no more requests; those under way end by themselves.
  Task<void> stop(std::chrono::milliseconds deadline);

 private:
  struct Operations;
  Task<Status> watch();

  ChatDependencies dependencies_;
  std::unique_ptr<Operations> operations_;
  std::vector<messaging::Subscription> services_;
  runtime::TaskScope scope_;
};

}  // namespace unhidra::chat
