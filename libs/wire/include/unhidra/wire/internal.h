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

  friend bool operator==(const RoutedRequest&, const RoutedRequest&) = default;
  static constexpr std::string_view kMessage = "unhidra.internal.v1.RoutedRequest";
  static constexpr auto fields() {
    return std::tuple{Field{1, "principal", &RoutedRequest::principal},
                      Field{2, "operation", &RoutedRequest::operation},
                      Field{3, "body", &RoutedRequest::body},
                      Field{4, "peer_address", &RoutedRequest::peer_address},
                      Field{5, "user_agent", &RoutedRequest::user_agent},
                      Field{6, "request_id", &RoutedRequest::request_id},
                      Field{7, "connection_id", &RoutedRequest::connection_id}};
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

}  // namespace unhidra::wire
