#pragma once
// CMP's own ways over the REST face (RFC 9483 section 6.1): one path for every message, with or
// without a label and the name of an operation. What a message is, it says itself.

#include "unhidra/net/http.h"

namespace unhidra::automation {

// "/.well-known/cmp", "/.well-known/cmp/p/devices", each with or without one of the operations of
// RFC 9483; the operation that serves the message, or the path as it is.
std::string cmp_path(const std::string& path, ByteView message);

class CmpFace final : public net::HttpHandler {
 public:
  explicit CmpFace(net::HttpHandler& inner) : inner_(inner) {}  // outlives it
  std::uint64_t body_limit(const net::RequestHead& head) override;
  Task<net::HttpResponse> handle(net::HttpRequest request) override;
  Task<net::UpgradeDecision> upgrade(net::RequestHead head) override;

 private:
  net::HttpHandler& inner_;
};

}  // namespace unhidra::automation
