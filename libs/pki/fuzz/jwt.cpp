// No text is ever taken for a token, nor does it crash the parser: the fuzzer has no private key.
#include "unhidra/pki/jwt.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra;
  using namespace unhidra::pki;
  class ZeroClock final : public Clock {
    Timestamp now() const override { return {}; }
    SteadyTime steady_now() const override { return {}; }
  };
  static const ZeroClock clock;
  static const VerificationKeySet keys = [] {
    VerificationKeySet out;
    if (!out.add(PublicJwk::parse(R"({"kty":"OKP","crv":"Ed25519","kid":"a","alg":"EdDSA",)"
                                  R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})")
                     .value())) {
      std::abort();
    }
    return out;
  }();
  static const AccessTokenVerifier verifier({.issuer = "i", .audience = "a"}, clock);
  std::string detail;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (verifier.verify(keys, text, &detail) || detail.empty()) {
    std::abort();
  }
  return 0;
}
