// What an access token costs: signing once per login or refresh, verifying once per connection or
// request.
#include <benchmark/benchmark.h>

#include "unhidra/crypto/random.h"
#include "unhidra/pki/jwt.h"

namespace unhidra::pki {
namespace {

class FixedClock final : public Clock {
 public:
  Timestamp now() const override { return Timestamp(std::chrono::seconds(1'800'000'000)); }
  SteadyTime steady_now() const override { return {}; }
};

const SigningKey& key_of(const benchmark::State& state) {
  static const std::vector<SigningKey> keys = [] {
    std::vector<SigningKey> out;
    for (const auto algorithm :
         {SignatureAlgorithm::rs256, SignatureAlgorithm::es256, SignatureAlgorithm::eddsa}) {
      out.push_back(SigningKey::generate(algorithm).value());
    }
    return out;
  }();
  return keys[static_cast<std::size_t>(state.range(0))];
}

AccessClaims claims() {
  static const FixedClock clock;
  crypto::SystemRandom random;
  return {.user = UserId::make(clock, random),
          .org = OrgId::make(clock, random),
          .session = SessionId::make(clock, random),
          .device = DeviceId::make(clock, random),
          .roles = {"member"},
          .issuer = "https://chat.example.org",
          .audience = "unhidra",
          .token_id = "t",
          .issued_at = clock.now(),
          .not_before = clock.now(),
          .expires_at = clock.now() + std::chrono::minutes(15)};
}

void sign_token(benchmark::State& state) {
  const auto& key = key_of(state);
  state.SetLabel(std::string(to_string(key.algorithm())));
  const auto content = claims();
  for (auto _ : state) {
    benchmark::DoNotOptimize(sign_access_token(key, content));
  }
}

void verify_token(benchmark::State& state) {
  const auto& key = key_of(state);
  state.SetLabel(std::string(to_string(key.algorithm())));
  const FixedClock clock;
  const AccessTokenVerifier verifier({.issuer = "https://chat.example.org", .audience = "unhidra"},
                                     clock);
  VerificationKeySet keys;
  const auto token = sign_access_token(key, claims()).value();
  if (!keys.add(key.public_key()) || !verifier.verify(keys, token)) {
    state.SkipWithError("the token does not verify");
    return;
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(verifier.verify(keys, token));
  }
}

BENCHMARK(sign_token)->DenseRange(0, 2);
BENCHMARK(verify_token)->DenseRange(0, 2);

}  // namespace
}  // namespace unhidra::pki
