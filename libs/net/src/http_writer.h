#pragma once
// Responses to bytes. Content-Length, Connection and Date are set here and nowhere else.

#include "unhidra/net/http.h"

namespace unhidra::net {

struct ResponseOptions {
  bool head_only = false;  // the answer to HEAD
  bool keep_alive = true;
};
// Appends the whole response, but for a body that has a source of its own. What the handler may not
// write (bad names or values, a status outside of 200 to 599) becomes a plain 500.
void append_response(Bytes& out, const HttpResponse& response, const ResponseOptions& options);

// The 101 of an accepted upgrade.
void append_upgrade_response(Bytes& out, std::string_view accept, std::string_view subprotocol);

}  // namespace unhidra::net
