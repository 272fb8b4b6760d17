#pragma once
// EST's own ways over the REST face: labels (RFC 7030 section 3.2.2), and the challenge of HTTP
// Basic.

#include "unhidra/net/http.h"

namespace unhidra::automation {

// The one label there is; others do not exist.
inline constexpr std::string_view kEstLabel = "devices";

class EstFace final : public net::HttpHandler {
 public:
  explicit EstFace(net::HttpHandler& inner) : inner_(inner) {}  // outlives it
  std::uint64_t body_limit(const net::RequestHead& head) override;
  Task<net::HttpResponse> handle(net::HttpRequest request) override;

 private:
  net::HttpHandler& inner_;
};

}  // namespace unhidra::automation
