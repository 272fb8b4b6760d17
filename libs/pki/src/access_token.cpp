// Our access tokens: claims of RFC 9068, checked as RFC 8725 asks.
#include <algorithm>

#include "unhidra/base/text.h"

#include "strict_json.h"
#include "token_error.h"

namespace unhidra::pki {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

constexpr std::size_t kMaxTextSize = 256;
constexpr std::int64_t kMaxNumericDate = 253402300799;  // the end of the year 9999
constexpr std::size_t kMaxAudiences = 16;

std::int64_t to_numeric_date(Timestamp time) {
  return std::chrono::floor<seconds>(time).time_since_epoch().count();
}

json::string_view text(std::string_view value) {
  return {value.data(), value.size()};
}

bool is_text(std::string_view value) {
  return !value.empty() && value.size() <= kMaxTextSize && is_valid_utf8(value);
}

Status check_claims(const AccessClaims& claims) {
  const bool times = claims.issued_at >= Timestamp{} && claims.not_before >= Timestamp{} &&
                     claims.expires_at > claims.not_before &&
                     to_numeric_date(claims.expires_at) <= kMaxNumericDate;
  if (claims.user.is_nil() || claims.org.is_nil() || claims.session.is_nil() ||
      (claims.device && claims.device->is_nil()) || !is_text(claims.issuer) ||
      !is_text(claims.audience) || !is_text(claims.token_id) || !times ||
      claims.roles.size() > kMaxRoles ||
      !std::all_of(claims.roles.begin(), claims.roles.end(), is_text)) {
    return fail(Errc::bad_parameters, "a claim is missing or over its limit");
  }
  return {};
}

json::object to_object(const AccessClaims& claims) {
  json::object out;
  out["iss"] = text(claims.issuer);
  out["aud"] = text(claims.audience);
  out["sub"] = claims.user.to_string();
  out["org"] = claims.org.to_string();
  out["sid"] = claims.session.to_string();
  if (claims.device) {
    out["did"] = claims.device->to_string();
  }
  json::array roles;
  for (const auto& role : claims.roles) {
    roles.push_back(text(role));
  }
  out["roles"] = std::move(roles);
  out["jti"] = text(claims.token_id);
  out["iat"] = to_numeric_date(claims.issued_at);
  out["nbf"] = to_numeric_date(claims.not_before);
  out["exp"] = to_numeric_date(claims.expires_at);
  return out;
}

bool read_text(const json::object& object, std::string_view name, std::string& out) {
  const json::string* value = string_member(object, name);
  if (value == nullptr || !is_text(view(*value))) {
    return false;
  }
  out = view(*value);
  return true;
}

template <class IdType>
bool read_id(const json::object& object, std::string_view name, IdType& out) {
  std::string value;
  if (!read_text(object, name, value)) {
    return false;
  }
  const auto id = IdType::parse(value);
  if (!id || id->is_nil()) {
    return false;
  }
  out = *id;
  return true;
}

bool read_time(const json::object& object, std::string_view name, Timestamp& out) {
  const json::value* value = object.if_contains(text(name));
  const auto* number = value == nullptr ? nullptr : value->if_int64();
  if (number == nullptr || *number < 0 || *number > kMaxNumericDate) {
    return false;
  }
  out = Timestamp(seconds(*number));
  return true;
}

bool read_roles(const json::object& object, std::vector<std::string>& out) {
  const json::value* value = object.if_contains("roles");
  if (value == nullptr || !value->is_array() || value->get_array().size() > kMaxRoles) {
    return false;
  }
  for (const json::value& role : value->get_array()) {
    if (!role.is_string() || !is_text(view(role.get_string()))) {
      return false;
    }
    out.emplace_back(view(role.get_string()));
  }
  return true;
}

// One text or a list of texts (RFC 7519 section 4.1.3); true when `wanted` is among them.
bool read_audience(const json::object& object, std::string_view wanted, std::string& out) {
  const json::value* value = object.if_contains("aud");
  const auto is_wanted = [&](const json::value& v) {
    return v.is_string() && view(v.get_string()) == wanted;
  };
  const bool found =
      value != nullptr &&
      (is_wanted(*value) ||
       (value->is_array() && value->get_array().size() <= kMaxAudiences &&
        std::any_of(value->get_array().begin(), value->get_array().end(), is_wanted)));
  out = found ? std::string(wanted) : std::string();
  return found;
}

bool read_claims(const json::object& object, AccessClaims& out) {
  if (object.contains("did")) {
    DeviceId device;
    if (!read_id(object, "did", device)) {
      return false;
    }
    out.device = device;
  }
  return read_id(object, "sub", out.user) && read_id(object, "org", out.org) &&
         read_id(object, "sid", out.session) && read_roles(object, out.roles) &&
         read_text(object, "iss", out.issuer) && read_text(object, "jti", out.token_id) &&
         read_time(object, "iat", out.issued_at) && read_time(object, "nbf", out.not_before) &&
         read_time(object, "exp", out.expires_at);
}

bool is_access_token_type(std::string_view type) {
  // RFC 9068 section 4 allows the media type's full name; the comparison ignores case.
  std::string lower(type);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower == kAccessTokenType || lower == "application/at+jwt";
}

}  // namespace

Result<std::string> sign_access_token(const SigningKey& key, const AccessClaims& claims) {
  UNHIDRA_TRY_VOID(check_claims(claims));
  return sign_jws(key, kAccessTokenType, as_bytes(json::serialize(to_object(claims))));
}

AccessTokenVerifier::AccessTokenVerifier(TokenRules rules, const Clock& clock,
                                         const crypto::Provider& provider)
    : rules_(std::move(rules)), clock_(clock), provider_(provider) {}

Result<VerifiedAccessToken> AccessTokenVerifier::verify(const VerificationKeySet& keys,
                                                        std::string_view token,
                                                        std::string* detail) const {
  UNHIDRA_TRY(auto jws, verify_jws(keys, token, detail, provider_));
  if (!is_access_token_type(jws.type)) {
    return bad_token(detail, "not an access token");
  }
  const auto object = parse_strict(as_text(jws.payload));
  if (!object) {
    return bad_token(detail, "the claims are no JSON object, or name a member twice");
  }
  VerifiedAccessToken out;
  if (!read_claims(*object, out.claims)) {
    return bad_token(detail, "a claim is missing or malformed");
  }
  if (out.claims.issuer != rules_.issuer) {
    return bad_token(detail, "another issuer");
  }
  if (!read_audience(*object, rules_.audience, out.claims.audience)) {
    return bad_token(detail, "another audience");
  }
  const Timestamp now = clock_.now();
  if (now >= out.claims.expires_at + rules_.leeway) {
    return bad_token(detail, "expired");
  }
  if (now + rules_.leeway < out.claims.not_before || now + rules_.leeway < out.claims.issued_at) {
    return bad_token(detail, "not yet valid");
  }
  out.key_id = std::move(jws.key_id);
  out.raw_claims = std::string(as_text(jws.payload));
  return out;
}

}  // namespace unhidra::pki
