// The broker is to stop: nobody new comes in, everybody is told where to go and leaves (MQTT 5.0
// section 4.11).
#include <algorithm>

#include "core.h"

namespace unhidra::mqtt {
namespace {

ReasonCode farewell_reason(const Farewell& farewell) {
  if (farewell.server_reference.empty()) {
    return ReasonCode::server_shutting_down;
  }
  return farewell.moved ? ReasonCode::server_moved : ReasonCode::use_another_server;
}

bool is_let_in(const Connection& connection) {
  return connection.phase == Phase::connected || connection.phase == Phase::leaving;
}

}  // namespace

void Broker::Core::drain(Farewell farewell) {
  const auto reason = farewell_reason(farewell);
  draining_.emplace(Draining{.farewell = std::move(farewell),
                             .reason = reason,
                             .refusal = may_stand_in(reason, PacketType::connack)
                                            ? reason
                                            : ReasonCode::server_unavailable,
                             .began = now.steady});
  for_each_connection([this](Connection& connection) {
    if (is_let_in(connection)) {
      ++draining_->connected;
    } else if (connection.phase != Phase::greeting) {
      turn_away(connection);
    }
  });
  drain_on();
}

void Broker::Core::turn_away(Connection& connection) {
  refuse(connection, draining_->refusal, draining_->farewell.server_reference);
}

// As many of them as the time that has passed asks for.
void Broker::Core::drain_on() {
  auto& at = *draining_;
  const auto passed = std::chrono::duration<double>(now.steady - at.began);
  const auto period = std::chrono::duration<double>(at.farewell.period);
  const double share = passed < period ? passed / period : 1.0;
  const auto due = static_cast<std::size_t>(share * static_cast<double>(at.connected));
  for (; at.told < due && at.next < slots_.size(); ++at.next) {
    Connection* const connection = slots_[at.next].connection.get();
    if (connection != nullptr && connection->phase == Phase::connected) {
      ++at.told;
      take_leave(*connection);
    }
  }
}

// What it was promised comes first: an acknowledgement that waits for the journal spares the client
// from sending its message again.
void Broker::Core::take_leave(Connection& connection) {
  if (connection.holding()) {
    connection.phase = Phase::leaving;
  } else {
    end(connection, draining_->reason, draining_->farewell.server_reference);
  }
}

bool Broker::Core::drained() const {
  return std::ranges::none_of(slots_, [](const Slot& slot) {
    return slot.connection != nullptr && is_let_in(*slot.connection);
  });
}

void Broker::Core::shut_down() {
  if (!draining_) {
    drain({});
  }
  for_each_connection([this](Connection& connection) {
    end(connection, draining_->reason, draining_->farewell.server_reference);
  });
}

}  // namespace unhidra::mqtt
