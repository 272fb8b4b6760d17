#include "builtins/jwt.h"

#include <algorithm>
#include <array>

#include "builtins/go_text.h"
#include "builtins/json_text.h"
#include "builtins/text_codec.h"
#include "values/work.h"

namespace unhidra::rego::builtins {

Result<JwtToken> split_token(std::string_view text) {
  if (text.find('.') == std::string_view::npos) {
    return failed("encoded JWT had no period separators");
  }
  const auto parts = split(text, ".");
  if (parts.size() != 3) {
    return failed("encoded JWT must have 3 sections, found " + std::to_string(parts.size()));
  }
  return JwtToken{std::string(parts[0]), std::string(parts[1]), std::string(parts[2])};
}

Result<Value> json_object(std::string_view text) {
  auto value = parse_json(text);
  if (!value) {
    return failed("invalid JSON: " + value.error().message());
  }
  if (!value->is(Kind::object)) {
    return failed("decoded JSON type was not an Object");
  }
  return std::move(*value);
}

Result<std::string> section(std::string_view encoded, std::string_view name) {
  auto decoded = decode_base64url(encoded);
  if (!decoded) {
    return failed("JWT " + std::string(name) +
                  " had invalid encoding: " + decoded.error().message());
  }
  return std::move(*decoded);
}

Result<Value> read_header(const JwtToken& token) {
  UNHIDRA_TRY(const std::string text, section(token.header, "header"));
  auto header = json_object(text);
  if (!header) {
    return failed("bad JWT header: " + header.error().message());
  }
  if (header->find("enc") != nullptr) {
    return failed("JWT is a JWE object, which is not supported");
  }
  return std::move(*header);
}

std::string text_member(const Value& object, std::string_view name) {
  const Value* found = object.find(name);
  return found != nullptr && found->is(Kind::string) ? found->text() : "";
}

namespace {

// Moduli are longer than the coordinates of every curve.
constexpr std::size_t kShortestModulus = 768;
// Nanoseconds, about.
constexpr std::uint64_t kWorkOfSmallCurve = 128 << 10;
constexpr std::uint64_t kWorkOfLargeCurve = 1 << 20;

std::uint64_t work_of_curve(std::uint64_t bits) {
  return bits == 0 ? 0 : bits <= 256 ? kWorkOfSmallCurve : kWorkOfLargeCurve;
}

bool may_verify(const pki::ForeignKey& key) {
  const std::uint64_t bits = key.bits();
  return WorkScope::take(bits < kShortestModulus ? work_of_curve(bits) : bits * bits / 128);
}

}  // namespace

bool may_sign(const pki::ForeignKey& key) {
  const std::uint64_t bits = key.bits();
  return WorkScope::take(bits < kShortestModulus ? work_of_curve(bits)
                                                 : bits * bits * bits / 4'096);
}

Result<std::vector<pki::ForeignKey>> keys_of(std::string_view text) {
  constexpr std::uint64_t kWorkOfByte = 256;
  if (!WorkScope::take(std::min(text.size(), pki::kMaxInspected) * kWorkOfByte)) {
    return failed("there is no work left for reading keys");
  }
  std::string_view rest;
  const auto blocks = pki::read_pem_blocks(text, &rest);
  if (blocks.empty()) {
    auto keys = pki::ForeignKey::from_jwks(text);
    if (!keys) {
      return failed("failed to parse a JWK key (set): " + keys.error().message());
    }
    // Keys for other purposes are no keys to us.
    std::erase_if(*keys, [](const pki::ForeignKey& key) {
      return !key.algorithm().empty() && !pki::is_jose_algorithm(key.algorithm());
    });
    return std::move(*keys);
  }
  if (blocks.size() > 1 || !rest.empty()) {
    return failed("extra data after a PEM certificate block");
  }
  std::vector<pki::ForeignKey> out;
  if (blocks[0].label == "CERTIFICATE") {
    auto key = pki::ForeignKey::from_certificate(blocks[0].der);
    if (!key) {
      return failed("failed to parse a PEM certificate: " + key.error().message());
    }
    out.push_back(std::move(*key));
  } else if (blocks[0].label == "PUBLIC KEY") {
    auto key = pki::ForeignKey::from_public_key(blocks[0].der);
    if (!key) {
      return failed("failed to parse a PEM public key: " + key.error().message());
    }
    out.push_back(std::move(*key));
  } else {
    return failed("failed to extract a Key from the PEM certificate");
  }
  return out;
}

bool verified(const std::vector<pki::ForeignKey>& keys, const JwtToken& token, const Value& header,
              std::string_view algorithm, std::string_view signature) {
  const std::string message = token.signed_part();
  const std::string kid = text_member(header, "kid");
  const std::string stated = text_member(header, "alg");
  const auto named = std::ranges::find_if(
      keys, [&](const pki::ForeignKey& key) { return !kid.empty() && key.key_id() == kid; });
  if (named != keys.end()) {
    return may_verify(*named) && named->verify(algorithm, as_bytes(message), as_bytes(signature));
  }
  return std::ranges::any_of(keys, [&](const pki::ForeignKey& key) {
    return (key.algorithm().empty() || key.algorithm() == stated) && may_verify(key) &&
           key.verify(algorithm, as_bytes(message), as_bytes(signature));
  });
}

Status check_header(const Value& header) {
  for (const std::string_view name : {"alg", "kid", "typ", "cty"}) {
    const Value* found = header.find(name);
    if (found != nullptr && !found->is(Kind::string)) {
      return failed(std::string(name) + ": must be a string");
    }
  }
  const Value* critical = header.find("crit");
  if (critical != nullptr && !critical->is(Kind::array)) {
    return failed("crit: must be a list");
  }
  if (critical != nullptr && critical->size() == 0) {
    return failed("crit: must be a nonempty list");
  }
  return {};
}

bool acceptable(const Value& header) {
  constexpr std::array<std::string_view, 5> kKnown = {"alg", "kid", "typ", "cty", "crit"};
  const Value* critical = header.find("crit");
  if (text_member(header, "alg").empty()) {
    return false;
  }
  return critical == nullptr || std::ranges::none_of(critical->elements(), [&](const Value& name) {
           return name.is(Kind::string) && header.find(name) != nullptr &&
                  std::ranges::find(kKnown, name.text()) == kKnown.end();
         });
}

}  // namespace unhidra::rego::builtins
