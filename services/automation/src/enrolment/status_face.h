#pragma once
// CRL and OCSP for whoever cannot speak TLS yet (RFC 5280 section 8 advises against https there):
// what is signed needs no TLS, and nothing else is served.

#include "unhidra/net/http.h"

namespace unhidra::automation {

class StatusFace final : public net::HttpHandler {
 public:
  explicit StatusFace(net::HttpHandler& inner) : inner_(inner) {}  // outlives it
  std::uint64_t body_limit(const net::RequestHead& head) override;
  Task<net::HttpResponse> handle(net::HttpRequest request) override;

 private:
  net::HttpHandler& inner_;
};

}  // namespace unhidra::automation
