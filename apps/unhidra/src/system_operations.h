#pragma once
// The operations that every port answers: health, readiness, metrics, the API's description.

#include <string>

#include "unhidra/access/handlers.h"
#include "unhidra/access/rest_face.h"
#include "unhidra/runtime/health.h"
#include "unhidra/runtime/metrics.h"

namespace unhidra::server {

// Both outlive the handlers.
void bind_system_operations(access::Handlers& handlers, const runtime::Health& health,
                            const runtime::Metrics& metrics);

// In front of the real verifier: the configured bearer token may read /metrics, and nothing else.
class MetricsTokenVerifier final : public access::TokenVerifier {
 public:
  // An empty token matches nothing.
  MetricsTokenVerifier(access::TokenVerifier& inner, std::string token, const Clock& clock)
      : inner_(inner), token_(std::move(token)), clock_(clock) {}
  Task<Result<access::Principal>> verify(std::string token) override;

 private:
  access::TokenVerifier& inner_;
  std::string token_;
  const Clock& clock_;
};

}  // namespace unhidra::server
