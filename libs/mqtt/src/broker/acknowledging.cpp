// PUBACK, PUBREC, PUBREL, PUBCOMP (MQTT 5.0 sections 3.4 to 3.7 and 4.3).
#include "core.h"

namespace unhidra::mqtt {

void Broker::Core::on_acknowledge(Connection& connection, const Frame& frame) {
  const auto packet = decode_acknowledge(frame, connection.version);
  if (!packet) {
    return fail(connection, packet.error());
  }
  switch (packet->type) {
    case PacketType::puback:
      return on_puback(connection, *packet);
    case PacketType::pubrec:
      return on_pubrec(connection, *packet);
    case PacketType::pubrel:
      return on_pubrel(connection, *packet);
    default:
      return on_pubcomp(connection, *packet);
  }
}

// It has arrived, or it never will.
void Broker::Core::finish(Session& session, std::uint64_t ordinal) {
  preserve(session);
  if (session.kept) {
    session.position = recorder_.finished(session, ordinal);
  }
  session.outbox.finish(ordinal);
  pump(session);
}

void Broker::Core::on_puback(Connection& connection, const Acknowledge& packet) {
  Session& session = *connection.session;
  const auto ordinal = session.outbox.ordinal_in_flight(packet.packet_id);
  if (ordinal == Outbox::kNone) {
    return;  // of a message that is acknowledged already
  }
  if (session.outbox.find(ordinal)->qos != QoS::at_least_once) {
    return fail(connection, {ReasonCode::protocol_error});
  }
  finish(session, ordinal);
}

void Broker::Core::on_pubrec(Connection& connection, const Acknowledge& packet) {
  Session& session = *connection.session;
  const auto ordinal = session.outbox.ordinal_in_flight(packet.packet_id);
  if (ordinal == Outbox::kNone) {
    if (!is_failure(packet.reason)) {
      // It may be of a message that is finished here: the client must come to its end, too.
      answer(connection, PacketType::pubrel, packet.packet_id, ReasonCode::success);
    }
    return;
  }
  Outgoing& entry = *session.outbox.find(ordinal);
  if (entry.qos != QoS::exactly_once) {
    return fail(connection, {ReasonCode::protocol_error});
  }
  if (is_failure(packet.reason)) {
    return finish(session, ordinal);
  }
  if (entry.state == Outgoing::State::sent) {
    preserve(session);
    entry.state = Outgoing::State::released;
    if (session.kept) {
      session.position = recorder_.released(session, ordinal);
    }
  }
  hold(connection, session.journaled ? session.position : 0);
  answer(connection, PacketType::pubrel, packet.packet_id, ReasonCode::success);
}

void Broker::Core::on_pubrel(Connection& connection, const Acknowledge& packet) {
  Session& session = *connection.session;
  if (session.inbox.find(packet.packet_id) != nullptr) {
    preserve(session);
    const auto message = session.inbox.take(packet.packet_id);
    const Message::Fields fields{.topic = message->topic(),
                                 .properties = message->properties(),
                                 .payload = message->payload(),
                                 .qos = message->qos(),
                                 .retain = message->retain(),
                                 .expires_at = message->expires_at(),
                                 .origin = message->origin(),
                                 .gauge = &session.space.messages};
    const bool kept = session.kept;
    const auto before = recorder_.position();
    route(session.space, fields, &session,
          kept ? std::optional(Release{session.number, packet.packet_id}) : std::nullopt);
    if (recorder_.position() != before) {
      hold(connection, recorder_.position());
    }
  }
  answer(connection, PacketType::pubcomp, packet.packet_id, ReasonCode::success);
}

void Broker::Core::on_pubcomp(Connection& connection, const Acknowledge& packet) {
  Session& session = *connection.session;
  const auto ordinal = session.outbox.ordinal_in_flight(packet.packet_id);
  if (ordinal == Outbox::kNone) {
    return;
  }
  if (session.outbox.find(ordinal)->state != Outgoing::State::released) {
    return fail(connection, {ReasonCode::protocol_error});
  }
  finish(session, ordinal);
}

}  // namespace unhidra::mqtt
