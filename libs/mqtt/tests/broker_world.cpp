#include "broker_world.h"

namespace unhidra::mqtt {

std::optional<std::uint8_t> Client::connect(std::string_view client_id,
                                            const ConnectOptions& options) {
  version = options.version;
  Connect packet;
  packet.version = options.version;
  packet.clean_start = options.clean_start;
  packet.keep_alive = options.keep_alive;
  packet.client_id = client_id;
  PropertyWriter properties;
  if (options.session_expiry != 0) {
    properties.number(PropertyId::session_expiry_interval, options.session_expiry);
  }
  if (options.receive_maximum != 0) {
    properties.number(PropertyId::receive_maximum, options.receive_maximum);
  }
  if (options.max_packet != 0) {
    properties.number(PropertyId::maximum_packet_size, options.max_packet);
  }
  if (options.alias_maximum != 0) {
    properties.number(PropertyId::topic_alias_maximum, options.alias_maximum);
  }
  if (!options.method.empty()) {
    properties.text(PropertyId::authentication_method, options.method);
  }
  if (!options.wants_reasons) {
    properties.number(PropertyId::request_problem_information, 0);
  }
  packet.properties = Properties::trusted(properties.view());
  if (!options.user.empty()) {
    packet.user_name = options.user;
  }
  PropertyWriter will;
  if (!options.will_topic.empty()) {
    if (options.will_delay != 0) {
      will.number(PropertyId::will_delay_interval, options.will_delay);
    }
    packet.will = Will{.topic = options.will_topic,
                       .payload = as_bytes("gone"),
                       .properties = Properties::trusted(will.view()),
                       .qos = QoS::at_most_once,
                       .retain = false};
  }
  Bytes out;
  append_connect(out, packet);
  send(out);
  auto came = take();
  if (came.empty() || came.front().type() != PacketType::connack) {
    waiting_ = std::move(came);
    return std::nullopt;
  }
  const auto connack = decode_connack(came.front().frame(), version);
  present_ = connack->session_present;
  const auto code = connack->code;
  came.erase(came.begin());
  waiting_ = std::move(came);
  return code;
}

std::uint8_t Client::suback() {
  auto came = take();
  std::uint8_t code = 0xff;
  for (auto at = came.begin(); at != came.end(); ++at) {
    if (at->type() == PacketType::suback) {
      code = decode_subscribe_ack(at->frame(), version)->codes[0];
      came.erase(at);
      break;
    }
  }
  waiting_ = std::move(came);
  return code;
}

std::vector<Packet> Client::take() {
  auto out = std::move(waiting_);
  waiting_.clear();
  ByteView input = ByteView(link.sent).subspan(read_);
  read_ = link.sent.size();
  Frame frame;
  PacketError error;
  while (reader_.next(input, frame, error) == FrameReader::State::packet) {
    out.push_back({frame.first, to_bytes(frame.body)});
  }
  return out;
}

std::vector<std::string> Client::take_payloads() {
  std::vector<std::string> out;
  for (const auto& packet : take()) {
    if (packet.type() == PacketType::publish) {
      out.emplace_back(as_text(packet.publish(version).payload));
    }
  }
  return out;
}

}  // namespace unhidra::mqtt
