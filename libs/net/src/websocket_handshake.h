#pragma once
// The opening handshake (RFC 6455 section 4), as functions over messages.

#include <string>

#include "unhidra/net/http.h"
#include "unhidra/net/websocket_client.h"

#include "http_form.h"

namespace unhidra::net {

// Sec-WebSocket-Accept for a key.
std::string websocket_accept(std::string_view key);

// Whether the client asks for a WebSocket at all, right or wrong.
bool asks_for_websocket(const RequestHead& head);
// Section 4.2.1; the answer to give when the request breaks it.
std::optional<HttpResponse> check_upgrade_request(const RequestHead& head);

// The client's request; `key` is 16 random bytes in base64.
Bytes upgrade_request(const WebSocketClientSettings& settings, std::string_view key);
// Section 4.1 from "If the status code": the subprotocol agreed on. `head` is whole.
Result<std::string> check_upgrade_response(std::string_view head,
                                           const WebSocketClientSettings& settings,
                                           std::string_view key);

}  // namespace unhidra::net
