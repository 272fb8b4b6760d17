#pragma once
// EST's own ways over the REST face: labels (RFC 7030 section 3.2.2), and the challenge of HTTP
// Basic.

#include <functional>

#include "unhidra/net/http.h"

namespace unhidra::automation {

// The one label there is; others do not exist.
inline constexpr std::string_view kEstLabel = "devices";

class EstFace final : public net::HttpHandler {
 public:
  using Upgrade = std::function<net::UpgradeDecision(const net::RequestHead&)>;
  // `inner` outlives it. `upgrade_mqtt` decides over WebSockets at /mqtt.
  EstFace(net::HttpHandler& inner, Upgrade upgrade_mqtt)
      : inner_(inner), upgrade_mqtt_(std::move(upgrade_mqtt)) {}
  std::uint64_t body_limit(const net::RequestHead& head) override;
  Task<net::HttpResponse> handle(net::HttpRequest request) override;
  Task<net::UpgradeDecision> upgrade(net::RequestHead head) override;

 private:
  net::HttpHandler& inner_;
  Upgrade upgrade_mqtt_;
};

}  // namespace unhidra::automation
