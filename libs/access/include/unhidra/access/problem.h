#pragma once
// How an Error is told: HTTP status and application/problem+json (RFC 9457), WebSocket close code,
// wire::Error. The one place where kinds become numbers.

#include <string>
#include <string_view>

#include "unhidra/net/http.h"
#include "unhidra/wire/connection.h"

namespace unhidra::access {

int http_status(const Error& error);
// Codes from 4400 on are the product's own: 4400 + the last two digits of the status
// (4401 sign in again, 4403 not allowed, 4429 too fast); 1011 for bugs, 1013 for "later".
net::CloseCode close_code(const Error& error);

// What a client may read: the message of bugs and damage is replaced by a neutral sentence.
std::string public_message(const Error& error);

// {"type","title","status","code","detail","request_id"}, with Retry-After and WWW-Authenticate
// headers where they belong.
net::HttpResponse problem_response(const Error& error, std::string_view request_id);
wire::Error to_wire(const Error& error);

}  // namespace unhidra::access
