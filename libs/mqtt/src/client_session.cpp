#include "unhidra/mqtt/client_session.h"

#include <algorithm>

namespace unhidra::mqtt {
namespace {

constexpr std::size_t kMaxUnanswered = 1000;

}  // namespace

ClientSession::ClientSession(ClientSettings settings, SteadyTime now)
    : settings_(std::move(settings)),
      reader_(settings_.max_packet),
      now_(now),
      sent_(now),
      begun_(now) {
  PropertyWriter properties;
  properties.number(PropertyId::maximum_packet_size, settings_.max_packet);
  Connect packet;
  packet.keep_alive = settings_.keep_alive;
  packet.properties = Properties::trusted(properties.view());
  packet.client_id = settings_.client_id;
  if (!settings_.password.empty()) {
    packet.user_name = settings_.user_name;
    packet.password = settings_.password;
  }
  append_connect(output_, packet);
}

PacketId ClientSession::next_id() {
  if (state_ == State::ended ||
      unanswered_.size() >= std::min<std::size_t>(kMaxUnanswered, server_window_)) {
    return 0;
  }
  do {
    last_id_ = static_cast<PacketId>(last_id_ == 65'535 ? 1 : last_id_ + 1);
  } while (unanswered_.contains(last_id_));
  return last_id_;
}

PacketId ClientSession::subscribe(const std::vector<std::string>& filters) {
  const auto id = next_id();
  if (id == 0) {
    return 0;
  }
  Subscribe packet;
  packet.packet_id = id;
  for (const auto& filter : filters) {
    // As published: receivers of sealed payloads must know what was kept and what was passing.
    packet.entries.push_back({filter, {.qos = QoS::at_least_once, .retain_as_published = true}});
  }
  append_subscribe(state_ == State::connected ? output_ : waiting_, packet, Version::v5);
  unanswered_[id] = {ClientEvent::Kind::subscribed, now_};
  return id;
}

PacketId ClientSession::publish(std::string_view topic, ByteView payload, bool retain) {
  const auto id = next_id();
  if (id == 0) {
    return 0;
  }
  const PublishHeader header{.topic = topic,
                             .properties = {},
                             .packet_id = id,
                             .qos = QoS::at_least_once,
                             .retain = retain};
  append_publish(state_ == State::connected ? output_ : waiting_, header, payload, Version::v5);
  unanswered_[id] = {ClientEvent::Kind::published, now_};
  return id;
}

void ClientSession::disconnect() {
  if (state_ == State::connected) {
    append_disconnect(output_, ReasonCode::success, {}, Version::v5);
  }
  state_ = State::ended;
}

Bytes ClientSession::take_output() {
  if (!output_.empty()) {
    sent_ = now_;
  }
  return std::exchange(output_, {});
}

void ClientSession::end(ReasonCode reason, Frames& out) {
  state_ = State::ended;
  unanswered_.clear();
  out.push_back({.kind = ClientEvent::Kind::disconnected, .reason = reason});
}

std::vector<ClientEvent> ClientSession::receive(ByteView bytes, SteadyTime now) {
  now_ = now;
  Frames out;
  while (state_ != State::ended) {
    Frame frame;
    PacketError error;
    const auto state = reader_.next(bytes, frame, error);
    if (state == FrameReader::State::more) {
      break;
    }
    if (state == FrameReader::State::error) {
      end(error.reason, out);
      break;
    }
    on_frame(frame, out);
  }
  return out;
}

void ClientSession::on_frame(const Frame& frame, Frames& out) {
  const bool first = state_ == State::connecting;
  if (first != (frame.type() == PacketType::connack)) {
    return end(ReasonCode::protocol_error, out);
  }
  switch (frame.type()) {
    case PacketType::connack:
      return on_connack(frame, out);
    case PacketType::publish:
      return on_publish(frame, out);
    case PacketType::puback: {
      const auto packet = decode_acknowledge(frame, Version::v5);
      return packet ? on_acknowledged(packet->packet_id, ClientEvent::Kind::published,
                                      packet->reason, out)
                    : end(packet.error().reason, out);
    }
    case PacketType::suback: {
      const auto packet = decode_subscribe_ack(frame, Version::v5);
      if (!packet) {
        return end(packet.error().reason, out);
      }
      const auto bad = std::ranges::find_if(packet->codes, [](Byte code) { return code >= 0x80; });
      return on_acknowledged(
          packet->packet_id, ClientEvent::Kind::subscribed,
          bad == packet->codes.end() ? ReasonCode::success : static_cast<ReasonCode>(*bad), out);
    }
    case PacketType::pingresp:
      pinged_ = false;
      return;
    case PacketType::disconnect: {
      const auto packet = decode_disconnect(frame, Version::v5);
      return end(packet ? packet->reason : packet.error().reason, out);
    }
    default:
      return end(ReasonCode::protocol_error, out);
  }
}

void ClientSession::on_connack(const Frame& frame, Frames& out) {
  const auto packet = decode_connack(frame, Version::v5);
  if (!packet || packet->code != 0) {
    return end(packet ? static_cast<ReasonCode>(packet->code) : packet.error().reason, out);
  }
  state_ = State::connected;
  server_window_ = packet->properties.number(PropertyId::receive_maximum).value_or(65'535);
  settings_.keep_alive = static_cast<std::uint16_t>(
      packet->properties.number(PropertyId::server_keep_alive).value_or(settings_.keep_alive));
  append(output_, waiting_);
  waiting_.clear();
  out.push_back({.kind = ClientEvent::Kind::connected});
}

void ClientSession::on_publish(const Frame& frame, Frames& out) {
  const auto packet = decode_publish(frame, Version::v5);
  // No topic alias was allowed, and nothing was subscribed to with QoS 2.
  if (!packet || packet->topic.empty() || packet->qos == QoS::exactly_once) {
    return end(packet ? ReasonCode::protocol_error : packet.error().reason, out);
  }
  if (packet->qos == QoS::at_least_once) {
    append_acknowledge(output_, {.type = PacketType::puback, .packet_id = packet->packet_id},
                       Version::v5);
  }
  out.push_back({.kind = ClientEvent::Kind::message,
                 .topic = std::string(packet->topic),
                 .payload = to_bytes(packet->payload),
                 .retain = packet->retain});
}

void ClientSession::on_acknowledged(PacketId id, ClientEvent::Kind kind, ReasonCode reason,
                                    Frames& out) {
  const auto found = unanswered_.find(id);
  if (found == unanswered_.end() || found->second.kind != kind) {
    return end(ReasonCode::protocol_error, out);
  }
  unanswered_.erase(found);
  out.push_back({.kind = kind, .reason = reason, .packet_id = id});
}

std::vector<ClientEvent> ClientSession::tick(SteadyTime now) {
  now_ = now;
  Frames out;
  if (state_ == State::ended) {
    return out;
  }
  const auto late = [&](SteadyTime since) { return now - since > settings_.answer_timeout; };
  const bool unheard =
      std::ranges::any_of(unanswered_, [&](const auto& entry) { return late(entry.second.since); });
  if ((state_ == State::connecting && late(begun_)) || (pinged_ && late(sent_)) || unheard) {
    end(ReasonCode::keep_alive_timeout, out);
    return out;
  }
  // Section 3.1.2.10; well before the limit.
  if (state_ == State::connected && settings_.keep_alive != 0 && !pinged_ &&
      now - sent_ >= std::chrono::seconds(settings_.keep_alive) * 3 / 4) {
    append_pingreq(output_);
    pinged_ = true;
  }
  return out;
}

}  // namespace unhidra::mqtt
