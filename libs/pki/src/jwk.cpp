#include "unhidra/pki/jwk.h"

#include <algorithm>
#include <array>

#include "unhidra/base/text.h"

#include "rsa_checks.h"
#include "strict_json.h"

namespace unhidra::pki {
namespace {

namespace json = boost::json;
using crypto::Curve;
using crypto::Hash;
using enum SignatureAlgorithm;

constexpr std::size_t kMaxJwkSize = 16 * 1024;
constexpr std::size_t kMaxJwksSize = 256 * 1024;

struct AlgorithmName {
  SignatureAlgorithm algorithm;
  std::string_view name;
};
constexpr std::array<AlgorithmName, 10> kNames{{{rs256, "RS256"},
                                                {rs384, "RS384"},
                                                {rs512, "RS512"},
                                                {ps256, "PS256"},
                                                {ps384, "PS384"},
                                                {ps512, "PS512"},
                                                {es256, "ES256"},
                                                {es384, "ES384"},
                                                {es512, "ES512"},
                                                {eddsa, "EdDSA"}}};

std::unexpected<Error> bad_key(std::string why) {
  return fail(Errc::bad_key, std::move(why));
}

Hash hash_of(SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case rs384:
    case ps384:
    case es384:
      return Hash::sha384;
    case rs512:
    case ps512:
    case es512:
      return Hash::sha512;
    default:
      return Hash::sha256;
  }
}

bool is_rsa(SignatureAlgorithm algorithm) {
  return algorithm <= ps512;
}

// RFC 7518 section 3.4 ties each ECDSA algorithm to one curve.
SignatureAlgorithm algorithm_of(Curve curve) {
  return curve == Curve::p256 ? es256 : curve == Curve::p384 ? es384 : es512;
}

Result<Bytes> bytes_member(const json::object& object, std::string_view name) {
  const json::string* text = string_member(object, name);
  if (text == nullptr) {
    return bad_key("the member '" + std::string(name) + "' is missing");
  }
  auto bytes = from_base64url(view(*text));
  if (!bytes) {
    return bad_key("the member '" + std::string(name) + "' is not base64url");
  }
  return bytes;
}

// Some writers put a sign byte before an unsigned number.
void strip_leading_zeros(Bytes& number) {
  number.erase(number.begin(),
               std::find_if(number.begin(), number.end(), [](Byte b) { return b != 0; }));
}

Result<PublicJwk::Material> rsa_material(const json::object& object) {
  UNHIDRA_TRY(auto modulus, bytes_member(object, "n"));
  UNHIDRA_TRY(auto exponent, bytes_member(object, "e"));
  strip_leading_zeros(modulus);
  strip_leading_zeros(exponent);
  return RsaPublicKey{std::move(modulus), std::move(exponent)};
}

Result<PublicJwk::Material> ec_material(const json::object& object) {
  const json::string* name = string_member(object, "crv");
  const auto known = {Curve::p256, Curve::p384, Curve::p521};
  const auto* curve = std::find_if(known.begin(), known.end(), [&](Curve c) {
    return name != nullptr && view(*name) == to_string(c);
  });
  if (curve == known.end()) {
    return bad_key("an unknown curve");
  }
  UNHIDRA_TRY(const auto x, bytes_member(object, "x"));
  UNHIDRA_TRY(const auto y, bytes_member(object, "y"));
  // RFC 7518 section 6.2.1.2: the full length of a coordinate.
  if (x.size() != coordinate_size(*curve) || y.size() != coordinate_size(*curve)) {
    return bad_key("a coordinate of the wrong length");
  }
  Bytes point{4};
  append(point, x);
  append(point, y);
  return EcPublicKey{*curve, std::move(point)};
}

Result<PublicJwk::Material> okp_material(const json::object& object) {
  const json::string* curve = string_member(object, "crv");
  if (curve == nullptr || view(*curve) != "Ed25519") {
    return bad_key("a curve that is not Ed25519");
  }
  UNHIDRA_TRY(const auto x, bytes_member(object, "x"));
  UNHIDRA_TRY(const auto key, crypto::Ed25519PublicKey::from_bytes(x));
  return key;
}

Result<PublicJwk::Material> read_material(const json::object& object) {
  const json::string* type = string_member(object, "kty");
  if (type != nullptr && view(*type) == "RSA") {
    return rsa_material(object);
  }
  if (type != nullptr && view(*type) == "EC") {
    return ec_material(object);
  }
  if (type != nullptr && view(*type) == "OKP") {
    return okp_material(object);
  }
  return bad_key("a key type that is not for public-key signatures");
}

Status check_purpose(const json::object& object) {
  if (object.contains("d") || object.contains("k")) {
    return bad_key("a private or symmetric key where a public one belongs");
  }
  if (const auto* use = object.if_contains("use");
      use != nullptr && !(use->is_string() && use->get_string() == "sig")) {
    return bad_key("not for signatures");
  }
  if (const auto* operations = object.if_contains("key_ops")) {
    const json::array* list = operations->if_array();
    if (list == nullptr || std::none_of(list->begin(), list->end(), [](const json::value& v) {
          return v.is_string() && v.get_string() == "verify";
        })) {
      return bad_key("not for verification");
    }
  }
  return {};
}

// The one algorithm of the key: what it names, what its curve implies and what the caller pins must
// be the same.
Result<SignatureAlgorithm> choose_algorithm(const json::object& object,
                                            const PublicJwk::Material& material,
                                            std::optional<SignatureAlgorithm> pinned) {
  std::optional<SignatureAlgorithm> chosen = pinned;
  if (const auto* ec = std::get_if<EcPublicKey>(&material)) {
    chosen = algorithm_of(ec->curve);
  } else if (std::holds_alternative<crypto::Ed25519PublicKey>(material)) {
    chosen = eddsa;
  }
  if (const auto* name = object.if_contains("alg")) {
    const auto named =
        name->is_string() ? parse_signature_algorithm(view(name->get_string())) : std::nullopt;
    if (!named || (chosen && *chosen != *named)) {
      return bad_key("an algorithm that is unknown or does not fit the key");
    }
    chosen = named;
  }
  if (!chosen || (pinned && *pinned != *chosen)) {
    return bad_key("no algorithm, or another than expected");
  }
  return *chosen;
}

Status check_material(SignatureAlgorithm algorithm, const PublicJwk::Material& material) {
  const auto& provider = crypto::native_provider();
  if (const auto* rsa = std::get_if<RsaPublicKey>(&material)) {
    if (!is_rsa(algorithm) || !is_acceptable_rsa(rsa->modulus, rsa->exponent)) {
      return bad_key("an RSA key that is weak or not for this algorithm");
    }
  } else if (const auto* ec = std::get_if<EcPublicKey>(&material)) {
    if (algorithm != algorithm_of(ec->curve) || !provider.ec_check_public(ec->curve, ec->point)) {
      return bad_key("a point that is not on the algorithm's curve");
    }
  } else if (algorithm != eddsa ||
             !provider.ed25519_check_public(std::get<crypto::Ed25519PublicKey>(material).bytes())) {
    return bad_key("not a valid Ed25519 key");
  }
  return {};
}

// The members that RFC 7638 section 3.2 hashes, which are also those of the public key. Boost keeps
// the order of insertion: it is the lexicographic one.
json::object material_members(const PublicJwk::Material& material) {
  json::object out;
  if (const auto* rsa = std::get_if<RsaPublicKey>(&material)) {
    out["e"] = to_base64url(rsa->exponent);
    out["kty"] = "RSA";
    out["n"] = to_base64url(rsa->modulus);
  } else if (const auto* ec = std::get_if<EcPublicKey>(&material)) {
    const std::size_t size = coordinate_size(ec->curve);
    const std::string_view curve = to_string(ec->curve);
    out["crv"] = json::string_view(curve.data(), curve.size());
    out["kty"] = "EC";
    out["x"] = to_base64url(ByteView(ec->point).subspan(1, size));
    out["y"] = to_base64url(ByteView(ec->point).subspan(1 + size));
  } else {
    out["crv"] = "Ed25519";
    out["kty"] = "OKP";
    out["x"] = to_base64url(std::get<crypto::Ed25519PublicKey>(material).bytes());
  }
  return out;
}

json::object to_object(const PublicJwk& key) {
  json::object out = material_members(key.material());
  const std::string_view algorithm = to_string(key.algorithm());
  out["alg"] = json::string_view(algorithm.data(), algorithm.size());
  out["kid"] = key.key_id();
  out["use"] = "sig";
  return out;
}

Result<PublicJwk> from_object(const json::object& object,
                              std::optional<SignatureAlgorithm> pinned) {
  UNHIDRA_TRY_VOID(check_purpose(object));
  UNHIDRA_TRY(auto material, read_material(object));
  UNHIDRA_TRY(const auto algorithm, choose_algorithm(object, material, pinned));
  std::string key_id;
  if (const auto* id = object.if_contains("kid")) {
    if (!id->is_string() || id->get_string().empty()) {
      return bad_key("a key id that is no text");
    }
    key_id = view(id->get_string());
  }
  return PublicJwk::make(algorithm, std::move(material), std::move(key_id));
}

}  // namespace

std::string_view to_string(SignatureAlgorithm algorithm) {
  return kNames[static_cast<std::size_t>(algorithm)].name;
}

std::optional<SignatureAlgorithm> parse_signature_algorithm(std::string_view name) {
  for (const auto& known : kNames) {
    if (known.name == name) {
      return known.algorithm;
    }
  }
  return std::nullopt;
}

Result<PublicJwk> PublicJwk::make(SignatureAlgorithm algorithm, Material material,
                                  std::string key_id) {
  if (key_id.size() > kMaxKeyIdSize) {
    return bad_key("a key id that is too long");
  }
  UNHIDRA_TRY_VOID(check_material(algorithm, material));
  PublicJwk out(algorithm, std::move(material));
  out.key_id_ = key_id.empty() ? out.thumbprint() : std::move(key_id);
  return out;
}

Result<PublicJwk> PublicJwk::parse(std::string_view text,
                                   std::optional<SignatureAlgorithm> pinned) {
  const auto object = text.size() <= kMaxJwkSize ? parse_strict(text) : std::nullopt;
  if (!object) {
    return bad_key("not a JSON object, or a member named twice");
  }
  return from_object(*object, pinned);
}

std::string PublicJwk::to_json() const {
  return json::serialize(to_object(*this));
}

std::string PublicJwk::thumbprint() const {
  const std::string text = json::serialize(material_members(material_));
  return to_base64url(crypto::native_provider().sha256(as_bytes(text)));
}

Status PublicJwk::verify(ByteView message, ByteView signature,
                         const crypto::Provider& provider) const {
  const Hash hash = hash_of(algorithm_);
  if (const auto* rsa = std::get_if<RsaPublicKey>(&material_)) {
    return algorithm_ <= rs512
               ? provider.rsa_pkcs1_verify(hash, rsa->modulus, rsa->exponent, message, signature)
               : provider.rsa_pss_verify(hash, rsa->modulus, rsa->exponent, message, signature);
  }
  if (const auto* ec = std::get_if<EcPublicKey>(&material_)) {
    return provider.ecdsa_verify(ec->curve, hash, crypto::EcdsaFormat::fixed, ec->point, message,
                                 signature);
  }
  UNHIDRA_TRY(const auto value, crypto::Signature::from_bytes(signature));
  return provider.ed25519_verify(std::get<crypto::Ed25519PublicKey>(material_).bytes(), message,
                                 value.bytes());
}

std::string to_jwks(std::span<const PublicJwk> keys) {
  json::array list;
  for (const auto& key : keys) {
    list.push_back(to_object(key));
  }
  return json::serialize(json::object{{"keys", std::move(list)}});
}

Result<std::vector<PublicJwk>> parse_jwks(std::string_view text) {
  const auto document = text.size() <= kMaxJwksSize ? parse_strict(text) : std::nullopt;
  const json::value* keys = document ? document->if_contains("keys") : nullptr;
  if (keys == nullptr || !keys->is_array() || keys->get_array().size() > kMaxKeys) {
    return bad_key("not a set of JSON Web Keys within the limits");
  }
  std::vector<PublicJwk> out;
  for (const json::value& value : keys->get_array()) {
    const json::object* object = value.if_object();
    if (object == nullptr) {
      return bad_key("a key that is no object");
    }
    if (auto key = from_object(*object, std::nullopt)) {
      out.push_back(std::move(*key));
    }
  }
  return out;
}

}  // namespace unhidra::pki
