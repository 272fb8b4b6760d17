#pragma once
// What outlives a connection (MQTT 5.0 section 4.1): subscriptions, messages on their way in both
// directions, the will.

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "unhidra/base/timer_wheel.h"
#include "unhidra/mqtt/broker.h"
#include "unhidra/mqtt/subscription_tree.h"

#include "inbox.h"
#include "outbox.h"
#include "roster.h"

namespace unhidra::mqtt {

class Connection;
struct Space;

struct PendingWill {
  MessageRef message;
  std::uint32_t delay = 0;            // seconds
  std::optional<std::uint32_t> life;  // seconds from when it is published
};

struct SubscriptionRecord {
  SubscriptionOptions options;
  std::uint32_t identifier = 0;
};

class Session final : public Subscriber, public WheelEntry {
 public:
  Session(Broker::Core& its_core, Space& its_space, std::uint64_t its_number, std::string its_id)
      : core(its_core), space(its_space), number(its_number), client_id(std::move(its_id)) {}

  // Has a life beyond its connection.
  bool persistent() const { return expiry != 0; }
  bool connected() const { return connection != nullptr; }

  Broker::Core& core;
  Space& space;
  const std::uint64_t number;  // names it in the journal and as a message's origin
  const std::string client_id;
  std::shared_ptr<const Principal> principal;
  Connection* connection = nullptr;
  std::uint32_t expiry = 0;    // seconds after its connection has ended; kNeverExpires: for ever
  bool journaled = false;      // the journal knows of it, and of its will
  bool kept = false;           // and of its subscriptions and messages: it was persistent once
  std::uint64_t position = 0;  // of the last record about it
  RosterEntry entry;
  static RosterEntry& entry_of(Session& session) { return session.entry; }

  std::map<std::string, SubscriptionRecord, std::less<>> subscriptions;
  std::size_t subscription_bytes = 0;  // of their filters
  Outbox outbox;
  Inbox inbox;
  std::optional<PendingWill> will;

  // While it is not connected.
  Timestamp disconnected_at;
  SteadyTime will_due;    // when `will` is set
  SteadyTime expiry_due;  // unless it never expires

 private:
  void on_deadline() override;
};

}  // namespace unhidra::mqtt
