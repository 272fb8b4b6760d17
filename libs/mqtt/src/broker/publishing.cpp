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
  ++stats_.messages_received;
  if (request.qos == QoS::exactly_once) {
    return on_publish_qos2(connection, packet->packet_id, request);
  }
  const auto reason = judge(*connection.session, request);
  if (reason != ReasonCode::success) {
    if (request.qos == QoS::at_least_once) {
      return refuse(connection, PacketType::puback, packet->packet_id, reason);
    }
    stats_.messages_shed += reason == ReasonCode::quota_exceeded ? 1 : 0;
    return;
  }
  Session& session = *connection.session;
  const auto fields = fields_of(request, &session);
  if (request.qos == QoS::at_most_once) {
    route(session.space, fields, &session, std::nullopt);
    return;
  }
  if (queue_refuses(session, fields)) {
    return refuse(connection, PacketType::puback, packet->packet_id, ReasonCode::quota_exceeded);
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
ReasonCode Broker::Core::judge(const Session& session, const PublishRequest& request) const {
  if (is_reserved(request.topic)) {
    return ReasonCode::not_authorized;
  }
  const bool keeps =
      request.qos != QoS::at_most_once || (request.retain && !request.payload.empty());
  if (keeps && message_bytes_.load(std::memory_order_relaxed) >= settings_.max_memory) {
    return ReasonCode::quota_exceeded;
  }
  return authority_.publish(*session.principal, request);
}

// Method B (section 4.3.3): it goes on when PUBREL comes. The same identifier with the same content
// is a repetition, and what was taken once is not judged again; with another content, the client
// has begun anew.
void Broker::Core::on_publish_qos2(Connection& connection, PacketId id,
                                   const PublishRequest& request) {
  constexpr std::uint8_t kRepeats = 2;
  Session& session = *connection.session;
  const auto fields = fields_of(request, &session);
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
  const auto reason = judge(session, request);
  if (reason != ReasonCode::success) {
    return refuse(connection, PacketType::pubrec, id, reason);
  }
  const bool full = session.inbox.bytes() + fields.payload.size() > settings_.max_queued_bytes;
  if (full || queue_refuses(session, fields)) {
    return refuse(connection, PacketType::pubrec, id, ReasonCode::quota_exceeded);
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

namespace {

// For whoever reads a client's log: what the code alone does not tell.
std::string_view why(ReasonCode reason) {
  switch (reason) {
    case ReasonCode::quota_exceeded:
      return "no room for it now; try again later";
    case ReasonCode::payload_format_invalid:
      return "this topic takes payloads only that are sealed end-to-end";
    default:
      return {};
  }
}

}  // namespace

// Before version 5 an acknowledgement cannot say no. Where the message is only not allowed it is
// acknowledged and goes nowhere (3.1.1 section 3.3.5); where there is no room for it the client is
// to try again, so it gets none.
void Broker::Core::refuse(Connection& connection, PacketType type, PacketId id, ReasonCode reason) {
  if (!connection.is_v5() && reason == ReasonCode::quota_exceeded) {
    return end(connection, reason);
  }
  const auto text = why(reason);
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

Message::Fields Broker::Core::fields_of(const PublishRequest& request, const Session* origin) {
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
  out.gauge = &message_bytes_;
  return out;
}

// ---- To whom -----------------------------------------------------------------------------------

std::size_t Broker::Core::publish(Space& space, const PublishRequest& request) {
  return route(space, fields_of(request, nullptr), nullptr, std::nullopt);
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
  auto retained = fields.retain ? retain(space, fields) : RetainedChange::none;
  if (is_statistic(fields.topic)) {
    retained = RetainedChange::none;
  }
  record(space, fields, retained, release);
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

RetainedChange Broker::Core::retain(Space& space, const Message::Fields& fields) {
  if (fields.payload.empty()) {
    const bool was = static_cast<bool>(space.retained.remove(fields.topic));
    stats_.retained -= was ? 1 : 0;
    return was ? RetainedChange::cleared : RetainedChange::none;
  }
  const bool replaced = static_cast<bool>(space.retained.set(shared_message(fields)));
  stats_.retained += replaced ? 0 : 1;
  return RetainedChange::set;
}

void Broker::Core::record(const Space& space, const Message::Fields& fields,
                          RetainedChange retained, std::optional<Release> release) {
  if (!recorder_.active() ||
      (recipients_.empty() && retained == RetainedChange::none && !release)) {
    return;
  }
  const auto position =
      recorder_.message(space.name, *shared_message(fields), recipients_, retained, release);
  for (Session* const receiver : touched_) {
    if (receiver->journaled) {
      receiver->position = position;
    }
  }
}

}  // namespace unhidra::mqtt
