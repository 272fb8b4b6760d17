#pragma once

#include "unhidra/net/http_client.h"

#include "home.h"

namespace unhidra::device {

// One request to the server of the device's home; its URL begins with "/". Errc::untrusted,
// unreachable.
Result<net::HttpResponse> fetch(const Home& home, bool with_certificate,
                                net::HttpRequestSpec request);

}  // namespace unhidra::device
