// Key agreement and signatures.
#include <algorithm>

#include "case.h"

namespace unhidra::wycheproof {
namespace {

using crypto::Curve;
using crypto::EcdsaFormat;
using crypto::Feature;
using crypto::Hash;

std::optional<Curve> curve_of(std::string_view name) {
  if (name == "secp256r1" || name == "P-256") {
    return Curve::p256;
  }
  if (name == "secp384r1" || name == "P-384") {
    return Curve::p384;
  }
  if (name == "secp521r1" || name == "P-521") {
    return Curve::p521;
  }
  return std::nullopt;
}

std::optional<Hash> hash_of(std::string_view name) {
  if (name == "SHA-256") {
    return Hash::sha256;
  }
  if (name == "SHA-384") {
    return Hash::sha384;
  }
  if (name == "SHA-512") {
    return Hash::sha512;
  }
  return std::nullopt;
}

// The files write scalars as signed integers of any length.
Bytes with_length(Bytes number, std::size_t size) {
  const auto first = std::find_if(number.begin(), number.end(), [](Byte b) { return b != 0; });
  number.erase(number.begin(), first);
  if (number.size() < size) {
    number.insert(number.begin(), size - number.size(), 0);
  }
  return number;
}

Outcome run_ecdsa(const Context& context, const json::object& test, EcdsaFormat format) {
  const auto& key = object_member(context.group, "publicKey");
  const std::string curve_name = text_member(key, "curve");
  const std::string hash_name = text_member(context.group, "sha");
  const auto curve = curve_of(curve_name);
  const auto hash = hash_of(hash_name);
  if (!curve || !hash) {
    return skipped("the product has no ECDSA on " + curve_name + " with " + hash_name);
  }
  if (!context.provider.supports(*curve)) {
    return skipped("the provider has no " + std::string(to_string(*curve)));
  }
  return from_status(
      context.provider.ecdsa_verify(*curve, *hash, format, hex_member(key, "uncompressed"),
                                    hex_member(test, "msg"), hex_member(test, "sig")));
}

using RsaVerify = Status (crypto::Provider::*)(Hash, ByteView, ByteView, ByteView, ByteView) const;

Outcome run_rsa(const Context& context, const json::object& test, RsaVerify verify) {
  const std::string hash_name = text_member(context.group, "sha");
  const auto hash = hash_of(hash_name);
  if (!hash) {
    return skipped("the product has no RSA signatures with " + hash_name);
  }
  if (!context.provider.supports(Feature::rsa_verify)) {
    return skipped("the provider has no RSA");
  }
  if (number_member(context.group, "keySize") < 2048) {
    return skipped("the product takes no RSA keys below 2048 bits");
  }
  const auto& key = object_member(context.group, "publicKey");
  return from_status((context.provider.*verify)(*hash, hex_member(key, "modulus"),
                                                hex_member(key, "publicExponent"),
                                                hex_member(test, "msg"), hex_member(test, "sig")));
}

}  // namespace

Outcome run_x25519(const Context& context, const json::object& test) {
  const std::string curve = text_member(context.group, "curve");
  if (curve != "curve25519") {
    return skipped("the product has no " + curve);
  }
  const Bytes private_key = hex_member(test, "private");
  const Bytes public_key = hex_member(test, "public");
  if (private_key.size() != 32 || public_key.size() != 32) {
    return {Verdict::refused, "a key of the wrong length"};
  }
  ByteArray<32> out;
  const auto status = context.provider.x25519(ByteView(private_key).first<32>(),
                                              ByteView(public_key).first<32>(), out);
  return from_value(status, out, hex_member(test, "shared"));
}

Outcome run_eddsa(const Context& context, const json::object& test) {
  const auto& key = object_member(context.group, "publicKey");
  const std::string curve = text_member(key, "curve");
  if (curve != "edwards25519") {
    return skipped("the product has no signatures on " + curve);
  }
  const Bytes public_key = hex_member(key, "pk");
  const Bytes signature = hex_member(test, "sig");
  if (public_key.size() != 32 || signature.size() != 64) {
    return {Verdict::refused, "a key or signature of the wrong length"};
  }
  return from_status(context.provider.ed25519_verify(
      ByteView(public_key).first<32>(), hex_member(test, "msg"), ByteView(signature).first<64>()));
}

Outcome run_ecdh(const Context& context, const json::object& test) {
  const std::string name = text_member(context.group, "curve");
  const auto curve = curve_of(name);
  if (!curve) {
    return skipped("the product has no ECDH on " + name);
  }
  if (!context.provider.supports(*curve)) {
    return skipped("the provider has no " + std::string(to_string(*curve)));
  }
  const std::size_t size = coordinate_size(*curve);
  Bytes out(size);
  const auto status = context.provider.ecdh(*curve, with_length(hex_member(test, "private"), size),
                                            hex_member(test, "public"), out);
  return from_value(status, out, hex_member(test, "shared"));
}

Outcome run_ecdsa_der(const Context& context, const json::object& test) {
  return run_ecdsa(context, test, EcdsaFormat::der);
}

Outcome run_ecdsa_fixed(const Context& context, const json::object& test) {
  return run_ecdsa(context, test, EcdsaFormat::fixed);
}

Outcome run_rsa_pkcs1(const Context& context, const json::object& test) {
  return run_rsa(context, test, &crypto::Provider::rsa_pkcs1_verify);
}

Outcome run_rsa_pss(const Context& context, const json::object& test) {
  const auto hash = hash_of(text_member(context.group, "sha"));
  if (hash && (text_member(context.group, "mgf") != "MGF1" ||
               text_member(context.group, "mgfSha") != text_member(context.group, "sha") ||
               number_member(context.group, "sLen") != digest_size(*hash))) {
    return skipped("the product uses PSS with one hash and a salt of its length (RFC 7518)");
  }
  return run_rsa(context, test, &crypto::Provider::rsa_pss_verify);
}

}  // namespace unhidra::wycheproof
