#pragma once
// What the roles say to each other over the bus about a client's request. Source: internal.proto.

#include "unhidra/wire/field.h"

namespace unhidra::wire {

// Who asks, as the gateway verified it from the access token.
struct RoutedPrincipal {
  OrgId org_id;
  UserId user_id;
  std::optional<DeviceId> device_id;
  SessionId session_id;
  std::uint32_t kind = 0;         // access::PrincipalKind
  std::uint32_t roles = 0;        // bit set of access::Role
  std::uint64_t permissions = 0;  // bit set of access::Permission
  Timestamp expires_at;

  friend bool operator==(const RoutedPrincipal&, const RoutedPrincipal&) = default;
  static constexpr std::string_view kMessage = "unhidra.internal.v1.RoutedPrincipal";
  static constexpr auto fields() {
    return std::tuple{Field{1, "org_id", &RoutedPrincipal::org_id},
                      Field{2, "user_id", &RoutedPrincipal::user_id},
                      Field{3, "device_id", &RoutedPrincipal::device_id},
                      Field{4, "session_id", &RoutedPrincipal::session_id},
                      Field{5, "kind", &RoutedPrincipal::kind},
                      Field{6, "roles", &RoutedPrincipal::roles},
                      Field{7, "permissions", &RoutedPrincipal::permissions},
                      Field{8, "expires_at", &RoutedPrincipal::expires_at}};
  }
};

struct RoutedRequest {
  std::optional<RoutedPrincipal> principal;
  std::uint32_t operation = 0;  // the body's field number in ClientFrame
  Bytes body;                   // the encoded body message
  std::string peer_address;
  std::string user_agent;
  std::string request_id;  // for logs and audit, unique in the cluster
  ConnectionId connection_id;
  bool from_loopback = false;  // from the gateway's own machine, and not passed on by a proxy there

  friend bool operator==(const RoutedRequest&, const RoutedRequest&) = default;
  static constexpr std::string_view kMessage = "unhidra.internal.v1.RoutedRequest";
  static constexpr auto fields() {
    return std::tuple{Field{1, "principal", &RoutedRequest::principal},
                      Field{2, "operation", &RoutedRequest::operation},
                      Field{3, "body", &RoutedRequest::body},
                      Field{4, "peer_address", &RoutedRequest::peer_address},
                      Field{5, "user_agent", &RoutedRequest::user_agent},
                      Field{6, "request_id", &RoutedRequest::request_id},
                      Field{7, "connection_id", &RoutedRequest::connection_id},
                      Field{8, "from_loopback", &RoutedRequest::from_loopback}};
  }
};

// The answer: which field of ServerFrame (2 is an error) and its encoded message.
struct RoutedReply {
  std::uint32_t field = 0;
  Bytes body;

  friend bool operator==(const RoutedReply&, const RoutedReply&) = default;
  static constexpr std::string_view kMessage = "unhidra.internal.v1.RoutedReply";
  static constexpr auto fields() {
    return std::tuple{Field{1, "field", &RoutedReply::field}, Field{2, "body", &RoutedReply::body}};
  }
};

// A connection of a gateway, as an administrator sees it.
struct ConnectionRecord {
  ConnectionId connection_id;
  UserId user_id;
  DeviceId device_id;
  SessionId session_id;
  std::string ip;
  std::string user_agent;
  Timestamp connected_at;
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;

  friend bool operator==(const ConnectionRecord&, const ConnectionRecord&) = default;
  static constexpr std::string_view kMessage = "unhidra.internal.v1.ConnectionRecord";
  static constexpr auto fields() {
    return std::tuple{Field{1, "connection_id", &ConnectionRecord::connection_id},
                      Field{2, "user_id", &ConnectionRecord::user_id},
                      Field{3, "device_id", &ConnectionRecord::device_id},
                      Field{4, "session_id", &ConnectionRecord::session_id},
                      Field{5, "ip", &ConnectionRecord::ip},
                      Field{6, "user_agent", &ConnectionRecord::user_agent},
                      Field{7, "connected_at", &ConnectionRecord::connected_at},
                      Field{8, "messages_in", &ConnectionRecord::messages_in},
                      Field{9, "messages_out", &ConnectionRecord::messages_out}};
  }
};

struct ConnectionList {
  std::vector<ConnectionRecord> connections;

  friend bool operator==(const ConnectionList&, const ConnectionList&) = default;
  static constexpr std::string_view kMessage = "unhidra.internal.v1.ConnectionList";
  static constexpr auto fields() {
    return std::tuple{Field{1, "connections", &ConnectionList::connections}};
  }
};

}  // namespace unhidra::wire
