#pragma once
// Signed tokens: JWS compact serialisation (RFC 7515) and our access tokens (RFC 7519, RFC 9068),
// under the rules of RFC 8725.
//
// To the outside every bad token is the same: Errc::bad_token with one fixed message. What was
// wrong goes into `detail`, which is for the log only.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/base/id.h"
#include "unhidra/base/time.h"
#include "unhidra/pki/signing_key.h"

namespace unhidra::pki {

inline constexpr std::size_t kMaxTokenSize = 16 * 1024;
inline constexpr std::size_t kMaxRoles = 64;

// The keys that a verifier trusts, by key id. The id is looked up and never interpreted. Immutable
// once it is shared: to rotate, build a new set and swap it.
class VerificationKeySet {
 public:
  // Errc::bad_key for a second key of the same id, or over kMaxKeys.
  Status add(PublicJwk key);
  const PublicJwk* find(std::string_view key_id) const;
  std::size_t size() const { return keys_.size(); }
  std::span<const PublicJwk> keys() const { return keys_; }

 private:
  std::vector<PublicJwk> keys_;
};

struct VerifiedJws {
  std::string key_id;
  std::string type;  // `typ`, or empty
  Bytes payload;
};

// The signature of a token under the one key its `kid` names. The key's algorithm decides, not the
// header's: they must agree. Refuses any `crit`, embedded or linked keys (jwk, jku, x5u, x5c),
// duplicate members, base64url that is not canonical, and more than kMaxTokenSize.
Result<VerifiedJws> verify_jws(const VerificationKeySet& keys, std::string_view token,
                               std::string* detail = nullptr,
                               const crypto::Provider& provider = crypto::native_provider());

// `payload` under the key, with its `kid` and the given `typ` (left out when empty).
Result<std::string> sign_jws(const SigningKey& key, std::string_view type, ByteView payload);

struct AccessClaims {
  UserId user;                     // sub
  OrgId org;                       // org
  SessionId session;               // sid
  std::optional<DeviceId> device;  // did; absent until a device is bound to the session
  std::vector<std::string> roles;
  std::string issuer;    // iss
  std::string audience;  // aud
  std::string token_id;  // jti
  // Whole seconds in the token.
  Timestamp issued_at;
  Timestamp not_before;
  Timestamp expires_at;
  friend bool operator==(const AccessClaims&, const AccessClaims&) = default;
};

inline constexpr std::string_view kAccessTokenType = "at+jwt";  // RFC 9068 section 2.1

// Errc::bad_parameters when a claim is missing or over its limit.
Result<std::string> sign_access_token(const SigningKey& key, const AccessClaims& claims);

struct TokenRules {
  std::string issuer;
  std::string audience;
  std::chrono::seconds leeway{30};  // of our clock against the issuer's
};

struct VerifiedAccessToken {
  AccessClaims claims;
  std::string key_id;
  std::string raw_claims;  // the claims as JSON, for what AccessClaims does not hold
};

// Holds references: keys and clock must outlive it. May be used from any thread.
class AccessTokenVerifier {
 public:
  AccessTokenVerifier(TokenRules rules, const Clock& clock,
                      const crypto::Provider& provider = crypto::native_provider());
  Result<VerifiedAccessToken> verify(const VerificationKeySet& keys, std::string_view token,
                                     std::string* detail = nullptr) const;

 private:
  TokenRules rules_;
  const Clock& clock_;
  const crypto::Provider& provider_;
};

}  // namespace unhidra::pki
