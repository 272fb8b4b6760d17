// JWS compact serialisation: three base64url parts, the signature over the first two as written.
#include <algorithm>

#include "unhidra/base/text.h"

#include "strict_json.h"
#include "token_error.h"

namespace unhidra::pki {
namespace {

namespace json = boost::json;

struct TokenParts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_text;  // header.payload
};

std::optional<TokenParts> split(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  return TokenParts{token.substr(0, first), token.substr(first + 1, second - first - 1),
                    token.substr(second + 1), token.substr(0, second)};
}

struct Header {
  std::string algorithm;
  std::string key_id;
  std::string type;
};

// A member that may be absent but not of another type.
bool read_text(const json::object& object, std::string_view name, std::string& out) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  if (value == nullptr) {
    return true;
  }
  if (!value->is_string()) {
    return false;
  }
  out = view(value->get_string());
  return true;
}

Result<Header> read_header(std::string_view part, std::string* detail) {
  const auto bytes = from_base64url(part);
  const auto object = bytes ? parse_strict(as_text(*bytes)) : std::nullopt;
  if (!object) {
    return bad_token(detail, "the header is no JSON object, or names a member twice");
  }
  // Keys come from our own set alone, and no extension is understood (RFC 8725 sections 3.9, 3.10).
  for (const char* refused : {"crit", "jwk", "jku", "x5u", "x5c", "b64", "zip"}) {
    if (object->contains(refused)) {
      return bad_token(detail, std::string("the header member '") + refused + "' is refused");
    }
  }
  Header out;
  if (!read_text(*object, "alg", out.algorithm) || !read_text(*object, "kid", out.key_id) ||
      !read_text(*object, "typ", out.type)) {
    return bad_token(detail, "a header member of the wrong type");
  }
  return out;
}

// By key id alone; a token without one is only good for a set of one key.
const PublicJwk* find_key(const VerificationKeySet& keys, const std::string& key_id) {
  if (key_id.empty()) {
    return keys.size() == 1 ? &keys.keys().front() : nullptr;
  }
  return keys.find(key_id);
}

}  // namespace

Status VerificationKeySet::add(PublicJwk key) {
  if (find(key.key_id()) != nullptr || keys_.size() >= kMaxKeys) {
    return fail(Errc::bad_key, "a second key of the same id, or too many keys");
  }
  keys_.push_back(std::move(key));
  return {};
}

const PublicJwk* VerificationKeySet::find(std::string_view key_id) const {
  const auto found = std::find_if(keys_.begin(), keys_.end(),
                                  [&](const PublicJwk& key) { return key.key_id() == key_id; });
  return found == keys_.end() ? nullptr : &*found;
}

Result<VerifiedJws> verify_jws(const VerificationKeySet& keys, std::string_view token,
                               std::string* detail, const crypto::Provider& provider) {
  if (token.size() > kMaxTokenSize) {
    return bad_token(detail, "over the size limit");
  }
  const auto parts = split(token);
  if (!parts) {
    return bad_token(detail, "not three parts");
  }
  UNHIDRA_TRY(auto header, read_header(parts->header, detail));
  const PublicJwk* key = find_key(keys, header.key_id);
  if (key == nullptr) {
    return bad_token(detail, "no key of this id");
  }
  if (header.algorithm != to_string(key->algorithm())) {
    return bad_token(detail, "another algorithm than the key's");
  }
  auto payload = from_base64url(parts->payload);
  const auto signature = from_base64url(parts->signature);
  if (!payload || !signature) {
    return bad_token(detail, "not base64url");
  }
  if (!key->verify(as_bytes(parts->signed_text), *signature, provider)) {
    return bad_token(detail, "the signature does not verify");
  }
  return VerifiedJws{key->key_id(), std::move(header.type), std::move(*payload)};
}

Result<std::string> sign_jws(const SigningKey& key, std::string_view type, ByteView payload) {
  json::object header;
  const std::string_view algorithm = to_string(key.algorithm());
  header["alg"] = json::string_view(algorithm.data(), algorithm.size());
  header["kid"] = key.key_id();
  if (!type.empty()) {
    header["typ"] = json::string_view(type.data(), type.size());
  }
  std::string token = to_base64url(as_bytes(json::serialize(header))) + "." + to_base64url(payload);
  UNHIDRA_TRY(const auto signature, key.sign(as_bytes(token)));
  token += "." + to_base64url(signature);
  if (token.size() > kMaxTokenSize) {
    return fail(Errc::bad_parameters, "the token would be over its size limit");
  }
  return token;
}

}  // namespace unhidra::pki
