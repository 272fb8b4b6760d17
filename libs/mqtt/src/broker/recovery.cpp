// The journal read back. A record is applied as it stands: no tree is matched and no policy asked,
// so that the outcome does not depend on what came later.
#include <algorithm>
#include <string>

#include "unhidra/mqtt/topic.h"

#include "core.h"

namespace unhidra::mqtt {
namespace {

constexpr std::size_t kMaxText = 65'535;
constexpr std::size_t kMaxPayload = kMaxVariableInteger;
constexpr std::size_t kMaxProperties = kMaxVariableInteger;

Message::Fields read_message(ByteReader& reader) {
  Message::Fields out;
  out.topic = reader.text(kMaxText);
  out.properties = reader.bytes(kMaxProperties);
  out.payload = reader.bytes(kMaxPayload);
  const auto qos = reader.u8();
  if (qos > 2 || !Properties::check(out.properties, PropertyPlace::publish)) {
    reader.set_failed();
  }
  out.qos = static_cast<QoS>(std::min<std::uint8_t>(qos, 2));
  out.retain = reader.u8() != 0;
  out.expires_at = from_unix_micros(static_cast<std::int64_t>(reader.u64()));
  out.origin = reader.u64();
  return out;
}

Status corrupt(std::string_view what) {
  return unhidra::fail(Errc::corrupt_journal, "MQTT journal: " + std::string(what));
}

}  // namespace

Session* Broker::Core::replayed_session(std::uint64_t number) const {
  const auto found = numbered_.find(number);
  return found != numbered_.end() ? found->second : nullptr;
}

Status Broker::Core::replay(ByteView record) {
  ByteReader reader(record);
  const auto type = static_cast<RecordType>(reader.u8());
  switch (type) {
    case RecordType::session:
      return replay_session(reader);
    case RecordType::message:
      return replay_message(reader);
    case RecordType::session_ended:
    case RecordType::subscribed:
    case RecordType::unsubscribed:
    case RecordType::will:
    case RecordType::will_cleared:
      return replay_change(type, reader);
    case RecordType::incoming:
    case RecordType::incoming_done:
    case RecordType::released:
    case RecordType::finished:
      return replay_progress(type, reader);
  }
  return corrupt("unknown record type " + std::to_string(static_cast<unsigned>(type)));
}

Status Broker::Core::replay_session(ByteReader& reader) {
  const auto number = reader.u64();
  const auto space_name = reader.text(kMaxText);
  const auto client_id = reader.text(kMaxText);
  const auto identity = reader.text(kMaxText);
  const auto expiry = reader.u32();
  const bool connected = reader.u8() != 0;
  const auto disconnected_at = from_unix_micros(static_cast<std::int64_t>(reader.u64()));
  if (const auto done = reader.finish("MQTT journal: session"); !done) {
    return done;
  }
  Session* session = replayed_session(number);
  if (session == nullptr) {
    Space& where = space(space_name);
    if (where.sessions.contains(client_id)) {
      return corrupt("two sessions of one client identifier");
    }
    last_number_ = number - 1;
    session = &create_session(where, client_id);
    numbered_.emplace(number, session);
  }
  highest_number_ = std::max(highest_number_, number);
  session->expiry = expiry;
  session->journaled = true;
  session->kept = session->kept || expiry != 0;
  session->disconnected_at = connected ? Timestamp() : disconnected_at;
  session->principal = authority_.restore(space_name, identity);
  return {};
}

Status Broker::Core::replay_change(RecordType type, ByteReader& reader) {
  Session* const session = replayed_session(reader.u64());
  if (session == nullptr) {
    return corrupt("a record of a session that is not there");
  }
  if (type == RecordType::session_ended) {
    numbered_.erase(session->number);
    forget_subscriptions(*session);
    forget(*session);
  } else if (type == RecordType::unsubscribed) {
    const auto filter = reader.text(kMaxText);
    session->space.subscriptions.remove(filter, *session);
    if (const auto found = session->subscriptions.find(filter);
        found != session->subscriptions.end()) {
      session->subscription_bytes -= found->first.size();
      session->subscriptions.erase(found);
      --session->space.counted.subscriptions;
    }
  } else if (type == RecordType::subscribed) {
    return replay_subscription(*session, reader);
  } else if (type == RecordType::will_cleared) {
    session->will.reset();
  } else {
    PendingWill will;
    will.delay = reader.u32();
    const bool limited = reader.u8() != 0;
    const auto life = reader.u32();
    will.life = limited ? std::optional(life) : std::nullopt;
    auto fields = read_message(reader);
    fields.gauge = &session->space.messages;
    will.message = MessageRef::make(fields);
    session->will = std::move(will);
  }
  return reader.finish("MQTT journal: session change");
}

Status Broker::Core::replay_subscription(Session& session, ByteReader& reader) {
  const auto filter = reader.text(kMaxText);
  const auto qos = reader.u8();
  const auto bits = reader.u8();
  const auto handling = reader.u8();
  SubscriptionRecord record;
  record.identifier = reader.u32();
  if (qos > 2 || handling > 2 || !parse_filter(filter)) {
    return corrupt("a subscription");
  }
  record.options.qos = static_cast<QoS>(qos);
  record.options.no_local = (bits & 1U) != 0;
  record.options.retain_as_published = (bits & 2U) != 0;
  record.options.retain_handling = static_cast<RetainHandling>(handling);
  session.space.subscriptions.add(filter, {&session, record.options, record.identifier});
  const bool fresh = session.subscriptions.insert_or_assign(std::string(filter), record).second;
  session.space.counted.subscriptions += fresh ? 1 : 0;
  session.subscription_bytes += fresh ? filter.size() : 0;
  return reader.finish("MQTT journal: subscription");
}

Status Broker::Core::replay_message(ByteReader& reader) {
  Space& where = space(reader.text(kMaxText));
  auto fields = read_message(reader);
  fields.gauge = &where.messages;
  const auto retained = static_cast<RetainedChange>(reader.u8());
  const auto releaser = reader.u64();
  const auto packet_id = reader.u16();
  const auto recipients = reader.varint();
  if (reader.failed() || retained > RetainedChange::cleared) {
    return corrupt("a message");
  }
  const auto message = MessageRef::make(fields);
  for (std::uint64_t i = 0; i < recipients && !reader.failed(); ++i) {
    replay_recipient(message, reader);
  }
  // Journals from before owners were counted end here.
  const auto owner = reader.remaining() != 0 ? reader.text(kMaxText) : std::string_view();
  if (const auto done = reader.finish("MQTT journal: message"); !done) {
    return done;
  }
  if (Session* const session = replayed_session(releaser)) {
    session->inbox.take(packet_id);
  }
  if (retained == RetainedChange::set) {
    where.retained.set(message, owner);
  } else if (retained == RetainedChange::cleared) {
    where.retained.remove(fields.topic);
  }
  return {};
}

void Broker::Core::replay_recipient(const MessageRef& message, ByteReader& reader) {
  Session* const session = replayed_session(reader.u64());
  const auto ordinal = reader.u64();
  const auto bits = reader.u8();
  const auto identifiers = reader.varint();
  Outgoing entry;
  entry.message = message;
  entry.qos = static_cast<QoS>(bits & 3U);
  entry.retain = (bits & 4U) != 0;
  entry.shared = (bits & 8U) != 0;
  entry.state = static_cast<Outgoing::State>((bits >> 4) & 3U);
  for (std::uint64_t i = 0; i < identifiers && !reader.failed(); ++i) {
    if (!entry.identifiers) {
      entry.identifiers = std::make_unique<Identifiers>();
    }
    entry.identifiers->push_back(reader.u32());
  }
  // Ordinals rise; a gap is what was never journaled. A leap is not ours.
  if (reader.failed() || session == nullptr || entry.state == Outgoing::State::done ||
      !session->outbox.restore(ordinal, std::move(entry))) {
    reader.set_failed();
  }
}

Status Broker::Core::replay_progress(RecordType type, ByteReader& reader) {
  Session* const session = replayed_session(reader.u64());
  if (session == nullptr) {
    return corrupt("a record of a session that is not there");
  }
  if (type == RecordType::incoming) {
    const auto id = reader.u16();
    auto fields = read_message(reader);
    fields.gauge = &session->space.messages;
    session->inbox.put(id, MessageRef::make(fields));
    return reader.finish("MQTT journal: incoming message");
  }
  const auto value = reader.u64();
  if (const auto done = reader.finish("MQTT journal: acknowledgement"); !done) {
    return done;
  }
  if (type == RecordType::incoming_done) {
    session->inbox.take(static_cast<PacketId>(value));
  } else if (Outgoing* const entry = session->outbox.find(value)) {
    if (type == RecordType::released) {
      entry->state = Outgoing::State::released;
    } else {
      session->outbox.finish(value);
    }
  }
  return {};
}

// Everybody is disconnected now. Whoever was connected when the process ended left at that moment;
// when that was is not known, so it counts from now.
void Broker::Core::recovered() {
  last_number_ = highest_number_;
  std::vector<Session*> sessions;
  for (const auto& [number, session] : numbered_) {
    sessions.push_back(session);
  }
  numbered_.clear();
  std::ranges::sort(sessions, {}, &Session::number);
  for (Session* const session : sessions) {
    session->outbox.rewind();
    if (!session->principal) {
      session->will.reset();
      end_session(*session);
    } else if (session->disconnected_at == Timestamp()) {
      leave(*session, true);
    } else {
      schedule(*session);
    }
  }
}

}  // namespace unhidra::mqtt
