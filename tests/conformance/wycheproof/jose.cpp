// JSON Web Signatures and Keys, through the product's own rules: one algorithm pinned per key, no
// HMAC. A valid vector that breaks those rules by design is skipped, never passed.
#include "unhidra/base/text.h"
#include "unhidra/pki/jwt.h"

#include "case.h"

namespace unhidra::wycheproof {
namespace {

std::vector<json::object> keys_of(const json::object& group) {
  const json::object& holder =
      object_member(group, group.contains("public") ? "public" : "private");
  std::vector<json::object> out;
  if (const json::value* list = holder.if_contains("keys")) {
    if (!list->is_array()) {
      throw Malformed("'keys' is no list");
    }
    for (const json::value& key : list->get_array()) {
      if (!key.is_object()) {
        throw Malformed("a key is no object");
      }
      out.push_back(key.get_object());
    }
  } else {
    out.push_back(holder);
  }
  return out;
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::string header_algorithm(std::string_view token) {
  const auto bytes = from_base64url(token.substr(0, token.find('.')));
  json::error_code error;
  const auto header = bytes ? json::parse(as_text(*bytes), error) : json::value();
  return header.is_object() ? text_of(header.get_object(), "alg") : std::string();
}

bool offers(const crypto::Provider& provider, const pki::PublicJwk& key) {
  if (const auto* ec = std::get_if<pki::EcPublicKey>(&key.material())) {
    return provider.supports(ec->curve);
  }
  return provider.supports(std::holds_alternative<pki::RsaPublicKey>(key.material())
                               ? crypto::Feature::rsa_verify
                               : crypto::Feature::ed25519);
}

// Why the product refuses what the vectors call valid; empty when it has no such reason.
std::string policy(const std::vector<json::object>& keys, std::string_view token) {
  const std::string header = header_algorithm(token);
  for (const auto& key : keys) {
    if (text_of(key, "kty") == "oct") {
      return "the product refuses HMAC tokens by design";
    }
    const std::string pinned = text_of(key, "alg");
    if (!pinned.empty() && pinned != header) {
      return "the key is pinned to " + pinned + ", the token says " + header;
    }
  }
  return {};
}

}  // namespace

Outcome run_jose(const Context& context, const json::object& test) {
  const std::string token = text_member(test, "jws");
  const auto keys = keys_of(context.group);
  pki::VerificationKeySet set;
  std::string detail;
  for (const auto& key : keys) {
    auto parsed = pki::PublicJwk::parse(json::serialize(key));
    if (parsed && !offers(context.provider, *parsed)) {
      return skipped("the provider has no " + std::string(to_string(parsed->algorithm())));
    }
    const Status added = parsed ? set.add(std::move(*parsed)) : fail(parsed.error());
    if (!added) {
      detail = added.error().message();
    }
  }
  if (set.size() != 0 && pki::verify_jws(set, token, &detail, context.provider)) {
    return {Verdict::accepted, {}};
  }
  if (text_member(test, "result") == "valid") {
    if (auto reason = policy(keys, token); !reason.empty()) {
      return skipped(std::move(reason));
    }
  }
  return {Verdict::refused, detail};
}

}  // namespace unhidra::wycheproof
