#pragma once
// An MQTT broker as a machine: the host feeds it bytes, time and what became durable, and sends
// what it is given (MQTT 3.1, 3.1.1 and 5.0). It does no I/O, holds no thread and no clock, and is
// used from one thread.
//
// Durability: with a Journal, whatever a session must not lose is appended to it, and every packet
// that tells a peer so (PUBACK, PUBREC, PUBREL, PUBCOMP, CONNACK, SUBACK, and the delivery itself)
// leaves only when `durable` has reported its position. Sessions that end with their connection,
// and messages nobody keeps, are not journaled.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "unhidra/base/random.h"
#include "unhidra/base/time.h"
#include "unhidra/mqtt/message.h"
#include "unhidra/mqtt/packet.h"

namespace unhidra::mqtt {

enum class Errc : std::uint8_t { corrupt_journal };
constexpr ErrorCode error_code(Errc) {
  return {"mqtt.corrupt_journal", ErrorKind::corrupt};
}

struct Moment {
  Timestamp wall;
  SteadyTime steady;
};

// What happens to a message for a session whose queue is full.
enum class QueuePolicy : std::uint8_t {
  drop_oldest,
  drop_newest,
  refuse,  // the publisher is told 0x97; before version 5 its connection ends
};

struct BrokerSettings {
  std::uint32_t max_packet = 1U << 20;  // bytes, header included, that a client may send
  std::uint16_t receive_maximum = 100;  // QoS 1 and 2 messages a client may have unacknowledged
  std::uint16_t topic_alias_maximum = 10;
  std::uint16_t max_keep_alive = 0;                  // seconds; longer ones are cut to it; 0: none
  std::uint16_t max_inflight = 100;                  // towards clients that do not say their own
  std::uint32_t max_session_expiry = kNeverExpires;  // seconds
  QoS max_qos = QoS::exactly_once;
  bool retain_available = true;
  QueuePolicy queue_policy = QueuePolicy::drop_oldest;
  std::size_t max_queued_messages = 10'000;       // that wait for one session
  std::size_t max_queued_bytes = 16U << 20;       // of them, and of QoS 2 it has not released
  std::size_t max_subscriptions = 10'000;         // of one session
  std::size_t max_subscription_bytes = 1U << 20;  // of their filters
  std::size_t max_output = 1U << 20;  // unsent bytes of a connection; QoS 0 is shed above
  std::size_t max_memory = std::size_t{1} << 30;  // bytes of living messages
  // Retained messages of one space, and of those that one identity published; beyond, 0x97. 0: any.
  std::size_t max_retained = 0;
  std::size_t max_retained_bytes = 0;
  std::size_t max_retained_each = 0;
  std::size_t max_retained_bytes_each = 0;
  std::size_t max_journal_backlog = 64U << 20;  // bytes; publishers are paused above
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds statistics_interval{10'000};  // of $SYS; 0: none
};

enum class Transport : std::uint8_t { tcp, tls, websocket, secure_websocket };
std::string_view to_string(Transport transport);

// What is known of a connection before it says anything.
struct Peer {
  std::string address;
  Transport transport = Transport::tcp;
  Bytes certificate;  // DER, verified; empty: none
  Bytes binding;      // of the TLS channel: tls-exporter (RFC 9266); empty: none
};

// Whoever is behind a session. Made by the Authority, shared by connection and session.
struct Principal {
  std::string identity;  // stable; only the same identity takes a session over
  std::string space;     // the tenant: topics, sessions and client identifiers are apart
  std::shared_ptr<const void> context;  // the Authority's own
};

// The answer to CONNECT, and to each AUTH.
struct Admission {
  ReasonCode reason = ReasonCode::success;     // continue_authentication: ask on with `data`
  std::shared_ptr<const Principal> principal;  // when it succeeded
  Bytes data;                                  // Authentication Data; the method is the client's
  std::string server_reference;                // with use_another_server and server_moved
};

// How clients are sent away when the broker stops.
struct Farewell {
  std::string server_reference;         // where they shall go (0x9C); empty: nowhere (0x8B)
  bool moved = false;                   // for good: 0x9D
  std::chrono::milliseconds period{0};  // over which their connections end, evenly
};

// Names a connection for as long as the broker has it; later it means nobody.
using ConnectionId = std::uint64_t;

struct PublishRequest {
  std::string_view topic;
  ByteView payload;
  Properties properties;
  QoS qos = QoS::at_most_once;
  bool retain = false;
};

// Who may do what. Asked from the broker's thread; every doubt is a denial.
class Authority {
 public:
  virtual ~Authority() = default;
  // At once, or nullopt and later Broker::decide.
  virtual std::optional<Admission> connect(ConnectionId connection, const Peer& peer,
                                           const Connect& packet) = 0;
  // The next step of an enhanced authentication (section 4.12); `again` when a client that is
  // connected begins anew.
  virtual std::optional<Admission> authenticate(ConnectionId connection, ByteView data, bool again);
  // The connection is gone: what was kept for it may go.
  virtual void left(ConnectionId connection);
  // success, or what the publisher is told.
  virtual ReasonCode publish(const Principal& who, const PublishRequest& request) = 0;
  // success, or what SUBACK says. `filter` includes "$share/{group}/".
  virtual ReasonCode subscribe(const Principal& who, std::string_view filter,
                               const SubscriptionOptions& options) = 0;
  // Whether each delivery is asked again.
  virtual bool judges_deliveries() const { return false; }
  virtual bool deliver(const Principal& who, std::string_view topic, const Principal* publisher);
  // ---- Answers that come from elsewhere
  // Whether there are any. Then, before a packet is handled, rehearse() announces that publish,
  // subscribe and deliver will be called with all that it needs, and must_wait() asks whether an
  // answer is missing. If so, the packet and all that follow it wait until Broker::resume, and it
  // is rehearsed again. What is not known when it counts (of wills, of the host's own messages) is
  // a denial.
  virtual bool answers_later() const { return false; }
  virtual void rehearse(ConnectionId connection);
  virtual bool must_wait() { return false; }
  // Of a session that was journaled. Null: it ends.
  virtual std::shared_ptr<const Principal> restore(std::string_view space,
                                                   std::string_view identity);
};

// An append-only log. What is appended gets a rising position; when it is on disk, the host says
// so through Broker::durable.
class Journal {
 public:
  virtual ~Journal() = default;
  virtual std::uint64_t append(ByteView record) = 0;
  virtual std::size_t backlog() const = 0;  // bytes that are not durable yet
};

// Where a connection's bytes go. Owned by the host; the broker does not touch it after close(), nor
// after Broker::lost.
class Link {
 public:
  // The broker appends; nothing is sent before flush().
  virtual Bytes& output() = 0;
  virtual void flush() = 0;
  // Bytes appended and not yet taken by the kernel. The host calls Broker::writable when it falls
  // below half of what it was told to be too much.
  virtual std::size_t queued() const = 0;
  virtual void pause_reading(bool paused) = 0;
  // Sends what is there, then ends the connection.
  virtual void close() = 0;

 protected:
  ~Link() = default;
};

enum class DropReason : std::uint8_t { queue_full, expired, too_large, forbidden };
std::string_view to_string(DropReason reason);

// What the owner of the broker wants to see. Called from inside the broker: must not call it back.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void connected(const Principal& who, std::string_view client_id);
  virtual void disconnected(const Principal& who, std::string_view client_id, ReasonCode reason);
  // A retained message that went beyond what may be kept, and was refused.
  virtual void retained_refused(const Principal& who, std::string_view client_id,
                                std::string_view topic);
  // A QoS 1 or 2 message that a session will not get.
  virtual void dropped(const Principal& who, std::string_view client_id, std::string_view topic,
                       DropReason reason);
};

struct BrokerStats {
  std::size_t connections = 0;
  std::size_t sessions = 0;
  std::size_t subscriptions = 0;
  std::size_t retained = 0;
  std::size_t retained_bytes = 0;
  std::size_t message_bytes = 0;
  std::uint64_t messages_received = 0;
  std::uint64_t messages_sent = 0;
  std::uint64_t messages_dropped = 0;  // QoS 1 and 2
  std::uint64_t messages_shed = 0;     // QoS 0
  std::uint64_t retained_refused = 0;
  std::uint64_t bytes_received = 0;
};

// A part of a snapshot. Immutable: another thread may write it out. Ends before its broker.
class SnapshotPart {
 public:
  struct Captured;
  explicit SnapshotPart(std::unique_ptr<Captured> captured);
  SnapshotPart(SnapshotPart&&) noexcept;
  SnapshotPart& operator=(SnapshotPart&&) noexcept;
  ~SnapshotPart();

  // As records that Broker::replay takes, part by part in the order in which they were given.
  void write(const std::function<void(ByteView record)>& write) const;

 private:
  std::unique_ptr<Captured> captured_;
};

class Broker {
 public:
  // `journal` and `observer` may be null. `random` seeds hashes and makes client identifiers.
  Broker(BrokerSettings settings, Authority& authority, Journal* journal, Observer* observer,
         RandomSource& random, Moment now);
  ~Broker();

  // ---- Connections. Each call may append to any connection's output: call flush() at the end of
  // a turn of the host's loop.
  ConnectionId accept(Link& link, Peer peer, Moment now);
  void receive(ConnectionId connection, ByteView bytes, Moment now);
  // The peer or the network ended it; its link is not touched any more.
  void lost(ConnectionId connection, Moment now);
  // Its output has room again.
  void writable(ConnectionId connection, Moment now);
  // The late answer of Authority::connect or authenticate.
  void decide(ConnectionId connection, const Admission& admission, Moment now);
  // What its packet waits for may have come.
  void resume(ConnectionId connection, Moment now);
  bool wants_flush() const;
  void flush();
  // At least every 100 ms.
  void tick(Moment now);

  // ---- Durability
  // Everything appended up to `position` is on disk.
  void durable(std::uint64_t position, Moment now);
  // Before the first connection: the records of the log in order, then recovered(). What cannot be
  // a record of ours is Errc::corrupt_journal.
  Status replay(ByteView record);
  void recovered(Moment now);
  // The whole state as it is now, so that older records can go; taken a part at a time, while it
  // goes on changing. One at a time.
  void begin_snapshot();
  // The next `size` or a few more sessions and messages, and what has changed since the last part.
  // Nothing: that was all.
  std::optional<SnapshotPart> next_part(std::size_t size);
  // The rest is not wanted.
  void end_snapshot();

  // ---- Administration
  using Choice = std::function<bool(const Principal&, std::string_view client_id)>;
  // Ends every connection of those that `which` chooses.
  std::size_t disconnect(const Choice& which, ReasonCode reason, Moment now);
  // Ends sessions, connected or not, with all that waits for them.
  std::size_t end_sessions(const Choice& which, ReasonCode reason, Moment now);
  // More is known of whoever `renewed` answers a principal for, with the identity and space of the
  // one that it is given: that one from now on, connected or not. Null: as before. Call rejudge()
  // where the Authority would judge otherwise.
  using Renewal = std::function<std::shared_ptr<const Principal>(const Principal&)>;
  void renew(std::string_view space, const Renewal& renewed);
  // The policy has changed, or what is known of those that `which` chooses: every subscription is
  // asked again, those refused are removed; so is what waits to be sent, where deliveries are
  // judged.
  void rejudge(Moment now);
  void rejudge(const Choice& which, Moment now);
  // A message of the host's own. Returns how many subscribers it went to.
  std::size_t publish(std::string_view space, const PublishRequest& request, Moment now);
  // Takes the retained messages away that the filter covers, as if their publisher had; returns how
  // many there were.
  std::size_t clear_retained(std::string_view space, std::string_view filter, Moment now);

  // ---- Stopping
  // From now on nobody new is let in: CONNECT is answered with the farewell (0x88 where that is
  // 0x8B, which no CONNACK may say; before version 5, return code 3). Who is connected goes on, is
  // told when its turn in the period comes, and leaves, after what it was promised is durable and
  // sent. tick() moves it on.
  void drain(Farewell farewell, Moment now);
  // Everybody who was let in has left.
  bool drained() const;
  // Ends every connection that is left, told the same.
  void shut_down(Moment now);

  // Of all spaces together: the operator's. What a space's own clients read under $SYS is theirs.
  BrokerStats stats() const;
  BrokerStats stats(std::string_view space) const;
  // Messages that wait for this client; nullopt: no such session.
  std::optional<std::size_t> queue_depth(std::string_view space, std::string_view client_id) const;

  class Core;  // its inside

 private:
  std::unique_ptr<Core> core_;
};

}  // namespace unhidra::mqtt
