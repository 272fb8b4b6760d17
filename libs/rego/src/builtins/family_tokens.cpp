// JSON Web Tokens (RFC 7519): io.jwt.*.
#include <algorithm>
#include <array>

#include "builtins/families.h"
#include "builtins/go_format.h"
#include "builtins/go_text.h"
#include "builtins/json_text.h"
#include "builtins/jwt.h"
#include "builtins/number_math.h"
#include "builtins/text_codec.h"

namespace unhidra::rego::builtins {
namespace {

Answer decode(const Call& call) {
  UNHIDRA_TRY(const std::string_view first, call.string(0));
  UNHIDRA_TRY_VOID(call.environment().charge(first.size() * 4));
  std::string text(first);
  for (int depth = 0; depth < kMaxJwtNesting; ++depth) {
    UNHIDRA_TRY(const JwtToken token, split_token(text));
    UNHIDRA_TRY(const Value header, read_header(token));
    UNHIDRA_TRY(const std::string payload, section(token.payload, "payload"));
    if (text_member(header, "cty") == "JWT") {
      // A token in a token comes in quotes.
      text = trim_left(trim_right(payload, "\"'"), "\"'");
      continue;
    }
    UNHIDRA_TRY(const Value claims, json_object(payload));
    UNHIDRA_TRY(const std::string signature, section(token.signature, "signature"));
    return Value::array({header, claims, Value::string(encode_hex(signature))});
  }
  return failed("JWT is nested too deeply");
}

Answer verify_with_key(const Call& call, std::string_view algorithm) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY_VOID(call.environment().charge(text.size() * 4 + 4096));
  UNHIDRA_TRY(const JwtToken token, split_token(text));
  UNHIDRA_TRY(const std::string_view key_text, call.string(1));
  UNHIDRA_TRY(const auto keys, keys_of(key_text));
  UNHIDRA_TRY(const std::string signature, decode_base64url(token.signature));
  UNHIDRA_TRY(const Value header, read_header(token));
  UNHIDRA_TRY_VOID(check_header(header));
  return Value::boolean(verified(keys, token, header, algorithm, signature));
}

Answer verify_with_secret(const Call& call, std::string_view algorithm) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY(const std::string_view secret, call.string(1));
  UNHIDRA_TRY_VOID(call.environment().charge(text.size() * 4));
  UNHIDRA_TRY(const JwtToken token, split_token(text));
  UNHIDRA_TRY(const std::string signature, decode_base64url(token.signature));
  const auto key = pki::ForeignKey::from_secret(as_bytes(secret));
  const std::string message = token.signed_part();
  return Value::boolean(key.verify(algorithm, as_bytes(message), as_bytes(signature)));
}

constexpr const char kRs256[] = "RS256";
constexpr const char kRs384[] = "RS384";
constexpr const char kRs512[] = "RS512";
constexpr const char kPs256[] = "PS256";
constexpr const char kPs384[] = "PS384";
constexpr const char kPs512[] = "PS512";
constexpr const char kEs256[] = "ES256";
constexpr const char kEs384[] = "ES384";
constexpr const char kEs512[] = "ES512";
constexpr const char kEdDsa[] = "EdDSA";
constexpr const char kHs256[] = "HS256";
constexpr const char kHs384[] = "HS384";
constexpr const char kHs512[] = "HS512";

template <const char* kName>
Answer verify(const Call& call) {
  return kName[0] == 'H' ? verify_with_secret(call, kName) : verify_with_key(call, kName);
}

struct Constraints {
  std::optional<std::vector<pki::ForeignKey>> keys;
  std::string secret;
  std::string algorithm;
  std::string issuer;
  std::string audience;
  double time = -1;  // nanoseconds
};

Result<double> time_of(const Value& value) {
  if (!value.is(Kind::number)) {
    return failed("token time constraint: must be a number");
  }
  const double time = to_double(value.text());
  if (time < 0) {
    return failed("token time constraint: must not be negative");
  }
  return time;
}

Result<Constraints> read_constraints(const Value& object, const Environment& environment) {
  Constraints out;
  for (const auto& [key, value] : object.members()) {
    const std::string name = key.is(Kind::string) ? key.text() : to_term(key);
    std::string* text = name == "secret" ? &out.secret
                        : name == "alg"  ? &out.algorithm
                        : name == "iss"  ? &out.issuer
                        : name == "aud"  ? &out.audience
                                         : nullptr;
    if (name == "time") {
      UNHIDRA_TRY(out.time, time_of(value));
    } else if (name != "cert" && text == nullptr) {
      return failed("unknown token validation constraint: " + name);
    } else if (!value.is(Kind::string)) {
      return failed(name + " constraint: must be a string");
    } else if (text != nullptr) {
      *text = value.text();
    } else {
      UNHIDRA_TRY(out.keys, keys_of(value.text()));
    }
  }
  if (out.time < 0) {
    out.time = static_cast<double>(environment.now_ns);
  }
  if (out.keys && !out.secret.empty()) {
    return failed("duplicate key constraints");
  }
  if (!out.keys && out.secret.empty()) {
    return failed("no key constraint");
  }
  return out;
}

bool signature_holds(const Constraints& constraints, const JwtToken& token, const Value& header,
                     std::string_view signature) {
  const std::string algorithm = text_member(header, "alg");
  if (constraints.keys) {
    return verified(*constraints.keys, token, header, algorithm, signature);
  }
  const std::string message = token.signed_part();
  return pki::ForeignKey::from_secret(as_bytes(constraints.secret))
      .verify(algorithm, as_bytes(message), as_bytes(signature));
}

bool audience_fits(const Value& audience, const std::string& wanted) {
  if (audience.is(Kind::string)) {
    return audience.text() == wanted;
  }
  return audience.is(Kind::array) &&
         std::ranges::any_of(audience.elements(), [&](const Value& element) {
           return element.is(Kind::string) && element.text() == wanted;
         });
}

// RFC 7519 section 4.1; the times in the token are seconds.
Result<bool> claims_hold(const Constraints& constraints, const Value& claims) {
  if (!constraints.issuer.empty() && text_member(claims, "iss") != constraints.issuer) {
    return false;
  }
  const Value* audience = claims.find("aud");
  if (audience != nullptr ? !audience_fits(*audience, constraints.audience)
                          : !constraints.audience.empty()) {
    return false;
  }
  const std::string now = format_shortest(constraints.time / 1e9, 21);
  for (const std::string_view name : {"exp", "nbf"}) {
    const Value* bound = claims.find(name);
    if (bound == nullptr) {
      continue;
    }
    if (!bound->is(Kind::number)) {
      return failed(std::string(name) + " value must be a number");
    }
    const int order = compare_decimals(now, bound->text());
    if (name == "exp" ? order >= 0 : order < 0) {
      return false;
    }
  }
  return true;
}

bool equals_jwt(std::string_view text) {
  return to_upper(text) == "JWT";
}

Answer decode_verify(const Call& call) {
  const Value refused = Value::array({Value::boolean(false), Value::object({}), Value::object({})});
  UNHIDRA_TRY(const Value object, call.of_kind(1, Kind::object));
  UNHIDRA_TRY(const Constraints constraints, read_constraints(object, call.environment()));
  UNHIDRA_TRY(const std::string_view first, call.string(0));
  UNHIDRA_TRY_VOID(call.environment().charge(first.size() * 4 + 4096));
  std::string text(first);
  for (int depth = 0; depth < kMaxJwtNesting; ++depth) {
    UNHIDRA_TRY(const JwtToken token, split_token(text));
    UNHIDRA_TRY(const Value header, read_header(token));
    UNHIDRA_TRY_VOID(check_header(header));
    if (!acceptable(header) ||
        (!constraints.algorithm.empty() && constraints.algorithm != text_member(header, "alg"))) {
      return refused;
    }
    UNHIDRA_TRY(const std::string signature, decode_base64url(token.signature));
    if (!signature_holds(constraints, token, header, signature)) {
      return refused;
    }
    UNHIDRA_TRY(const std::string payload, section(token.payload, "payload"));
    if (equals_jwt(text_member(header, "cty"))) {
      text = payload;
      continue;
    }
    UNHIDRA_TRY(const Value claims, json_object(payload));
    UNHIDRA_TRY(const bool hold, claims_hold(constraints, claims));
    return hold ? Value::array({Value::boolean(true), header, claims}) : refused;
  }
  return failed("JWT is nested too deeply");
}

// Why a header has no algorithm. Texts of two versions of the reference stand side by side: since
// 1.8 it tells the first part, and what could be a number by its characters is none of its
// business; before, it told what is wrong with the JSON, which conformance's cases of v0 still ask
// for.
std::unexpected<Error> no_algorithm(std::string_view text, const Result<Value>& header) {
  const bool is_number = text.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
  std::string why = "jwsbb: header \"alg\" not found";
  if (text.empty()) {
    why = "cannot parse JSON: cannot parse empty string";
  } else if (!header && !is_number) {
    why = "cannot parse JSON";
  }
  return failed("missing or invalid 'alg' header: " + why +
                (header ? "" : ": " + header.error().message()));
}

Answer sign(const Call& call, std::string_view header_text, std::string_view payload,
            std::string_view key_text) {
  UNHIDRA_TRY_VOID(call.environment().charge(
      (header_text.size() + payload.size() + key_text.size()) * 4 + 4096));
  UNHIDRA_TRY(const auto keys, pki::ForeignKey::from_jwks(key_text));
  if (keys.empty()) {
    return failed("no keys found in JWK set");
  }
  const auto header = parse_json(header_text);
  const Value* algorithm = header ? header->find("alg") : nullptr;
  if (algorithm == nullptr || !algorithm->is(Kind::string)) {
    return no_algorithm(header_text, header);
  }
  if (!pki::is_jose_algorithm(algorithm->text())) {
    return failed("unknown JWS algorithm: " + algorithm->text());
  }
  const Value* type = header->find("typ");
  if ((type == nullptr || text_member(*header, "typ") == "JWT") && !is_valid_json(payload)) {
    return failed("type is JWT but payload is not JSON");
  }
  const std::string message = encode_base64(header_text, Base64Alphabet::url, false) + '.' +
                              encode_base64(payload, Base64Alphabet::url, false);
  if (!may_sign(keys[0])) {
    return failed("there is no work left for signing");
  }
  UNHIDRA_TRY(const Bytes signature, keys[0].sign(algorithm->text(), as_bytes(message)));
  return Value::string(message + '.' +
                       encode_base64(as_text(signature), Base64Alphabet::url, false));
}

Answer encode_sign(const Call& call) {
  return sign(call, to_json(call[0]), to_json(call[1]), to_json(call[2]));
}

Answer encode_sign_raw(const Call& call) {
  UNHIDRA_TRY(const std::string_view key, call.string(2));
  UNHIDRA_TRY(const std::string_view header, call.string(0));
  UNHIDRA_TRY(const std::string_view payload, call.string(1));
  return sign(call, header, payload, key);
}

constexpr Builtin kTable[] = {
    {"io.jwt.decode", 1, decode},
    {"io.jwt.decode_verify", 2, decode_verify, true},
    {"io.jwt.encode_sign", 3, encode_sign, true},
    {"io.jwt.encode_sign_raw", 3, encode_sign_raw, true},
    {"io.jwt.verify_eddsa", 2, verify<kEdDsa>},
    {"io.jwt.verify_es256", 2, verify<kEs256>},
    {"io.jwt.verify_es384", 2, verify<kEs384>},
    {"io.jwt.verify_es512", 2, verify<kEs512>},
    {"io.jwt.verify_hs256", 2, verify<kHs256>},
    {"io.jwt.verify_hs384", 2, verify<kHs384>},
    {"io.jwt.verify_hs512", 2, verify<kHs512>},
    {"io.jwt.verify_ps256", 2, verify<kPs256>},
    {"io.jwt.verify_ps384", 2, verify<kPs384>},
    {"io.jwt.verify_ps512", 2, verify<kPs512>},
    {"io.jwt.verify_rs256", 2, verify<kRs256>},
    {"io.jwt.verify_rs384", 2, verify<kRs384>},
    {"io.jwt.verify_rs512", 2, verify<kRs512>},
};

}  // namespace

std::span<const Builtin> token_family() {
  return kTable;
}

}  // namespace unhidra::rego::builtins
