#pragma once
// From an HTTP upgrade to a client's connection: origin, token, session, limits (RFC 6455
// section 10.2).

#include "unhidra/net/http.h"

#include "gateway_core.h"

namespace unhidra::gateway {

inline constexpr std::string_view kSubprotocol = "unhidra.v1";
inline constexpr std::string_view kPath = "/v1/ws";

// The access token travels as a second subprotocol, "bearer.<token>": browsers can set no header,
// and a URL ends up in logs. Errc::bad_upgrade when the product's subprotocol or the token is
// missing or there are several.
Result<std::string> offered_token(const net::Headers& headers);

// Whether a browser on that page may connect.
bool origin_allowed(const GatewaySettings& settings, const net::Headers& headers);

Task<net::UpgradeDecision> decide_upgrade(GatewayCore& core, net::RequestHead head);

}  // namespace unhidra::gateway
