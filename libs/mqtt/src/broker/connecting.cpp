// From the first byte of a connection to its end (MQTT 5.0 sections 3.1, 3.2, 3.14, 4.13).
#include <algorithm>

#include "core.h"

namespace unhidra::mqtt {
namespace {

constexpr PacketError kProtocol{ReasonCode::protocol_error};
// Of a CONNECT: nobody may make us keep more before it is known who it is.
constexpr std::uint32_t kMaxConnect = 256 << 10;

}  // namespace

// ---- Connections and their names ---------------------------------------------------------------

ConnectionId Broker::Core::accept(Link& link, Peer peer) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const auto index = free_slots_.back();
  free_slots_.pop_back();
  auto& slot = slots_[index];
  ++slot.generation;
  slot.connection = std::make_unique<Connection>(*this, link, std::move(peer),
                                                 std::min(settings_.max_packet, kMaxConnect));
  Connection& connection = *slot.connection;
  connection.id = (std::uint64_t{slot.generation} << 32) | index;
  connection.heard = now.steady;
  wheel_.set(connection, now.steady, settings_.connect_timeout);
  ++stats_.connections;
  return connection.id;
}

Connection* Broker::Core::find(ConnectionId id) const {
  const auto index = static_cast<std::uint32_t>(id);
  if (index >= slots_.size() || slots_[index].generation != id >> 32) {
    return nullptr;
  }
  return slots_[index].connection.get();
}

void Broker::Core::close(Connection& connection) {
  connection.phase = Phase::closed;
  wheel_.clear(connection);
  authority_.left(connection.id);
  const auto index = static_cast<std::uint32_t>(connection.id);
  dead_.push_back(std::move(slots_[index].connection));
  free_slots_.push_back(index);
  --stats_.connections;
}

void Broker::Core::detach(Connection& connection, bool with_will) {
  if (Session* const session = std::exchange(connection.session, nullptr)) {
    preserve(*session);
    session->connection = nullptr;
    --session->space.counted.connections;
    session->set_available(false);
    leave(*session, with_will);
  }
}

void Broker::Core::lost(ConnectionId id) {
  if (Connection* const connection = find(id)) {
    close(*connection);
    if (connection->session != nullptr) {
      observer_.disconnected(*connection->principal, connection->session->client_id,
                             ReasonCode::unspecified_error);
    }
    detach(*connection, true);
  }
}

void Broker::Core::end(Connection& connection, ReasonCode reason,
                       std::string_view server_reference) {
  if (connection.phase == Phase::closed) {
    return;
  }
  const bool let_in = connection.phase == Phase::connected || connection.phase == Phase::leaving;
  const bool told = let_in && connection.is_v5() && reason != ReasonCode::success;
  if (told) {
    PropertyWriter properties;
    if (!server_reference.empty()) {
      properties.text(PropertyId::server_reference, server_reference);
    }
    append_disconnect(connection.link.output(), reason, properties.view(), connection.version);
  }
  close(connection);
  if (connection.session != nullptr) {
    observer_.disconnected(*connection.principal, connection.session->client_id, reason);
  }
  detach(connection, true);
  connection.link.close();
}

// What the peer did wrong. Version 5 is told, unless it is not to be.
void Broker::Core::fail(Connection& connection, const PacketError& error) {
  if (connection.phase == Phase::connected) {
    end(connection, error.silent ? ReasonCode::success : error.reason);
  } else if (connection.phase == Phase::authenticating && !error.silent) {
    refuse(connection, error.reason);
  } else {
    end(connection, ReasonCode::success);
  }
}

void Broker::Core::connection_deadline(Connection& connection) {
  if (connection.phase != Phase::connected) {
    end(connection, ReasonCode::success);
    return;
  }
  if (connection.waiting) {
    connection.heard = now.steady;  // it is not the client that is silent
  }
  const auto silent = now.steady - connection.heard;
  const auto limit = connection.keep_alive_limit();
  if (silent >= limit) {
    end(connection, ReasonCode::keep_alive_timeout);
  } else {
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(limit - silent);
    wheel_.set(connection, now.steady, rest);
  }
}

void Connection::on_deadline() {
  core.connection_deadline(*this);
}

// ---- Bytes in ----------------------------------------------------------------------------------

void Broker::Core::receive(ConnectionId id, ByteView bytes) {
  Connection* const connection = find(id);
  if (connection == nullptr) {
    return;
  }
  connection->heard = now.steady;
  (connection->session != nullptr ? connection->session->space.counted : stats_).bytes_received +=
      bytes.size();
  if (connection->phase == Phase::deciding || connection->waiting) {
    append(*connection->early, bytes);
    return;
  }
  consume(*connection, bytes);
  pause_when_behind(*connection);
}

void Broker::Core::consume(Connection& connection, ByteView bytes) {
  while (connection.phase != Phase::closed) {
    if (connection.phase == Phase::deciding) {
      connection.early = std::make_unique<Bytes>(bytes.begin(), bytes.end());
      return;
    }
    Frame frame;
    PacketError error;
    switch (connection.reader.next(bytes, frame, error)) {
      case FrameReader::State::more:
        return;
      case FrameReader::State::error:
        return fail(connection, error);
      case FrameReader::State::packet:
        if (must_wait(connection, frame)) {
          return hold_back(connection, frame, bytes);
        }
        handle(connection, frame);
        break;
    }
  }
}

void Broker::Core::handle(Connection& connection, const Frame& frame) {
  switch (connection.phase) {
    case Phase::greeting:
      if (frame.type() != PacketType::connect) {
        return end(connection, ReasonCode::success);
      }
      return on_connect(connection, frame);
    case Phase::authenticating:
      if (frame.type() == PacketType::disconnect) {
        return end(connection, ReasonCode::success);  // it may give up (section 3.1.2.11.9)
      }
      if (frame.type() != PacketType::auth) {
        return fail(connection, kProtocol);
      }
      return on_auth(connection, frame);
    case Phase::connected:
      if (frame.type() == PacketType::connect) {
        return end(connection, ReasonCode::success);  // a second one gets no answer (section 3.1)
      }
      if (const auto error = check_from_client(frame, connection.version)) {
        return fail(connection, *error);
      }
      return handle_connected(connection, frame);
    case Phase::deciding:
    case Phase::leaving:
    case Phase::closed:
      return;
  }
}

void Broker::Core::handle_connected(Connection& connection, const Frame& frame) {
  switch (frame.type()) {
    case PacketType::publish:
      return on_publish(connection, frame);
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp:
      return on_acknowledge(connection, frame);
    case PacketType::subscribe:
      return on_subscribe(connection, frame);
    case PacketType::unsubscribe:
      return on_unsubscribe(connection, frame);
    case PacketType::pingreq:
      append_pingresp(connection.out());
      return mark(connection);
    case PacketType::disconnect:
      return on_disconnect(connection, frame);
    case PacketType::auth:
      return on_auth(connection, frame);
    default:
      return fail(connection, kProtocol);
  }
}

void Broker::Core::on_disconnect(Connection& connection, const Frame& frame) {
  const auto packet = decode_disconnect(frame, connection.version);
  if (!packet) {
    return fail(connection, packet.error());
  }
  Session& session = *connection.session;
  preserve(session);
  if (const auto expiry = packet->properties.number(PropertyId::session_expiry_interval)) {
    if (session.expiry == 0 && *expiry != 0) {
      return fail(connection, kProtocol);  // section 3.14.2.2.2
    }
    session.expiry = std::min(*expiry, settings_.max_session_expiry);
  }
  close(connection);
  observer_.disconnected(*connection.principal, session.client_id, packet->reason);
  detach(connection, packet->reason != ReasonCode::success);
  connection.link.close();
}

}  // namespace unhidra::mqtt
