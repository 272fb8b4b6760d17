// ECDH and ECDSA on the NIST curves.
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>

#include "openssl_provider.h"

namespace unhidra::crypto {
namespace {

// Curve groups live as long as the process; OpenSSL only reads them.
const EC_GROUP* group(Curve curve) {
  static const std::array<OwnedGroup, 3> groups{
      OwnedGroup(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)),
      OwnedGroup(EC_GROUP_new_by_curve_name(NID_secp384r1)),
      OwnedGroup(EC_GROUP_new_by_curve_name(NID_secp521r1))};
  return groups[static_cast<std::size_t>(curve)].get();
}

const char* group_name(Curve curve) {
  return curve == Curve::p256 ? "P-256" : curve == Curve::p384 ? "P-384" : "P-521";
}

std::unexpected<Error> bad_key() {
  return fail(Errc::bad_key, "not a valid key of this curve");
}

// A scalar in [1, n), or null.
OwnedBignum private_scalar(Curve curve, ByteView key) {
  if (key.size() != coordinate_size(curve)) {
    return nullptr;
  }
  OwnedBignum scalar(BN_bin2bn(key.data(), static_cast<int>(key.size()), nullptr));
  if (!scalar || BN_is_zero(scalar.get()) ||
      BN_cmp(scalar.get(), EC_GROUP_get0_order(group(curve))) >= 0) {
    return nullptr;
  }
  BN_set_flags(scalar.get(), BN_FLG_CONSTTIME);
  return scalar;
}

bool is_point(Curve curve, ByteView bytes) {
  if (bytes.size() != point_size(curve) || bytes[0] != POINT_CONVERSION_UNCOMPRESSED) {
    return false;
  }
  // Checks the curve equation; the curves have no cofactor, so that is all.
  const OwnedPoint point(EC_POINT_new(group(curve)));
  return point &&
         EC_POINT_oct2point(group(curve), point.get(), bytes.data(), bytes.size(), nullptr) == 1;
}

// A key of OpenSSL's from a checked scalar or a checked point.
OwnedPkey make_pkey(Curve curve, const BIGNUM* scalar, ByteView point) {
  const OwnedParamBld builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, group_name(curve),
                                      0) != 1 ||
      (scalar != nullptr &&
       OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar) != 1) ||
      (!point.empty() && OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                                          point.data(), point.size()) != 1)) {
    return nullptr;
  }
  const OwnedParams params(OSSL_PARAM_BLD_to_param(builder.get()));
  const OwnedPkeyCtx context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key,
                        scalar != nullptr ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                        params.get()) != 1) {
    return nullptr;
  }
  return OwnedPkey(key);
}

Status public_point(Curve curve, const BIGNUM* scalar, MutableByteView out) {
  const OwnedPoint point(EC_POINT_new(group(curve)));
  const OwnedBnCtx context(BN_CTX_secure_new());
  if (!point || !context ||
      EC_POINT_mul(group(curve), point.get(), scalar, nullptr, nullptr, context.get()) != 1 ||
      EC_POINT_point2oct(group(curve), point.get(), POINT_CONVERSION_UNCOMPRESSED, out.data(),
                         out.size(), context.get()) != out.size()) {
    return fail(unhidra::Errc::internal, "OpenSSL could not derive the public key");
  }
  return {};
}

// r || s to DER, or nothing when the length is wrong.
Bytes fixed_to_der(Curve curve, ByteView signature) {
  const std::size_t half = coordinate_size(curve);
  if (signature.size() != 2 * half) {
    return {};
  }
  const OwnedEcdsaSig sig(ECDSA_SIG_new());
  OwnedBignum r(BN_bin2bn(signature.data(), static_cast<int>(half), nullptr));
  OwnedBignum s(BN_bin2bn(signature.data() + half, static_cast<int>(half), nullptr));
  if (!sig || !r || !s || ECDSA_SIG_set0(sig.get(), r.get(), s.get()) != 1) {
    return {};
  }
  static_cast<void>(r.release());
  static_cast<void>(s.release());
  Bytes der(static_cast<std::size_t>(std::max(i2d_ECDSA_SIG(sig.get(), nullptr), 0)));
  Byte* end = der.data();
  i2d_ECDSA_SIG(sig.get(), &end);
  return der;
}

Bytes der_to_fixed(Curve curve, ByteView der) {
  const std::size_t half = coordinate_size(curve);
  const Byte* cursor = der.data();
  const OwnedEcdsaSig sig(d2i_ECDSA_SIG(nullptr, &cursor, static_cast<long>(der.size())));
  Bytes out(2 * half);
  if (!sig || BN_bn2binpad(ECDSA_SIG_get0_r(sig.get()), out.data(), static_cast<int>(half)) < 0 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(sig.get()), out.data() + half, static_cast<int>(half)) < 0) {
    return {};
  }
  return out;
}

}  // namespace

Status OpensslProvider::ec_public(Curve curve, ByteView private_key, MutableByteView point) const {
  const ErrorScope errors;
  if (point.size() != point_size(curve)) {
    return fail(Errc::bad_parameters, "the output must have an uncompressed point's length");
  }
  const auto scalar = private_scalar(curve, private_key);
  if (!scalar) {
    return bad_key();
  }
  return public_point(curve, scalar.get(), point);
}

Status OpensslProvider::ec_check_public(Curve curve, ByteView point) const {
  const ErrorScope errors;
  if (!is_point(curve, point)) {
    return bad_key();
  }
  return {};
}

Status OpensslProvider::ecdh(Curve curve, ByteView private_key, ByteView peer_point,
                             MutableByteView out) const {
  const ErrorScope errors;
  if (out.size() != coordinate_size(curve)) {
    return fail(Errc::bad_parameters, "the output must have a coordinate's length");
  }
  const auto scalar = private_scalar(curve, private_key);
  if (!scalar || !is_point(curve, peer_point)) {
    return bad_key();
  }
  const auto ours = make_pkey(curve, scalar.get(), {});
  const auto theirs = make_pkey(curve, nullptr, peer_point);
  const OwnedPkeyCtx context(ours ? EVP_PKEY_CTX_new(ours.get(), nullptr) : nullptr);
  std::size_t size = out.size();
  if (!theirs || !context || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), theirs.get()) != 1 ||
      EVP_PKEY_derive(context.get(), out.data(), &size) != 1 || size != out.size()) {
    wipe(out);
    return bad_key();
  }
  return {};
}

Result<Bytes> OpensslProvider::ecdsa_sign(Curve curve, Hash hash, EcdsaFormat format,
                                          ByteView private_key, ByteView message) const {
  const ErrorScope errors;
  const auto scalar = private_scalar(curve, private_key);
  if (!scalar) {
    return bad_key();
  }
  const auto key = make_pkey(curve, scalar.get(), {});
  const OwnedMdCtx context(EVP_MD_CTX_new());
  Bytes der(key ? static_cast<std::size_t>(EVP_PKEY_get_size(key.get())) : 0);
  std::size_t size = der.size();
  if (!key || !context ||
      EVP_DigestSignInit_ex(context.get(), nullptr, EVP_MD_get0_name(md(hash)), nullptr, nullptr,
                            key.get(), nullptr) != 1 ||
      EVP_DigestSign(context.get(), der.data(), &size, pointer(message), message.size()) != 1) {
    return fail(unhidra::Errc::internal, "OpenSSL could not sign");
  }
  der.resize(size);
  return format == EcdsaFormat::der ? der : der_to_fixed(curve, der);
}

Status OpensslProvider::ecdsa_verify(Curve curve, Hash hash, EcdsaFormat format, ByteView point,
                                     ByteView message, ByteView signature) const {
  const ErrorScope errors;
  if (!is_point(curve, point)) {
    return bad_key();
  }
  const Bytes der =
      format == EcdsaFormat::der ? to_bytes(signature) : fixed_to_der(curve, signature);
  const auto key = make_pkey(curve, nullptr, point);
  const OwnedMdCtx context(EVP_MD_CTX_new());
  // OpenSSL takes only DER's one encoding, and r and s in [1, n).
  if (der.empty() || !key || !context ||
      EVP_DigestVerifyInit_ex(context.get(), nullptr, EVP_MD_get0_name(md(hash)), nullptr, nullptr,
                              key.get(), nullptr) != 1 ||
      EVP_DigestVerify(context.get(), der.data(), der.size(), pointer(message), message.size()) !=
          1) {
    return fail(Errc::bad_signature, "the signature does not verify");
  }
  return {};
}

}  // namespace unhidra::crypto
