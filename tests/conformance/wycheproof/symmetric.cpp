// AEADs, MACs and HKDF.
#include <algorithm>

#include "case.h"

namespace unhidra::wycheproof {
namespace {

using crypto::Aead;
using crypto::Hash;

std::optional<Hash> hash_of_suffix(std::string_view name) {
  if (name.ends_with("SHA-256") || name.ends_with("SHA256")) {
    return Hash::sha256;
  }
  if (name.ends_with("SHA-384") || name.ends_with("SHA384")) {
    return Hash::sha384;
  }
  if (name == "HKDF-SHA-512" || name == "HMACSHA512") {
    return Hash::sha512;
  }
  return std::nullopt;
}

std::optional<Aead> aead_of(std::string_view algorithm, std::size_t key_bits) {
  if (algorithm == "CHACHA20-POLY1305") {
    return Aead::chacha20_poly1305;
  }
  if (algorithm == "AES-GCM" && key_bits == 128) {
    return Aead::aes_128_gcm;
  }
  if (algorithm == "AES-GCM" && key_bits == 256) {
    return Aead::aes_256_gcm;
  }
  return std::nullopt;
}

}  // namespace

Outcome run_aead(const Context& context, const json::object& test) {
  const std::size_t key_bits = number_member(context.group, "keySize");
  const auto aead = aead_of(context.algorithm, key_bits);
  if (!aead) {
    return skipped("the product has no " + context.algorithm + " with keys of " +
                   std::to_string(key_bits) + " bits");
  }
  if (!context.provider.supports(*aead)) {
    return skipped("the provider has no " + std::string(to_string(*aead)));
  }
  if (number_member(context.group, "tagSize") != 8 * crypto::kAeadTagSize) {
    return skipped("the product uses tags of 128 bits only");
  }
  const Bytes nonce = hex_member(test, "iv");
  if (nonce.size() != crypto::kAeadNonceSize && text_member(test, "result") != "invalid") {
    return skipped("the product uses nonces of 96 bits only");
  }
  const Bytes key = hex_member(test, "key");
  const Bytes ad = hex_member(test, "aad");
  const Bytes text = hex_member(test, "msg");
  Bytes expected = hex_member(test, "ct");
  append(expected, hex_member(test, "tag"));
  if (expected.size() < crypto::kAeadTagSize) {
    return {Verdict::refused, "too short to hold a tag"};
  }

  Bytes opened(expected.size() - crypto::kAeadTagSize);
  const auto open = context.provider.aead_open(*aead, key, nonce, ad, expected, opened);
  const auto outcome = from_value(open, opened, text);
  if (outcome.verdict != Verdict::accepted) {
    return outcome;
  }
  Bytes sealed(text.size() + crypto::kAeadTagSize);
  const auto seal = context.provider.aead_seal(*aead, key, nonce, ad, text, sealed);
  return from_value(seal, sealed, expected);
}

Outcome run_hkdf(const Context& context, const json::object& test) {
  const auto hash = hash_of_suffix(context.algorithm);
  if (!hash) {
    return skipped("the product has no " + context.algorithm);
  }
  if (!context.provider.supports(*hash)) {
    return skipped("the provider has no " + std::string(to_string(*hash)));
  }
  Bytes out(number_member(test, "size"));
  const auto status = context.provider.hkdf(*hash, hex_member(test, "salt"),
                                            hex_member(test, "ikm"), hex_member(test, "info"), out);
  return from_value(status, out, hex_member(test, "okm"));
}

Outcome run_mac(const Context& context, const json::object& test) {
  const auto hash = hash_of_suffix(context.algorithm);
  if (!hash || !context.algorithm.starts_with("HMAC")) {
    return skipped("the product has no " + context.algorithm);
  }
  if (!context.provider.supports(*hash)) {
    return skipped("the provider has no " + std::string(to_string(*hash)));
  }
  const std::size_t size = number_member(context.group, "tagSize") / 8;
  Bytes mac(digest_size(*hash));
  const Bytes text = hex_member(test, "msg");
  const ByteView part = text;
  const auto status =
      context.provider.hmac(*hash, hex_member(test, "key"), crypto::Parts(&part, 1), mac);
  // A truncated tag is the beginning of the whole one (RFC 2104 section 5).
  mac.resize(std::min(size, mac.size()));
  if (status && !constant_time_equal(mac, hex_member(test, "tag"))) {
    return {Verdict::refused, "the tag does not match"};
  }
  return from_status(status);
}

}  // namespace unhidra::wycheproof
