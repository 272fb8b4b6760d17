// Packets that cannot be judged at once: what is needed to judge them is asked for, and until it
// has come they wait, with everything after them.
#include "core.h"

namespace unhidra::mqtt {
namespace {

// Retained messages that are asked about before a subscription; about more nobody knows, which is a
// denial.
constexpr std::size_t kMaxRetained = 1'000;

// The packet as it came (section 2.1.4).
Bytes bytes_of(const Frame& frame) {
  Bytes out;
  out.push_back(frame.first);
  auto length = frame.body.size();
  do {
    const auto digit = static_cast<Byte>(length & 0x7fU);
    length >>= 7U;
    out.push_back(length != 0 ? static_cast<Byte>(digit | 0x80U) : digit);
  } while (length != 0);
  append(out, frame.body);
  return out;
}

}  // namespace

bool Broker::Core::must_wait(Connection& connection, const Frame& frame) {
  if (connection.phase != Phase::connected || !authority_.answers_later()) {
    return false;
  }
  authority_.rehearse(connection.id);
  switch (frame.type()) {
    case PacketType::publish:
      rehearse_publish(connection, frame);
      break;
    case PacketType::pubrel:
      rehearse_release(connection, frame);
      break;
    case PacketType::subscribe:
      rehearse_subscribe(connection, frame);
      break;
    default:
      break;
  }
  return authority_.must_wait();
}

void Broker::Core::rehearse_publish(Connection& connection, const Frame& frame) {
  const auto packet = decode_publish(frame, connection.version);
  if (!packet) {
    return;
  }
  PublishRequest request{.topic = packet->topic,
                         .payload = packet->payload,
                         .properties = packet->properties,
                         .qos = packet->qos,
                         .retain = packet->retain};
  if (const auto alias = packet->properties.number(PropertyId::topic_alias)) {
    const auto topic =
        connection.resolve_alias(*alias, packet->topic, settings_.topic_alias_maximum);
    if (!topic) {
      return;
    }
    request.topic = *topic;
  }
  static_cast<void>(authority_.publish(*connection.session->principal, request));
  if (request.qos != QoS::exactly_once) {
    rehearse_deliveries(*connection.session, request.topic);
  }
}

void Broker::Core::rehearse_release(Connection& connection, const Frame& frame) {
  const auto packet = decode_acknowledge(frame, connection.version);
  if (!packet) {
    return;
  }
  if (const auto* const incoming = connection.session->inbox.find(packet->packet_id)) {
    rehearse_deliveries(*connection.session, incoming->message->topic());
  }
}

void Broker::Core::rehearse_deliveries(Session& origin, std::string_view topic) {
  if (!authority_.judges_deliveries()) {
    return;
  }
  Matches matches;
  origin.space.subscriptions.match(topic, &origin, matches);
  for (const auto& delivery : matches.deliveries()) {
    const auto& receiver = static_cast<const Session&>(*delivery.subscriber);
    static_cast<void>(authority_.deliver(*receiver.principal, topic, origin.principal.get()));
  }
}

void Broker::Core::rehearse_subscribe(Connection& connection, const Frame& frame) {
  const auto packet = decode_subscribe(frame, connection.version);
  if (!packet) {
    return;
  }
  Session& session = *connection.session;
  std::size_t left = kMaxRetained;
  for (const auto& entry : packet->entries) {
    const bool allowed = authority_.subscribe(*session.principal, entry.filter, entry.options) ==
                         ReasonCode::success;
    if (!allowed || !authority_.judges_deliveries() || entry.filter.starts_with("$share/")) {
      continue;
    }
    session.space.retained.match(entry.filter, [&](const MessageRef& message) {
      static_cast<void>(authority_.deliver(*session.principal, message->topic(), nullptr));
      return --left != 0;
    });
    if (left == 0) {
      return;
    }
  }
}

void Broker::Core::hold_back(Connection& connection, const Frame& frame, ByteView rest) {
  auto kept = std::make_unique<Bytes>(bytes_of(frame));
  append(*kept, rest);
  connection.early = std::move(kept);
  connection.waiting = true;
  connection.link.pause_reading(true);
}

void Broker::Core::resume(ConnectionId id) {
  Connection* const connection = find(id);
  if (connection == nullptr || !connection->waiting) {
    return;
  }
  const auto kept = std::move(connection->early);
  connection->waiting = false;
  consume(*connection, *kept);
  if (connection->phase == Phase::connected && !connection->waiting) {
    connection->link.pause_reading(connection->paused);
    pause_when_behind(*connection);
  }
}

}  // namespace unhidra::mqtt
