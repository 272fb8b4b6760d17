// Enhanced authentication (MQTT 5.0 sections 3.15 and 4.12).
#include "core.h"

namespace unhidra::mqtt {

void Broker::Core::on_auth(Connection& connection, const Frame& frame) {
  if (!connection.method) {
    return fail(connection, {ReasonCode::protocol_error});  // section 4.12
  }
  const auto packet = decode_auth(frame);
  if (!packet) {
    return fail(connection, packet.error());
  }
  const bool again = packet->reason == ReasonCode::re_authenticate;
  const bool begins = connection.phase == Phase::connected && !connection.reauthenticating;
  // Only a server says that it is done (table 3-10).
  const bool in_turn = packet->reason != ReasonCode::success && again == begins;
  if (!in_turn) {
    return fail(connection, {ReasonCode::protocol_error});
  }
  if (packet->properties.text(PropertyId::authentication_method) != *connection.method) {
    return fail(connection, {ReasonCode::bad_authentication_method});
  }
  ByteView data;
  if (const auto found = packet->properties.find(PropertyId::authentication_data)) {
    data = found->bytes;
  }
  connection.reauthenticating = connection.phase == Phase::connected;
  const auto admission = authority_.authenticate(connection.id, data, again);
  if (!admission) {
    if (connection.phase != Phase::connected) {
      connection.phase = Phase::deciding;
      connection.link.pause_reading(true);
    }
    return;
  }
  if (connection.phase == Phase::connected) {
    continue_authentication(connection, *admission);
  } else {
    apply(connection, *admission);
  }
}

// Of a connection that is open already it is told how its new authentication goes.
void Broker::Core::continue_authentication(Connection& connection, const Admission& admission) {
  if (is_failure(admission.reason)) {
    return end(connection, admission.reason);
  }
  const bool done = admission.reason == ReasonCode::success;
  if (done) {
    connection.reauthenticating = false;
    if (!admission.principal || admission.principal->identity != connection.principal->identity) {
      return end(connection, ReasonCode::not_authorized);
    }
    connection.principal = admission.principal;
    connection.session->principal = admission.principal;
  }
  PropertyWriter properties;
  properties.text(PropertyId::authentication_method, *connection.method);
  if (!admission.data.empty()) {
    properties.binary(PropertyId::authentication_data, admission.data);
  }
  append_auth(connection.out(), done ? ReasonCode::success : ReasonCode::continue_authentication,
              properties.view());
  mark(connection);
}

}  // namespace unhidra::mqtt
