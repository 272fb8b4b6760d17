#pragma once
// What the broker writes into its journal, record by record. recovery.cpp reads it back.
//
// A record is its type and its fields in the canonical encoding of base/codec.h. A session is named
// by its number, a message on its way out by session and ordinal. A published message stands in one
// record together with everything that it changed, so that nothing of it is ever half there.

#include <optional>
#include <span>

#include "unhidra/base/codec.h"
#include "unhidra/mqtt/broker.h"
#include "unhidra/mqtt/message.h"

#include "session.h"

namespace unhidra::mqtt {

enum class RecordType : std::uint8_t {
  session = 1,  // begins, or its principal, expiry or connectedness changed
  session_ended = 2,
  subscribed = 3,
  unsubscribed = 4,
  will = 5,
  will_cleared = 6,
  message = 7,   // for these recipients; retained; releases an incoming one
  incoming = 8,  // QoS 2, PUBREC is promised
  incoming_done = 9,
  released = 10,  // the receiver's PUBREC came
  finished = 11,  // acknowledged, or dropped
};

enum class RetainedChange : std::uint8_t { none, set, cleared };

struct Recipient {
  std::uint64_t session = 0;
  std::uint64_t ordinal = 0;
  QoS qos = QoS::at_least_once;
  Outgoing::State state = Outgoing::State::waiting;
  bool retain = false;
  bool shared = false;
  std::span<const std::uint32_t> identifiers;
};

// An incoming message whose way ends with this record.
struct Release {
  std::uint64_t session = 0;
  PacketId packet_id = 0;
};

// Encodes; null journal: nothing is written and every position is 0.
class Recorder {
 public:
  explicit Recorder(Journal* journal) : journal_(journal) {}
  bool active() const { return journal_ != nullptr; }
  std::uint64_t position() const { return position_; }

  std::uint64_t session(const Session& session);
  std::uint64_t session_ended(const Session& session);
  std::uint64_t subscribed(const Session& session, std::string_view filter,
                           const SubscriptionRecord& subscription);
  std::uint64_t unsubscribed(const Session& session, std::string_view filter);
  std::uint64_t will(const Session& session);
  std::uint64_t message(std::string_view space, const Message& message,
                        std::span<const Recipient> recipients, RetainedChange retained,
                        std::string_view owner, std::optional<Release> release);
  std::uint64_t incoming(const Session& session, PacketId id, const Message& message);
  std::uint64_t incoming_done(const Session& session, PacketId id);
  std::uint64_t released(const Session& session, std::uint64_t ordinal);
  std::uint64_t finished(const Session& session, std::uint64_t ordinal);

 private:
  std::uint64_t write(ByteView record);

  Journal* journal_;
  std::uint64_t position_ = 0;
};

// The encodings alone, which a snapshot is made of too.
namespace records {

Bytes session(const Session& session);
Bytes subscribed(const Session& session, std::string_view filter,
                 const SubscriptionRecord& subscription);
Bytes will(std::uint64_t session, const std::optional<PendingWill>& will);
// `owner`: of what is retained; empty: nobody, and not written.
Bytes message(std::string_view space, const Message& message, std::span<const Recipient> recipients,
              RetainedChange retained, std::string_view owner, std::optional<Release> release);
Bytes incoming(std::uint64_t session, PacketId id, const Message& message);

}  // namespace records
}  // namespace unhidra::mqtt
