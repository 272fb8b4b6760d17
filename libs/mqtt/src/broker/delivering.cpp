// What goes out, and when: windows, full queues, durability.
#include <algorithm>

#include "core.h"

namespace unhidra::mqtt {

void Broker::Core::mark(Connection& connection) {
  if (!connection.dirty && connection.phase != Phase::closed) {
    connection.dirty = true;
    dirty_.push_back(connection.id);
  }
}

void Broker::Core::flush() {
  for (const auto id : dirty_) {
    if (Connection* const connection = find(id)) {
      connection->dirty = false;
      connection->link.flush();
    }
  }
  dirty_.clear();
  bury();
}

// ---- Durability --------------------------------------------------------------------------------

void Broker::Core::hold(Connection& connection, std::uint64_t position) {
  connection.hold(position, durable_);
  if (connection.holding() && !connection.holding_listed) {
    connection.holding_listed = true;
    holding_.push_back(connection.id);
  }
}

void Broker::Core::durable(std::uint64_t position) {
  durable_ = std::max(durable_, position);
  std::vector<ConnectionId> leaving;
  std::erase_if(holding_, [this, &leaving](ConnectionId id) {
    Connection* const connection = find(id);
    if (connection == nullptr) {
      return true;
    }
    mark(*connection);
    if (!connection->release(durable_)) {
      return false;
    }
    connection->holding_listed = false;
    if (connection->phase == Phase::leaving) {
      leaving.push_back(id);
    }
    return true;
  });
  for (const auto id : leaving) {
    if (Connection* const connection = find(id)) {
      take_leave(*connection);
    }
  }
  if (journal_ != nullptr && journal_->backlog() <= settings_.max_journal_backlog / 2) {
    for (const auto id : paused_) {
      if (Connection* const connection = find(id)) {
        connection->paused = false;
        connection->link.pause_reading(connection->waiting);
      }
    }
    paused_.clear();
  }
}

// The journal does not keep up: whoever publishes waits.
void Broker::Core::pause_when_behind(Connection& connection) {
  if (journal_ != nullptr && !connection.paused && connection.phase == Phase::connected &&
      journal_->backlog() > settings_.max_journal_backlog) {
    connection.paused = true;
    connection.link.pause_reading(true);
    paused_.push_back(connection.id);
  }
}

// ---- QoS 0 -------------------------------------------------------------------------------------

void Broker::Core::send_at_once(Session& session, FanOut& fan_out, const FanOut::Form& form) {
  Connection* const connection = session.connection;
  if (connection == nullptr) {
    return;
  }
  if (connection->queued() >= settings_.max_output || !fan_out.append_to(*connection, form)) {
    ++session.space.counted.messages_shed;
    return;
  }
  ++session.space.counted.messages_sent;
  mark(*connection);
}

// Retained messages of QoS 0 wait here for room: there may be more of them than an output takes.
void Broker::Core::send_backlog(Connection& connection) {
  auto& backlog = connection.backlog;
  while (backlog && !backlog->empty() && connection.queued() < settings_.max_output) {
    const Outgoing entry = std::move(backlog->front());
    backlog->pop_front();
    if (entry.message->expired(now.wall)) {
      continue;
    }
    FanOut fan_out(Content::of(*entry.message), now.wall, encode_scratch_);
    const std::span<const std::uint32_t> identifiers =
        entry.identifiers ? std::span<const std::uint32_t>(*entry.identifiers)
                          : std::span<const std::uint32_t>();
    if (fan_out.append_to(connection, {.retain = true, .identifiers = identifiers})) {
      ++connection.session->space.counted.messages_sent;
    }
    mark(connection);
  }
  if (backlog && backlog->empty()) {
    backlog.reset();
  }
}

void Broker::Core::writable(ConnectionId id) {
  if (Connection* const connection = find(id);
      connection != nullptr && connection->session != nullptr) {
    send_backlog(*connection);
    pump(*connection->session);
  }
}

// ---- QoS 1 and 2 -------------------------------------------------------------------------------

// Sends what the peer's Receive Maximum and the output have room for.
void Broker::Core::pump(Session& session) {
  Connection* const connection = session.connection;
  if (connection == nullptr || connection->phase != Phase::connected) {
    return;
  }
  auto& outbox = session.outbox;
  const std::size_t window =
      connection->is_v5() ? connection->receive_maximum : settings_.max_inflight;
  while (outbox.in_flight() < window && connection->queued() < settings_.max_output) {
    const auto ordinal = outbox.next();
    if (ordinal == Outbox::kNone) {
      break;
    }
    send_next(session, *connection, ordinal);
  }
  session.set_available(outbox.in_flight() < window);
}

void Broker::Core::send_next(Session& session, Connection& connection, std::uint64_t ordinal) {
  Outgoing& entry = *session.outbox.find(ordinal);
  preserve(session);
  if (session.journaled) {
    hold(connection, session.position);
  }
  if (entry.state == Outgoing::State::released) {
    session.outbox.sent(ordinal);
    return answer(connection, PacketType::pubrel, Outbox::packet_id(ordinal), ReasonCode::success);
  }
  const bool again = entry.state == Outgoing::State::sent;
  if (!again && entry.message->expired(now.wall)) {
    return drop(session, ordinal, DropReason::expired);
  }
  FanOut fan_out(Content::of(*entry.message), now.wall, encode_scratch_);
  FanOut::Form form{.qos = entry.qos,
                    .retain = entry.retain,
                    .dup = again,
                    .packet_id = Outbox::packet_id(ordinal)};
  if (entry.identifiers) {
    form.identifiers = *entry.identifiers;
  }
  if (!fan_out.append_to(connection, form)) {
    return drop(session, ordinal, DropReason::too_large);
  }
  ++session.space.counted.messages_sent;
  session.outbox.sent(ordinal);
  mark(connection);
}

void Broker::Core::drop(Session& session, std::uint64_t ordinal, DropReason reason) {
  preserve(session);
  ++session.space.counted.messages_dropped;
  observer_.dropped(*session.principal, session.client_id,
                    session.outbox.find(ordinal)->message->topic(), reason);
  if (session.kept) {
    session.position = recorder_.finished(session, ordinal);
  }
  session.outbox.finish(ordinal);
}

bool Broker::Core::is_full(const Session& session, std::size_t bytes) const {
  const auto& outbox = session.outbox;
  return outbox.waiting() >= settings_.max_queued_messages ||
         outbox.bytes() + bytes > settings_.max_queued_bytes || outbox.is_stretched();
}

// Room for one more message, by the policy for full queues. False: this one is not kept.
bool Broker::Core::make_room(Session& session, std::size_t bytes, std::string_view topic) {
  while (is_full(session, bytes)) {
    const auto oldest = session.outbox.oldest_waiting();
    const bool may_drop = settings_.queue_policy == QueuePolicy::drop_oldest &&
                          oldest != Outbox::kNone && !session.outbox.is_stretched();
    if (!may_drop) {
      ++session.space.counted.messages_dropped;
      observer_.dropped(*session.principal, session.client_id, topic, DropReason::queue_full);
      return false;
    }
    const bool expired = session.outbox.find(oldest)->message->expired(now.wall);
    drop(session, oldest, expired ? DropReason::expired : DropReason::queue_full);
  }
  return true;
}

// For one session alone: a retained message, or one that a group member left behind.
void Broker::Core::enqueue(Session& session, Outgoing entry) {
  const MessageRef message = entry.message;
  preserve(session);
  if (!make_room(session, message->payload().size(), message->topic())) {
    return;
  }
  Recipient to{
      .session = session.number, .qos = entry.qos, .retain = entry.retain, .shared = entry.shared};
  const auto ordinal = session.outbox.push(std::move(entry));
  if (session.kept) {
    to.ordinal = ordinal;
    if (const auto& identifiers = session.outbox.find(ordinal)->identifiers) {
      to.identifiers = *identifiers;
    }
    session.position = recorder_.message(session.space.name, *message, std::span(&to, 1),
                                         RetainedChange::none, {}, std::nullopt);
  }
}

}  // namespace unhidra::mqtt
