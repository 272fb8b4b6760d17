#include "link.h"

#include <algorithm>

namespace unhidra::mqtt_sequences {
namespace {

std::unique_ptr<Transport> connect(const Address& address) {
  switch (address.transport) {
    case TransportKind::tcp:
      return connect_tcp(address);
    case TransportKind::tls:
      return connect_tls(address, "mqtt");
    case TransportKind::websocket:
      return upgrade_to_websocket(connect_tcp(address), address);
    case TransportKind::secure_websocket:
      break;
  }
  return upgrade_to_websocket(connect_tls(address, "http/1.1"), address);
}

}  // namespace

Link::Link(const Address& address) : transport_(connect(address)) {}

Bytes Link::receive(std::size_t size) {
  while (received_.size() < size) {
    const auto more = transport_->receive();
    if (!more || more->empty()) {
      break;
    }
    append(received_, *more);
  }
  const auto end =
      received_.begin() + static_cast<std::ptrdiff_t>(std::min(size, received_.size()));
  Bytes out(received_.begin(), end);
  received_.erase(received_.begin(), end);
  return out;
}

bool Link::closes() {
  if (!received_.empty()) {
    return false;
  }
  const auto more = transport_->receive();
  return more && more->empty();
}

}  // namespace unhidra::mqtt_sequences
