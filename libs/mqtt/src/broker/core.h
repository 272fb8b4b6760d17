#pragma once
// The broker's inside. Its parts by file: connecting (bytes in, and a connection's end), opening
// (CONNECT), authenticating, publishing (PUBLISH in, and to whom), subscribing, acknowledging,
// waiting (for answers from elsewhere), delivering (what goes out and when), sessions (their life),
// draining (the end of all), recovery, snapshot, statistics.

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "unhidra/mqtt/broker.h"
#include "unhidra/mqtt/encoder.h"

#include "captured.h"
#include "connection.h"
#include "fan_out.h"
#include "recorder.h"
#include "session.h"
#include "space.h"

namespace unhidra::mqtt {

class Broker::Core {
 public:
  Core(BrokerSettings settings, Authority& authority, Journal* journal, Observer& observer,
       RandomSource& random, Moment start);
  ~Core();

  // ---- connecting
  ConnectionId accept(Link& link, Peer peer);
  void receive(ConnectionId id, ByteView bytes);
  void lost(ConnectionId id);
  void decide(ConnectionId id, const Admission& admission);
  void resume(ConnectionId id);
  void connection_deadline(Connection& connection);
  // Ends the connection; a client of version 5 is told why. The will goes out.
  void end(Connection& connection, ReasonCode reason, std::string_view server_reference = {});

  // ---- draining
  void drain(Farewell farewell);
  bool drained() const;
  void shut_down();

  // ---- sessions
  Space& space(std::string_view name);
  const Space* find_space(std::string_view name) const;
  Session* find_session(std::string_view space, std::string_view client_id) const;
  // It and what it had are gone; what a group must not lose goes to another member.
  void end_session(Session& session);
  std::size_t end_sessions(const Choice& which, ReasonCode reason);
  void session_deadline(Session& session);

  // ---- publishing, delivering
  std::size_t publish(Space& space, const PublishRequest& request);
  void writable(ConnectionId id);
  void durable(std::uint64_t position);
  void flush();

  // ---- the rest
  void tick();
  void renew(std::string_view space, const Broker::Renewal& renewed);
  // Empty: all of them.
  void rejudge(const Broker::Choice& which);
  Status replay(ByteView record);
  void recovered();
  void begin_snapshot();
  std::optional<SnapshotPart> next_part(std::size_t size);
  void end_snapshot();
  BrokerStats stats() const;
  Connection* find(ConnectionId id) const;
  // Connections that have ended are kept until nobody can stand in them.
  void bury() { dead_.clear(); }

  Moment now;
  bool wants_flush() const { return !dirty_.empty(); }
  template <class F>
  void for_each_connection(F f) {
    // Ending one fills its place with nothing, and nobody joins meanwhile.
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].connection) {
        f(*slots_[i].connection);
      }
    }
  }

 private:
  // ---- connecting
  void consume(Connection& connection, ByteView bytes);
  void handle(Connection& connection, const Frame& frame);
  void handle_connected(Connection& connection, const Frame& frame);
  void fail(Connection& connection, const PacketError& error);
  void on_connect(Connection& connection, const Frame& frame);
  void apply(Connection& connection, const Admission& admission);
  void refuse(Connection& connection, ReasonCode reason, std::string_view server_reference = {});
  void open(Connection& connection, const Connect& packet, const Admission& admission);
  bool attach(Connection& connection, const Connect& packet, std::string_view client_id,
              bool& present);
  void welcome(Connection& connection, const Connect& asked, bool present,
               std::string_view assigned, const Admission& admission);
  Bytes connack_properties(const Connection& connection, const Connect& asked,
                           std::string_view assigned, ByteView data) const;
  void limit_packet(Connection& connection, std::size_t before);
  void on_disconnect(Connection& connection, const Frame& frame);
  void on_auth(Connection& connection, const Frame& frame);
  void continue_authentication(Connection& connection, const Admission& admission);
  void close(Connection& connection);
  void detach(Connection& connection, bool with_will);
  void watch(Connection& connection);

  // ---- draining
  struct Draining {
    Farewell farewell;
    ReasonCode reason;   // to those who are connected
    ReasonCode refusal;  // to those who would be
    SteadyTime began;
    std::size_t connected = 0;  // when it began
    std::size_t told = 0;       // of them
    std::size_t next = 0;       // slot to look at
  };
  void drain_on();
  void turn_away(Connection& connection);
  void take_leave(Connection& connection);

  // ---- waiting
  bool must_wait(Connection& connection, const Frame& frame);
  void rehearse_publish(Connection& connection, const Frame& frame);
  void rehearse_release(Connection& connection, const Frame& frame);
  void rehearse_subscribe(Connection& connection, const Frame& frame);
  void rehearse_deliveries(Session& origin, std::string_view topic);
  void hold_back(Connection& connection, const Frame& frame, ByteView rest);

  // ---- sessions
  Session& create_session(Space& space, std::string_view client_id);
  void forget(Session& session);
  void forget_subscriptions(Session& session);
  void hand_on(Session& session);
  void set_will(Session& session, const Connect& packet);
  void publish_will(Session& session);
  void leave(Session& session, bool with_will);
  void schedule(Session& session);
  void hand_to(Session& heir, const Subscription& subscription, const Outgoing& entry);

  // ---- publishing
  void on_publish(Connection& connection, const Frame& frame);
  void on_publish_qos2(Connection& connection, PacketId id, const PublishRequest& request);
  std::optional<ReasonCode> refusal(Connection& connection, const Publish& packet);
  struct Judgement {
    ReasonCode reason = ReasonCode::success;
    std::string_view text;  // for whoever reads a client's log; empty: the code says it all
  };
  static Judgement no_room() {
    return {ReasonCode::quota_exceeded, "no room for it now; try again later"};
  }
  Judgement judge(Session& session, const PublishRequest& request);
  bool retains_too_much(const Session& session, const PublishRequest& request) const;
  void answer(Connection& connection, PacketType type, PacketId id, ReasonCode reason);
  void refuse(Connection& connection, PacketType type, PacketId id, const Judgement& why);
  Message::Fields fields_of(Space& space, const PublishRequest& request, const Session* origin);
  bool queue_refuses(Session& session, const Message::Fields& fields);
  std::size_t route(Space& space, const Message::Fields& fields, Session* origin,
                    std::optional<Release> release);
  void offer(const Delivery& delivery, FanOut& fan_out, const Message::Fields& fields);
  MessageRef& shared_message(const Message::Fields& fields);
  RetainedChange retain(Space& space, const Message::Fields& fields, const Session* origin);
  void record(const Space& space, const Message::Fields& fields, RetainedChange retained,
              std::string_view owner, std::optional<Release> release);

  // ---- subscribing
  void on_subscribe(Connection& connection, const Frame& frame);
  void on_unsubscribe(Connection& connection, const Frame& frame);
  ReasonCode subscribe(Session& session, const SubscribeEntry& entry, std::uint32_t identifier,
                       bool& fresh);
  bool unsubscribe(Session& session, std::string_view filter);
  void drop_forbidden(Session& session);
  void send_retained(Session& session, const SubscribeEntry& entry, std::uint32_t identifier);
  void send_retained(Session& session, const MessageRef& message, QoS granted,
                     std::uint32_t identifier);

  // ---- acknowledging
  void on_acknowledge(Connection& connection, const Frame& frame);
  void on_puback(Connection& connection, const Acknowledge& packet);
  void on_pubrec(Connection& connection, const Acknowledge& packet);
  void on_pubrel(Connection& connection, const Acknowledge& packet);
  void on_pubcomp(Connection& connection, const Acknowledge& packet);
  void finish(Session& session, std::uint64_t ordinal);

  // ---- delivering
  void mark(Connection& connection);
  void hold(Connection& connection, std::uint64_t position);
  void pause_when_behind(Connection& connection);
  void send_at_once(Session& session, FanOut& fan_out, const FanOut::Form& form);
  void send_backlog(Connection& connection);
  void pump(Session& session);
  void send_next(Session& session, Connection& connection, std::uint64_t ordinal);
  void drop(Session& session, std::uint64_t ordinal, DropReason reason);
  bool is_full(const Session& session, std::size_t bytes) const;
  bool make_room(Session& session, std::size_t bytes, std::string_view topic);
  void enqueue(Session& session, Outgoing entry);

  // ---- recovery
  Session* replayed_session(std::uint64_t number) const;
  Status replay_session(ByteReader& reader);
  Status replay_change(RecordType type, ByteReader& reader);
  Status replay_subscription(Session& session, ByteReader& reader);
  Status replay_message(ByteReader& reader);
  void replay_recipient(const MessageRef& message, ByteReader& reader);
  Status replay_progress(RecordType type, ByteReader& reader);

  // ---- snapshot
  // Before a session changes in what the journal says of it.
  void preserve(Session& session) {
    if (snapshot_ && roster_.is_due(session)) {
      roster_.mark(session);
      capture(session);
    }
  }
  std::size_t capture(const Session& session);

  // ---- statistics
  void publish_statistics();
  void publish_statistics(Space& space, std::uint64_t uptime);
  void expire_retained();

  struct Slot {
    std::unique_ptr<Connection> connection;
    std::uint32_t generation = 0;
  };

  const BrokerSettings settings_;
  Authority& authority_;
  Observer& observer_;
  RandomSource& random_;
  Recorder recorder_;
  Journal* const journal_;
  std::uint64_t durable_ = 0;
  MessageGauge messages_;  // of all spaces
  TimerWheel wheel_;
  std::unordered_map<std::string, std::unique_ptr<Space>> spaces_;
  std::unordered_map<std::uint64_t, Session*> numbered_;  // while a log is read back
  std::uint64_t last_number_ = 0;
  std::uint64_t highest_number_ = 0;            // that was read back
  Roster<Session, &Session::entry_of> roster_;  // all of them
  std::unique_ptr<SnapshotPart::Captured>
      snapshot_;  // what was captured; null: no snapshot is made

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::vector<std::unique_ptr<Connection>> dead_;
  std::vector<ConnectionId> dirty_;
  std::vector<ConnectionId> holding_;
  std::vector<ConnectionId> paused_;
  std::optional<Draining> draining_;

  // Scratch of the message that is being routed, kept so that nothing is allocated for each.
  Matches matches_;
  std::vector<Session*> touched_;
  std::vector<Recipient> recipients_;
  MessageRef message_;
  Bytes properties_scratch_;
  EncodeScratch encode_scratch_;

  BrokerStats stats_;  // what belongs to no space: connections that are not let in yet, too
  SteadyTime started_;
  SteadyTime statistics_due_;
  SteadyTime expired_;  // when retained messages were looked at
};

}  // namespace unhidra::mqtt
