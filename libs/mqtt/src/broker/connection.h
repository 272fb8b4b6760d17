#pragma once
// One network connection of the broker: bytes in and out, what is agreed on for this connection
// alone. What survives it is the Session's.

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "unhidra/base/timer_wheel.h"
#include "unhidra/mqtt/broker.h"
#include "unhidra/mqtt/decoder.h"

#include "ring.h"
#include "session.h"

namespace unhidra::mqtt {

enum class Phase : std::uint8_t {
  greeting,        // CONNECT is awaited
  deciding,        // the Authority has not answered yet
  authenticating,  // an AUTH of the client is awaited
  connected,
  leaving,  // ends when what is held for it is durable; what it says is not heard any more
  closed,
};

class Connection final : public WheelEntry {
 public:
  Connection(Broker::Core& its_core, Link& its_link, Peer its_peer, std::uint32_t max_received)
      : core(its_core), link(its_link), peer(std::move(its_peer)), reader(max_received) {}

  bool is_v5() const { return version == Version::v5; }
  // One and a half times what was agreed on (section 3.1.2.10).
  std::chrono::milliseconds keep_alive_limit() const {
    return std::chrono::milliseconds(1500) * keep_alive;
  }

  // ---- Output
  // Where bytes for the peer are appended.
  Bytes& out() { return holds_.empty() ? link.output() : held_; }
  // What is appended from now on leaves when `position` is durable.
  void hold(std::uint64_t position, std::uint64_t durable);
  // Lets go of what `durable` allows; false when some is still held.
  bool release(std::uint64_t durable);
  bool holding() const { return !holds_.empty(); }
  std::size_t queued() const { return link.queued() + held_.size(); }

  // ---- Topic aliases (section 3.3.2.3.4)
  // The topic of a PUBLISH that has an alias; nullopt: there is none, or the alias is not allowed.
  std::optional<std::string_view> resolve_alias(std::uint32_t alias, std::string_view topic,
                                                std::uint16_t maximum);
  // The alias to send with: 0 none; `known` when the peer has it already.
  struct OutgoingAlias {
    std::uint16_t alias = 0;
    bool known = false;
  };
  OutgoingAlias outgoing_alias(std::string_view topic);

  Broker::Core& core;
  Link& link;
  Peer peer;
  FrameReader reader;
  ConnectionId id = 0;
  Session* session = nullptr;
  std::shared_ptr<const Principal> principal;
  std::unique_ptr<Bytes> connect_frame;     // until it is decided upon
  std::unique_ptr<Bytes> early;             // bytes that came while the Authority was thinking
  std::unique_ptr<std::string> method;      // of enhanced authentication
  std::unique_ptr<Ring<Outgoing>> backlog;  // retained QoS 0 messages that wait for room

  Version version = Version::v5;
  Phase phase = Phase::greeting;
  bool dirty = false;  // something waits for flush
  bool holding_listed = false;
  bool paused = false;   // reading, for the journal's sake
  bool waiting = false;  // a packet waits for the Authority; it is at the front of `early`
  bool reauthenticating = false;
  bool wants_reasons = true;               // Request Problem Information (section 3.1.2.11.7)
  std::uint16_t keep_alive = 0;            // seconds
  std::uint16_t receive_maximum = 65'535;  // of the peer
  std::uint16_t alias_maximum = 0;         // of the peer
  std::uint32_t max_packet = 0;            // that the peer takes; 0: any
  SteadyTime heard;                        // when the last bytes came

 private:
  struct Hold {
    std::size_t offset;  // in held_
    std::uint64_t position;
  };
  struct Aliases;

  void on_deadline() override;

  Bytes held_;
  Ring<Hold> holds_;
  std::unique_ptr<std::vector<std::string>> aliases_in_;  // by alias - 1
  std::unique_ptr<std::map<std::string, std::uint16_t, std::less<>>> aliases_out_;
};

}  // namespace unhidra::mqtt
