// CONNECT: from its decoding to CONNACK (MQTT 5.0 sections 3.1 and 3.2).
#include <algorithm>

#include "core.h"

namespace unhidra::mqtt {
namespace {

std::string random_client_id(RandomSource& random) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "auto-";
  for (const auto byte : random.array<12>()) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

// What the client's CONNECT says of the connection.
void agree(Connection& connection, const Connect& packet) {
  const auto number = [&packet](PropertyId id, std::uint32_t otherwise) {
    return packet.properties.number(id).value_or(otherwise);
  };
  connection.receive_maximum =
      static_cast<std::uint16_t>(number(PropertyId::receive_maximum, kDefaultReceiveMaximum));
  connection.alias_maximum = static_cast<std::uint16_t>(number(PropertyId::topic_alias_maximum, 0));
  connection.max_packet = number(PropertyId::maximum_packet_size, 0);
  connection.keep_alive = packet.keep_alive;
  connection.wants_reasons = number(PropertyId::request_problem_information, 1) != 0;
}

}  // namespace

void Broker::Core::on_connect(Connection& connection, const Frame& frame) {
  const auto packet = decode_connect(frame);
  if (!packet) {
    const auto& error = packet.error();
    if (!error.version) {
      return end(connection, ReasonCode::success);
    }
    connection.version = *error.version;
    return refuse(connection, error.reason);
  }
  connection.version = packet->version;
  if (draining_) {
    return turn_away(connection);
  }
  agree(connection, *packet);
  if (const auto method = packet->properties.find(PropertyId::authentication_method)) {
    connection.method = std::make_unique<std::string>(method->text());
  }
  const auto admission = authority_.connect(connection.id, connection.peer, *packet);
  if (!admission || admission->reason == ReasonCode::continue_authentication) {
    connection.connect_frame = std::make_unique<Bytes>(to_bytes(frame.body));
  }
  if (!admission) {
    connection.phase = Phase::deciding;
    connection.link.pause_reading(true);
    return;
  }
  if (admission->reason == ReasonCode::success) {
    return open(connection, *packet, *admission);
  }
  apply(connection, *admission);
}

// An answer of the Authority to a CONNECT that is kept, or one that needs no CONNECT.
void Broker::Core::apply(Connection& connection, const Admission& admission) {
  if (admission.reason == ReasonCode::continue_authentication) {
    if (!connection.method) {
      return refuse(connection, ReasonCode::bad_authentication_method);
    }
    connection.phase = Phase::authenticating;
    return continue_authentication(connection, admission);
  }
  if (admission.reason != ReasonCode::success) {
    return refuse(connection, admission.reason, admission.server_reference);
  }
  const auto body = std::move(connection.connect_frame);
  const Frame frame{static_cast<std::uint8_t>(PacketType::connect) << 4U, *body};
  open(connection, *decode_connect(frame), admission);
}

void Broker::Core::decide(ConnectionId id, const Admission& admission) {
  Connection* const connection = find(id);
  if (connection == nullptr) {
    return;
  }
  if (connection->phase == Phase::connected) {
    if (connection->reauthenticating) {
      continue_authentication(*connection, admission);
    }
    return;
  }
  if (connection->phase != Phase::deciding) {
    return;
  }
  const auto early = std::move(connection->early);
  connection->link.pause_reading(false);
  apply(*connection, admission);
  if (early) {
    consume(*connection, *early);
  }
}

void Broker::Core::refuse(Connection& connection, ReasonCode reason,
                          std::string_view server_reference) {
  Connack packet;
  PropertyWriter properties;
  if (connection.is_v5()) {
    packet.code = static_cast<std::uint8_t>(reason);
    if (!server_reference.empty()) {
      properties.text(PropertyId::server_reference, server_reference);
    }
    packet.properties = Properties::trusted(properties.view());
  } else {
    packet.code = connect_return_code(reason);
  }
  append_connack(connection.out(), packet, connection.version);
  connection.phase = Phase::greeting;  // nothing more is said
  end(connection, ReasonCode::success);
}

namespace {

// What of a CONNECT this broker cannot keep; success when nothing.
ReasonCode unacceptable(const Connect& packet, const BrokerSettings& settings) {
  const bool may_be_nameless =
      packet.version == Version::v5 || (packet.version == Version::v3_1_1 && packet.clean_start);
  if (packet.client_id.empty() && !may_be_nameless) {
    return ReasonCode::client_identifier_not_valid;
  }
  if (packet.will && packet.will->qos > settings.max_qos) {
    return ReasonCode::qos_not_supported;
  }
  if (packet.will && packet.will->retain && !settings.retain_available) {
    return ReasonCode::retain_not_supported;
  }
  return ReasonCode::success;
}

std::uint32_t session_expiry(const Connect& packet) {
  if (packet.version == Version::v5) {
    return packet.properties.number(PropertyId::session_expiry_interval).value_or(0);
  }
  return packet.clean_start ? 0 : kNeverExpires;
}

}  // namespace

void Broker::Core::open(Connection& connection, const Connect& packet, const Admission& admission) {
  const auto reason = unacceptable(packet, settings_);
  if (reason != ReasonCode::success || !admission.principal) {
    return refuse(connection, reason != ReasonCode::success ? reason : ReasonCode::not_authorized);
  }
  connection.principal = admission.principal;
  std::string assigned;
  if (packet.client_id.empty()) {
    assigned = random_client_id(random_);
  }
  bool present = false;
  if (!attach(connection, packet, assigned.empty() ? packet.client_id : assigned, present)) {
    return refuse(connection, ReasonCode::not_authorized);
  }
  Session& session = *connection.session;
  set_will(session, packet);
  if (recorder_.active() && (session.journaled || session.persistent() || session.will)) {
    session.journaled = true;
    session.kept = session.kept || session.persistent();
    session.position = recorder_.session(session);
    if (session.will) {
      session.position = recorder_.will(session);
    }
    hold(connection, session.position);
  }
  connection.phase = Phase::connected;
  connection.reader.set_max_packet(settings_.max_packet);
  connection.reader.set_shortest_lengths(connection.is_v5());
  watch(connection);
  welcome(connection, packet, present, assigned, admission);
  if (connection.phase != Phase::connected) {
    return;
  }
  observer_.connected(*connection.principal, session.client_id);
  pump(session);
}

void Broker::Core::watch(Connection& connection) {
  const auto maximum = settings_.max_keep_alive;
  if (connection.is_v5() && maximum != 0 &&
      (connection.keep_alive == 0 || connection.keep_alive > maximum)) {
    connection.keep_alive = maximum;
  }
  wheel_.clear(connection);
  if (connection.keep_alive != 0) {
    wheel_.set(connection, now.steady, connection.keep_alive_limit());
  }
}

// The session of the client identifier, taken over or made. False: it belongs to somebody else.
bool Broker::Core::attach(Connection& connection, const Connect& packet, std::string_view client_id,
                          bool& present) {
  Space& where = space(connection.principal->space);
  const auto find = [&where, client_id] {
    const auto found = where.sessions.find(client_id);
    return found != where.sessions.end() ? found->second.get() : nullptr;
  };
  Session* session = find();
  if (session != nullptr && session->principal->identity != connection.principal->identity) {
    return false;
  }
  if (session != nullptr && session->connection != nullptr) {
    end(*session->connection, ReasonCode::session_taken_over);
    session = find();  // one that ends with its connection is gone now
  }
  if (session != nullptr && packet.clean_start) {
    end_session(*session);
    session = nullptr;
  }
  present = session != nullptr;
  if (session == nullptr) {
    session = &create_session(where, client_id);
  }
  preserve(*session);
  wheel_.clear(*session);
  session->principal = connection.principal;
  session->connection = &connection;
  ++where.counted.connections;
  session->expiry = std::min(session_expiry(packet), settings_.max_session_expiry);
  session->disconnected_at = {};
  session->outbox.rewind();
  session->inbox.rewind();
  session->set_available(true);
  connection.session = session;
  return true;
}

// In the order that suites of packet sequences expect.
Bytes Broker::Core::connack_properties(const Connection& connection, const Connect& asked,
                                       std::string_view assigned, ByteView data) const {
  PropertyWriter out;
  const auto expiry = connection.session->expiry;
  if (expiry != session_expiry(asked)) {
    out.number(PropertyId::session_expiry_interval, expiry);
  }
  if (settings_.max_keep_alive != 0 && connection.keep_alive == settings_.max_keep_alive) {
    out.number(PropertyId::server_keep_alive, connection.keep_alive);
  }
  if (settings_.topic_alias_maximum != 0) {
    out.number(PropertyId::topic_alias_maximum, settings_.topic_alias_maximum);
  }
  if (!assigned.empty()) {
    out.text(PropertyId::assigned_client_identifier, assigned);
  }
  if (connection.method) {
    out.text(PropertyId::authentication_method, *connection.method);
    if (!data.empty()) {
      out.binary(PropertyId::authentication_data, data);
    }
  }
  if (!settings_.retain_available) {
    out.number(PropertyId::retain_available, 0);
  }
  out.number(PropertyId::maximum_packet_size, settings_.max_packet);
  out.number(PropertyId::receive_maximum, settings_.receive_maximum);
  if (settings_.max_qos != QoS::exactly_once) {
    out.number(PropertyId::maximum_qos, static_cast<std::uint32_t>(settings_.max_qos));
  }
  return std::move(out).take();
}

void Broker::Core::welcome(Connection& connection, const Connect& asked, bool present,
                           std::string_view assigned, const Admission& admission) {
  Bytes properties;
  if (connection.is_v5()) {
    properties = connack_properties(connection, asked, assigned, admission.data);
  }
  Connack packet;
  packet.session_present = present && connection.version != Version::v3_1;
  packet.properties = Properties::trusted(properties);
  const auto before = connection.out().size();
  append_connack(connection.out(), packet, connection.version);
  limit_packet(connection, before);
}

// What was appended since `before` is one packet. A client that cannot take it cannot be served
// (section 3.1.2.11.4).
void Broker::Core::limit_packet(Connection& connection, std::size_t before) {
  Bytes& out = connection.out();
  if (connection.max_packet != 0 && out.size() - before > connection.max_packet) {
    out.resize(before);
    return end(connection, ReasonCode::success);
  }
  mark(connection);
}

}  // namespace unhidra::mqtt
