// A message that comes in, and whom it goes to (MQTT 5.0 sections 3.3, 4.3 and 4.6).
#include <algorithm>

#include "core.h"

namespace unhidra::mqtt {
namespace {

// Topics of the broker's own: clients read them. A bridge tells its state there.
bool is_reserved(std::string_view topic) {
  if (topic.starts_with("$SYS/broker/connection/") && topic.ends_with("/state")) {
    return false;
  }
  return topic.starts_with("$SYS/") || topic == "$SYS" || topic.starts_with("$share/");
}

// For whoever reads a client's log: what the code alone does not tell.
std::string_view why(ReasonCode reason) {
  return reason == ReasonCode::payload_format_invalid
             ? "this topic takes payloads only that are sealed end-to-end"
             : std::string_view();
}

bool same_message(const Message& message, const Message::Fields& fields) {
  return message.topic() == fields.topic && message.qos() == fields.qos &&
         message.retain() == fields.retain &&
         std::ranges::equal(message.payload(), fields.payload) &&
         std::ranges::equal(message.properties(), fields.properties);
}

}  // namespace

// ---- PUBLISH in --------------------------------------------------------------------------------

void Broker::Core::on_publish(Connection& connection, const Frame& frame) {
  const auto packet = decode_publish(frame, connection.version);
  if (!packet) {
    return fail(connection, packet.error());
  }
  PublishRequest request{.topic = packet->topic,
                         .payload = packet->payload,
                         .properties = packet->properties,
                         .qos = packet->qos,
                         .retain = packet->retain};
  if (const auto alias = packet->properties.number(PropertyId::topic_alias)) {
    const auto topic =
        connection.resolve_alias(*alias, packet->topic, settings_.topic_alias_maximum);
    if (!topic) {  // section 3.3.2.3.4 tells the two apart
      const bool unknown = *alias <= settings_.topic_alias_maximum;
      return fail(connection,
                  {unknown ? ReasonCode::protocol_error : ReasonCode::topic_alias_invalid});
    }
    request.topic = *topic;
  }
  if (const auto reason = refusal(connection, *packet)) {
    return fail(connection, {*reason});
  }
  Session& session = *connection.session;
  ++session.space.counted.messages_received;
  if (request.qos == QoS::exactly_once) {
    return on_publish_qos2(connection, packet->packet_id, request);
  }
  const auto judgement = judge(session, request);
  if (judgement.reason != ReasonCode::success) {
    if (request.qos == QoS::at_least_once) {
      return refuse(connection, PacketType::puback, packet->packet_id, judgement);
    }
    session.space.counted.messages_shed += judgement.reason == ReasonCode::quota_exceeded ? 1 : 0;
    return;
  }
  const auto fields = fields_of(session.space, request, &session);
  if (request.qos == QoS::at_most_once) {
    route(session.space, fields, &session, std::nullopt);
    return;
  }
  if (queue_refuses(session, fields)) {
    return refuse(connection, PacketType::puback, packet->packet_id, no_room());
  }
  const auto before = recorder_.position();
  const auto reached = route(session.space, fields, &session, std::nullopt);
  if (recorder_.position() != before) {
    hold(connection, recorder_.position());
  }
  answer(connection, PacketType::puback, packet->packet_id,
         reached == 0 ? ReasonCode::no_matching_subscribers : ReasonCode::success);
}

// What ends the connection; nullopt: the packet is one that may be answered.
std::optional<ReasonCode> Broker::Core::refusal(Connection& connection, const Publish& packet) {
  if (packet.properties.find(PropertyId::subscription_identifier)) {
    return ReasonCode::protocol_error;  // only servers say which subscription (section 3.3.4)
  }
  if (packet.qos > settings_.max_qos) {
    return ReasonCode::qos_not_supported;
  }
  if (packet.retain && !settings_.retain_available) {
    return ReasonCode::retain_not_supported;
  }
  if (packet.qos == QoS::at_most_once) {
    return std::nullopt;
  }
  const auto& inbox = connection.session->inbox;
  const bool repeated = packet.qos == QoS::exactly_once && inbox.find(packet.packet_id) != nullptr;
  if (!repeated && connection.is_v5() && inbox.size() >= settings_.receive_maximum) {
    return ReasonCode::receive_maximum_exceeded;
  }
  return std::nullopt;
}

// Whether the message may be published at all.
Broker::Core::Judgement Broker::Core::judge(Session& session, const PublishRequest& request) {
  if (is_reserved(request.topic)) {
    return {ReasonCode::not_authorized, {}};
  }
  const bool keeps =
      request.qos != QoS::at_most_once || (request.retain && !request.payload.empty());
  if (keeps && messages_.get() >= settings_.max_memory) {
    return no_room();
  }
  const auto reason = authority_.publish(*session.principal, request);
  if (reason != ReasonCode::success) {
    return {reason, why(reason)};
  }
  if (retains_too_much(session, request)) {
    ++session.space.counted.retained_refused;
    observer_.retained_refused(*session.principal, session.client_id, request.topic);
    return {ReasonCode::quota_exceeded, "too much is retained; clear what is not needed any more"};
  }
  return {};
}

// Whether it goes beyond what the space may keep, or who publishes it. What takes the place of
// something as large of the same owner never does. A message of QoS 2 is judged when it comes, so
// that those on their way may go beyond by as many as the receive maximum lets through.
bool Broker::Core::retains_too_much(const Session& session, const PublishRequest& request) const {
  const auto beyond = [](std::size_t used, std::size_t more, std::size_t most) {
    return most != 0 && more != 0 && used + more > most;
  };
  if (!request.retain || request.payload.empty()) {
    return false;
  }
  const auto& retained = session.space.retained;
  const auto before = retained.find(request.topic);
  const std::size_t size = sizeof(Message) + request.topic.size() +
                           request.properties.encoded().size() + request.payload.size();
  const std::size_t freed = before ? before->memory() : 0;
  const std::size_t more = size > freed ? size - freed : 0;
  if (beyond(retained.size(), before ? 0 : 1, settings_.max_retained) ||
      beyond(retained.bytes(), more, settings_.max_retained_bytes)) {
    return true;
  }
  const auto& who = session.principal->identity;
  const auto used = retained.usage(who);
  const bool own = before && retained.owner(request.topic) == who;
  return beyond(used.messages, own ? 0 : 1, settings_.max_retained_each) ||
         beyond(used.bytes, own ? more : size, settings_.max_retained_bytes_each);
}

// Method B (section 4.3.3): it goes on when PUBREL comes. The same identifier with the same content
// is a repetition, and what was taken once is not judged again; with another content, the client
// has begun anew.
void Broker::Core::on_publish_qos2(Connection& connection, PacketId id,
                                   const PublishRequest& request) {
  constexpr std::uint8_t kRepeats = 2;
  Session& session = *connection.session;
  const auto fields = fields_of(session.space, request, &session);
  if (auto* const known = session.inbox.find(id);
      known != nullptr && same_message(*known->message, fields)) {
    if (++known->repeats >= kRepeats) {
      return fail(connection, {ReasonCode::protocol_error});
    }
    hold(connection, session.position);
    return answer(connection, PacketType::pubrec, id, ReasonCode::success);
  }
  preserve(session);
  if (session.inbox.take(id) && session.kept) {
    session.position = recorder_.incoming_done(session, id);
  }
  const auto judgement = judge(session, request);
  if (judgement.reason != ReasonCode::success) {
    return refuse(connection, PacketType::pubrec, id, judgement);
  }
  const bool full = session.inbox.bytes() + fields.payload.size() > settings_.max_queued_bytes;
  if (full || queue_refuses(session, fields)) {
    return refuse(connection, PacketType::pubrec, id, no_room());
  }
  auto message = MessageRef::make(fields);
  if (session.kept) {
    session.position = recorder_.incoming(session, id, *message);
    hold(connection, session.position);
  }
  session.inbox.put(id, std::move(message));
  answer(connection, PacketType::pubrec, id, ReasonCode::success);
}

void Broker::Core::answer(Connection& connection, PacketType type, PacketId id, ReasonCode reason) {
  const Acknowledge packet{.type = type, .packet_id = id, .reason = reason};
  append_acknowledge(connection.out(), packet, connection.version);
  mark(connection);
}

// Before version 5 an acknowledgement cannot say no. Where the message is only not allowed it is
// acknowledged and goes nowhere (3.1.1 section 3.3.5); where there is no room for it the client is
// to try again, so it gets none.
void Broker::Core::refuse(Connection& connection, PacketType type, PacketId id,
                          const Judgement& judgement) {
  const auto [reason, text] = judgement;
  if (!connection.is_v5() && reason == ReasonCode::quota_exceeded) {
    return end(connection, reason);
  }
  if (!connection.is_v5() || !connection.wants_reasons || text.empty()) {
    return answer(connection, type, id, reason);
  }
  PropertyWriter properties;
  properties.text(PropertyId::reason_string, text);
  const auto before = connection.out().size();
  const Acknowledge packet{.type = type, .packet_id = id, .reason = reason};
  append_acknowledge(connection.out(), packet, connection.version, properties.view());
  // Where the peer takes no packet so large the text is left out (section 3.4.2.2.2).
  if (connection.max_packet != 0 && connection.out().size() - before > connection.max_packet) {
    connection.out().resize(before);
    return answer(connection, type, id, reason);
  }
  mark(connection);
}

Message::Fields Broker::Core::fields_of(Space& space, const PublishRequest& request,
                                        const Session* origin) {
  Message::Fields out;
  out.topic = request.topic;
  out.properties = forwarded_properties(request.properties, properties_scratch_);
  out.payload = request.payload;
  out.qos = request.qos;
  out.retain = request.retain;
  if (const auto life = request.properties.number(PropertyId::message_expiry_interval)) {
    out.expires_at = now.wall + std::chrono::seconds(*life);
  }
  out.origin = origin != nullptr ? origin->number : 0;
  out.gauge = &space.messages;
  return out;
}

// ---- To whom -----------------------------------------------------------------------------------

std::size_t Broker::Core::publish(Space& space, const PublishRequest& request) {
  return route(space, fields_of(space, request, nullptr), nullptr, std::nullopt);
}

// With QueuePolicy::refuse nobody gets a message that one of its receivers has no room for.
bool Broker::Core::queue_refuses(Session& session, const Message::Fields& fields) {
  if (settings_.queue_policy != QueuePolicy::refuse) {
    return false;
  }
  session.space.subscriptions.match(fields.topic, &session, matches_);
  return std::ranges::any_of(matches_.deliveries(), [this, &fields](const Delivery& delivery) {
    const auto& receiver = static_cast<const Session&>(*delivery.subscriber);
    return delivery.qos != QoS::at_most_once && is_full(receiver, fields.payload.size());
  });
}

// Sends QoS 0 at once, queues the rest, keeps what is retained, writes all of it into the journal
// as one record, and then lets the queues flow. Returns how many receivers there were.
std::size_t Broker::Core::route(Space& space, const Message::Fields& fields, Session* origin,
                                std::optional<Release> release) {
  space.subscriptions.match(fields.topic, origin, matches_);
  touched_.clear();
  recipients_.clear();
  message_ = MessageRef();
  FanOut fan_out(Content::of(fields), now.wall, encode_scratch_);
  std::size_t reached = 0;
  const bool judged = authority_.judges_deliveries();
  for (const auto& delivery : matches_.deliveries()) {
    auto& receiver = static_cast<Session&>(*delivery.subscriber);
    if (judged && !authority_.deliver(*receiver.principal, fields.topic,
                                      origin != nullptr ? origin->principal.get() : nullptr)) {
      continue;
    }
    ++reached;
    offer(delivery, fan_out, fields);
  }
  auto retained = fields.retain ? retain(space, fields, origin) : RetainedChange::none;
  if (is_statistic(fields.topic)) {
    retained = RetainedChange::none;
  }
  const bool owned = retained == RetainedChange::set && origin != nullptr;
  record(space, fields, retained,
         owned ? std::string_view(origin->principal->identity) : std::string_view(), release);
  for (Session* const receiver : touched_) {
    pump(*receiver);
  }
  message_ = MessageRef();
  return reached;
}

void Broker::Core::offer(const Delivery& delivery, FanOut& fan_out, const Message::Fields& fields) {
  auto& receiver = static_cast<Session&>(*delivery.subscriber);
  const auto qos = lower(delivery.qos, fields.qos);
  const bool retain = delivery.retain_as_published && fields.retain;
  const auto identifiers = matches_.identifiers(delivery);
  if (qos == QoS::at_most_once) {
    return send_at_once(receiver, fan_out, {.retain = retain, .identifiers = identifiers});
  }
  preserve(receiver);
  if (!make_room(receiver, fields.payload.size(), fields.topic)) {
    return;
  }
  Outgoing entry;
  entry.message = shared_message(fields);
  entry.qos = qos;
  entry.retain = retain;
  entry.shared = delivery.shared;
  if (!identifiers.empty()) {
    entry.identifiers = std::make_unique<Identifiers>(identifiers.begin(), identifiers.end());
  }
  const auto ordinal = receiver.outbox.push(std::move(entry));
  touched_.push_back(&receiver);
  if (receiver.kept) {
    recipients_.push_back({.session = receiver.number,
                           .ordinal = ordinal,
                           .qos = qos,
                           .retain = retain,
                           .shared = delivery.shared,
                           .identifiers = identifiers});
  }
}

MessageRef& Broker::Core::shared_message(const Message::Fields& fields) {
  if (!message_) {
    message_ = MessageRef::make(fields);
  }
  return message_;
}

RetainedChange Broker::Core::retain(Space& space, const Message::Fields& fields,
                                    const Session* origin) {
  if (fields.payload.empty()) {
    const bool was = static_cast<bool>(space.retained.remove(fields.topic));
    return was ? RetainedChange::cleared : RetainedChange::none;
  }
  space.retained.set(shared_message(fields), origin != nullptr
                                                 ? std::string_view(origin->principal->identity)
                                                 : std::string_view());
  return RetainedChange::set;
}

void Broker::Core::record(const Space& space, const Message::Fields& fields,
                          RetainedChange retained, std::string_view owner,
                          std::optional<Release> release) {
  if (!recorder_.active() ||
      (recipients_.empty() && retained == RetainedChange::none && !release)) {
    return;
  }
  const auto position =
      recorder_.message(space.name, *shared_message(fields), recipients_, retained, owner, release);
  for (Session* const receiver : touched_) {
    if (receiver->journaled) {
      receiver->position = position;
    }
  }
}

}  // namespace unhidra::mqtt
