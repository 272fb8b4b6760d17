#pragma once
// What a session has to get with QoS 1 and 2, in order, from the first message that is not
// acknowledged to the last that waits. A message's packet identifier follows from its place
// (ordinal), so that it is the same after a reconnect and after a restart.

#include <cstdint>
#include <memory>
#include <vector>

#include "unhidra/mqtt/message.h"

#include "ring.h"

namespace unhidra::mqtt {

using Identifiers = std::vector<std::uint32_t>;

struct Outgoing {
  enum class State : std::uint8_t {
    waiting,   // never sent
    sent,      // PUBLISH went out, PUBACK or PUBREC is missing
    released,  // PUBREC came, PUBCOMP is missing
    done,
  };
  MessageRef message;
  std::unique_ptr<Identifiers> identifiers;  // of the subscriptions; null: none
  QoS qos = QoS::at_least_once;
  State state = State::waiting;
  bool retain = false;
  bool shared = false;  // goes back to the group when the session ends
};

class Outbox {
 public:
  // The place of the message, for as long as it is here.
  std::uint64_t push(Outgoing entry);
  // At a given place, in rising order: how a log is read back. False: it is not in order.
  bool restore(std::uint64_t ordinal, Outgoing entry);
  // Null: it is finished, or was never here.
  Outgoing* find(std::uint64_t ordinal);
  const Outgoing* find(std::uint64_t ordinal) const;

  static PacketId packet_id(std::uint64_t ordinal) {
    return static_cast<PacketId>(ordinal % kIds + 1);
  }
  // What went out on this connection under the identifier; kNone: nothing did.
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};
  std::uint64_t ordinal_in_flight(PacketId id) const;

  // The next to send on this connection; kNone: nothing, or as many are in flight as identifiers
  // allow. After a reconnect that begins with what is not acknowledged.
  std::uint64_t next();
  // `ordinal` was next() and has gone out.
  void sent(std::uint64_t ordinal);
  void finish(std::uint64_t ordinal);
  // A new connection: everything unacknowledged is to be sent again.
  void rewind();
  // The oldest that was never sent; kNone: none.
  std::uint64_t oldest_waiting() const;

  std::size_t in_flight() const { return in_flight_; }
  std::size_t unfinished() const { return unfinished_; }
  std::size_t waiting() const;
  // Finished ones stand behind one that is not, as far as can be borne.
  bool is_stretched() const { return entries_.size() >= 2 * kIds; }
  std::size_t bytes() const { return bytes_; }
  std::uint64_t begin() const { return first_; }
  std::uint64_t end() const { return first_ + entries_.size(); }

 private:
  static constexpr std::uint64_t kIds = 65'535;

  Outgoing& at(std::uint64_t ordinal) { return entries_[ordinal - first_]; }
  const Outgoing& at(std::uint64_t ordinal) const { return entries_[ordinal - first_]; }
  void start_at(std::uint64_t ordinal);
  void trim();

  Ring<Outgoing> entries_;
  std::uint64_t first_ = 0;   // ordinal of entries_[0]
  std::uint64_t cursor_ = 0;  // next to send on this connection
  std::uint64_t unsent_ = 0;  // first that was never sent; not before cursor_
  std::size_t in_flight_ = 0;
  std::size_t unfinished_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace unhidra::mqtt
