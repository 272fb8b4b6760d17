#pragma once
// The client: account, devices, conversations, outbox and inbox of one device, without any I/O.
//
// The host moves bytes. It opens a WebSocket to the gateway, tells `connection_opened()`, feeds
// every binary frame to `receive()`, calls `tick()` about once a second and whenever `wake_at` is
// reached, and after each call takes the actions: frames to send in order, events to show.
// Every call changes the store in one commit, and its actions are released only afterwards. After
// Errc::store_failed the engine is dead; open another one on the same store.
//
// Ownership: keeps references to its dependencies. Thread: one at a time.
// Source: docs/security.md.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/client/errc.h"
#include "unhidra/client/events.h"
#include "unhidra/client/limits.h"
#include "unhidra/client/model.h"
#include "unhidra/client/store.h"

namespace unhidra::crypto {
class Provider;
}

namespace unhidra::client {

struct Dependencies {
  Store& store;
  const crypto::Provider& crypto;
  RandomSource& random;
  const Clock& clock;
};

struct Enrollment {
  UserId user;
  DeviceId device;  // as the server named this device
  std::string username;
};

struct Actions {
  std::vector<Bytes> frames;  // encoded ClientFrames
  std::vector<Event> events;
  bool reconnect = false;  // drop the connection and open another one
};

class Engine {
 public:
  // `least_generation`: the last generation() that the host remembers outside the store; a store
  // with a lower one is an old copy, and all its sessions start anew (event::StateRolledBack).
  static Result<Engine> open(Dependencies dependencies, Limits limits = {},
                             std::uint64_t least_generation = 0);
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  // Makes this device's keys. Once for each store.
  Status enroll(const Enrollment& enrollment);
  bool enrolled() const;
  // Grows with every commit. A host that can keeps it where a restored backup of the store does not
  // take it back, before it sends the frames.
  std::uint64_t generation() const;

  // ---- inputs from the host ----
  Status connection_opened();
  Status connection_closed();
  // One binary frame of the gateway. An unreadable one is an error and asks for a reconnect.
  Status receive(ByteView server_frame);
  Status tick();
  Actions take_actions();

  // ---- commands; their outcome comes as events ----
  // UserFound or UserNotFound.
  Status look_up_user(std::string_view username);
  // ConversationOpened.
  Status open_conversation(UserId peer);
  // Stored and queued at once, also without a connection; sent when possible.
  Result<MessageId> send_text(UserId peer, std::string_view text);
  // The same for any conversation, pair or group.
  Result<MessageId> send_text(ConversationId conversation, std::string_view text);

  // ---- groups: their outcome comes as events; a race with other members is settled inside ----
  // At once, also without a connection. `users` besides oneself; added when their devices can be.
  Result<ConversationId> create_group(std::string_view name, std::span<const UserId> users);
  // Answer the number of the change, for GroupChangeDone.
  Result<std::uint64_t> add_to_group(ConversationId group, std::span<const UserId> users);
  Result<std::uint64_t> remove_from_group(ConversationId group, std::span<const UserId> users);
  // With all own devices.
  Status leave_group(ConversationId group);
  Status rename_group(ConversationId group, std::string_view name);
  // Asks the server again for this user's device list.
  Status refresh_user(UserId user);
  // Accepts a changed identity; sending goes on, held messages are opened.
  Status accept_identity(UserId user);
  Status set_verified(UserId user, bool verified);
  // Signs a new device list with the pending device, then shares the account key with it.
  Status approve_device(DeviceId device);
  // Signs a new device list without the device.
  Status remove_device(DeviceId device);
  // A fresh access token for the live connection; nothing happens without one.
  Status refresh_token(std::string_view access_token);

  // ---- questions ----
  Result<Account> account() const;
  // Devices on the own list, and those that wait for approval.
  Result<std::vector<Device>> devices() const;
  Result<std::vector<Conversation>> conversations() const;  // newest activity first
  Result<std::optional<Conversation>> conversation_with(UserId peer) const;
  Result<std::optional<User>> user(UserId id) const;
  Result<std::optional<User>> user_named(std::string_view username) const;
  Result<Group> group(ConversationId id) const;
  // Up to `limit` messages before `before_index`, oldest first.
  Result<std::vector<Message>> history(ConversationId conversation, std::uint64_t before_index,
                                       std::size_t limit) const;
  Result<SafetyNumber> safety_number(UserId user) const;
  // No request under way, nothing to send or to fetch.
  bool idle() const;

 private:
  class Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace unhidra::client
