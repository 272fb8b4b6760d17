#pragma once
// The two frames of the client connection. Source: gateway.proto. Who only needs to know which
// field carries a message includes frame_bodies.h.

#include "unhidra/wire/frame_bodies.h"

namespace unhidra::wire {

struct ClientFrame {
  std::uint64_t request_id = 0;
  decltype(kClientBodies)::Variant body;

  friend bool operator==(const ClientFrame&, const ClientFrame&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ClientFrame";
  static constexpr auto bodies() {
    return OneOf{"body", &ClientFrame::body, kClientBodies.choices};
  }
  static constexpr auto fields() {
    return std::tuple{Field{1, "request_id", &ClientFrame::request_id}, bodies()};
  }
};

struct ServerFrame {
  std::uint64_t request_id = 0;  // 0: an event
  decltype(kServerBodies)::Variant body;

  friend bool operator==(const ServerFrame&, const ServerFrame&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ServerFrame";
  static constexpr auto bodies() {
    return OneOf{"body", &ServerFrame::body, kServerBodies.choices};
  }
  static constexpr auto fields() {
    return std::tuple{Field{1, "request_id", &ServerFrame::request_id}, bodies()};
  }
};

}  // namespace unhidra::wire
