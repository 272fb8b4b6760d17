#pragma once
// Public keys as JSON Web Keys (RFC 7517, 7518, 8037). A key is bound to exactly one signature
// algorithm from the moment it is read: a token cannot choose another (RFC 8725 section 3.1).

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "unhidra/base/bytes.h"
#include "unhidra/crypto/keys.h"
#include "unhidra/pki/errc.h"

namespace unhidra::pki {

// `none` and the HMAC algorithms do not exist here.
enum class SignatureAlgorithm : std::uint8_t {
  rs256,
  rs384,
  rs512,
  ps256,
  ps384,
  ps512,
  es256,
  es384,
  es512,
  eddsa,  // Ed25519
};
std::string_view to_string(SignatureAlgorithm algorithm);  // as JOSE writes it: "RS256"
std::optional<SignatureAlgorithm> parse_signature_algorithm(std::string_view name);

struct RsaPublicKey {
  Bytes modulus;  // big-endian, no leading zero, 2048 to 8192 bits
  Bytes exponent;
};
struct EcPublicKey {
  crypto::Curve curve = crypto::Curve::p256;
  Bytes point;  // uncompressed, on the curve
};

inline constexpr std::size_t kMaxKeyIdSize = 128;

class PublicJwk {
 public:
  using Material = std::variant<RsaPublicKey, EcPublicKey, crypto::Ed25519PublicKey>;

  // Errc::bad_key when the algorithm does not fit the material. An empty `key_id` becomes the
  // RFC 7638 thumbprint.
  static Result<PublicJwk> make(SignatureAlgorithm algorithm, Material material,
                                std::string key_id = {});
  // Refuses private and symmetric keys, keys for encryption, weak RSA keys (below 2048 bits, an
  // exponent of one, the ROCA weakness), points off their curve, and an `alg` that does not fit.
  // `pinned` is the algorithm for an RSA key that names none; for others `alg` must agree with it.
  static Result<PublicJwk> parse(std::string_view json,
                                 std::optional<SignatureAlgorithm> pinned = {});

  SignatureAlgorithm algorithm() const { return algorithm_; }
  const std::string& key_id() const { return key_id_; }
  const Material& material() const { return material_; }
  std::string to_json() const;
  // RFC 7638, base64url.
  std::string thumbprint() const;
  // The signature over exactly these bytes; crypto::Errc::bad_signature otherwise.
  Status verify(ByteView message, ByteView signature,
                const crypto::Provider& provider = crypto::native_provider()) const;

 private:
  PublicJwk(SignatureAlgorithm algorithm, Material material)
      : algorithm_(algorithm), material_(std::move(material)) {}

  SignatureAlgorithm algorithm_;
  Material material_;
  std::string key_id_;
};

// {"keys": [...]}, for the JWKS endpoint.
std::string to_jwks(std::span<const PublicJwk> keys);
// Keys that are not for us (other types, algorithms or uses) are left out, as RFC 7517 section 5
// asks; at most kMaxKeys. Errc::bad_key when the document itself is malformed.
inline constexpr std::size_t kMaxKeys = 64;
Result<std::vector<PublicJwk>> parse_jwks(std::string_view json);

}  // namespace unhidra::pki
