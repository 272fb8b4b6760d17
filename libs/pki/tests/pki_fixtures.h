#pragma once
// Helpers of this room's tests: a clock that stands still until it is moved, tokens made by hand.

#include <gtest/gtest.h>

#include "unhidra/base/text.h"
#include "unhidra/crypto/random.h"
#include "unhidra/pki/jwt.h"

namespace unhidra::pki {

class FixedClock final : public Clock {
 public:
  Timestamp now() const override { return time; }
  SteadyTime steady_now() const override { return SteadyTime(time.time_since_epoch()); }
  Timestamp time = parse_rfc3339("2026-11-22T12:00:00.000000Z").value();
};

// A token with exactly this header and these claims, signed with the key whatever they say.
inline std::string token_of(const SigningKey& key, std::string_view header,
                            std::string_view claims) {
  const std::string text = to_base64url(as_bytes(header)) + "." + to_base64url(as_bytes(claims));
  return text + "." + to_base64url(key.sign(as_bytes(text)).value());
}

// One key of each algorithm for the whole run: RSA keys are dear.
inline const SigningKey& key_of(SignatureAlgorithm algorithm) {
  static const auto keys = [] {
    std::vector<SigningKey> out;
    for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(SignatureAlgorithm::eddsa); ++i) {
      const auto each = static_cast<SignatureAlgorithm>(i);
      const bool rsa = each <= SignatureAlgorithm::ps512;
      out.push_back(rsa && i != 0 ? SigningKey::from_pem(out[0].to_pem()->expose(), each,
                                                         "key-" + std::to_string(i))
                                        .value()
                                  : SigningKey::generate(each, "key-" + std::to_string(i)).value());
    }
    return out;
  }();
  return keys[static_cast<std::size_t>(algorithm)];
}

inline VerificationKeySet set_of(const SigningKey& key) {
  VerificationKeySet out;
  EXPECT_TRUE(out.add(key.public_key()));
  return out;
}

}  // namespace unhidra::pki
