#include "unhidra/mls/hpke.h"

#include <algorithm>

namespace unhidra::mls {
namespace {

constexpr std::string_view kVersion = "HPKE-v1";
constexpr Byte kModeBase = 0;
constexpr Byte kModePsk = 1;

void append_u16(Bytes& out, std::uint16_t value) {
  out.push_back(static_cast<Byte>(value >> 8));
  out.push_back(static_cast<Byte>(value));
}

// RFC 9180 section 4.1.
Bytes kem_suite_id(const Suite& suite) {
  Bytes out = to_bytes("KEM");
  append_u16(out, static_cast<std::uint16_t>(suite.parameters().kem));
  return out;
}
// Section 5.1.
Bytes hpke_suite_id(const Suite& suite) {
  Bytes out = to_bytes("HPKE");
  append_u16(out, static_cast<std::uint16_t>(suite.parameters().kem));
  append_u16(out, suite.parameters().kdf_id);
  append_u16(out, suite.parameters().aead_id);
  return out;
}

// The KEM's own hash: that of the curve, not of the suite.
crypto::Hash kem_hash(Kem kem) {
  switch (kem) {
    case Kem::p256:
    case Kem::x25519:
      return crypto::Hash::sha256;
    case Kem::p384:
      return crypto::Hash::sha384;
    case Kem::p521:
    case Kem::x448:
      break;
  }
  return crypto::Hash::sha512;
}

// LabeledExtract and LabeledExpand of section 4.
class LabeledKdf {
 public:
  LabeledKdf(const Suite& suite, crypto::Hash hash, Bytes suite_id)
      : provider_(suite.provider()), hash_(hash), suite_id_(std::move(suite_id)) {}

  Result<SecretBytes> extract(ByteView salt, std::string_view label, ByteView input) const {
    SecretBytes out(crypto::digest_size(hash_));
    const std::array<ByteView, 4> parts{as_bytes(kVersion), suite_id_, as_bytes(label), input};
    UNHIDRA_TRY_VOID(provider_.hmac(hash_, salt, parts, out.expose_mutable()));
    return out;
  }
  Result<SecretBytes> expand(ByteView secret, std::string_view label, ByteView info,
                             std::size_t size) const {
    Bytes labeled;
    append_u16(labeled, static_cast<std::uint16_t>(size));
    append(labeled, as_bytes(kVersion));
    append(labeled, suite_id_);
    append(labeled, as_bytes(label));
    append(labeled, info);
    SecretBytes out(size);
    UNHIDRA_TRY_VOID(provider_.hkdf_expand(hash_, secret, labeled, out.expose_mutable()));
    return out;
  }

 private:
  const crypto::Provider& provider_;
  crypto::Hash hash_;
  Bytes suite_id_;
};

LabeledKdf kem_kdf(const Suite& suite) {
  return {suite, kem_hash(suite.parameters().kem), kem_suite_id(suite)};
}
LabeledKdf hpke_kdf(const Suite& suite) {
  return {suite, suite.parameters().hash, hpke_suite_id(suite)};
}

std::size_t private_size(Kem kem) {
  if (const crypto::Curve* curve = curve_of(kem)) {
    return crypto::coordinate_size(*curve);
  }
  return kem == Kem::x25519 ? crypto::kX25519KeySize : crypto::kX448KeySize;
}

Result<Bytes> public_of(const Suite& suite, ByteView private_key) {
  const Kem kem = suite.parameters().kem;
  if (private_key.size() != private_size(kem)) {
    return fail(crypto::Errc::bad_key, "an HPKE private key of the wrong length");
  }
  if (const crypto::Curve* curve = curve_of(kem)) {
    Bytes out(crypto::point_size(*curve));
    UNHIDRA_TRY_VOID(suite.provider().ec_public(*curve, private_key, out));
    return out;
  }
  Bytes out(private_key.size());
  if (kem == Kem::x25519) {
    suite.provider().x25519_base(private_key.first<32>(), MutableByteView(out).first<32>());
  } else {
    UNHIDRA_TRY_VOID(
        suite.provider().x448_base(private_key.first<56>(), MutableByteView(out).first<56>()));
  }
  return out;
}

Result<SecretBytes> agree(const Suite& suite, ByteView private_key, ByteView public_key) {
  const Kem kem = suite.parameters().kem;
  SecretBytes out(private_size(kem));
  if (const crypto::Curve* curve = curve_of(kem)) {
    UNHIDRA_TRY_VOID(suite.provider().ecdh(*curve, private_key, public_key, out.expose_mutable()));
    return out;
  }
  if (public_key.size() != out.size()) {
    return fail(crypto::Errc::bad_key, "an HPKE public key of the wrong length");
  }
  if (kem == Kem::x25519) {
    UNHIDRA_TRY_VOID(suite.provider().x25519(private_key.first<32>(), public_key.first<32>(),
                                             out.expose_mutable().first<32>()));
  } else {
    UNHIDRA_TRY_VOID(suite.provider().x448(private_key.first<56>(), public_key.first<56>(),
                                           out.expose_mutable().first<56>()));
  }
  return out;
}

// ExtractAndExpand of section 4.1.
Result<SecretBytes> kem_secret(const Suite& suite, ByteView dh, ByteView kem_output,
                               ByteView recipient) {
  const LabeledKdf kdf = kem_kdf(suite);
  UNHIDRA_TRY(const SecretBytes prk, kdf.extract({}, "eae_prk", dh));
  Bytes context = to_bytes(kem_output);
  append(context, recipient);
  return kdf.expand(prk.expose(), "shared_secret", context,
                    crypto::digest_size(kem_hash(suite.parameters().kem)));
}

struct Encapsulated {
  Bytes kem_output;
  SecretBytes shared_secret;
};

Result<Encapsulated> encapsulate(const Suite& suite, RandomSource& random, ByteView public_key) {
  UNHIDRA_TRY(const HpkeKeyPair ephemeral, HpkeKeyPair::generate(suite, random));
  UNHIDRA_TRY(const SecretBytes dh, agree(suite, ephemeral.private_key().expose(), public_key));
  UNHIDRA_TRY(SecretBytes secret,
              kem_secret(suite, dh.expose(), ephemeral.public_key(), public_key));
  return Encapsulated{ephemeral.public_key(), std::move(secret)};
}

Result<SecretBytes> decapsulate(const Suite& suite, const HpkeKeyPair& key, ByteView kem_output) {
  UNHIDRA_TRY(const SecretBytes dh, agree(suite, key.private_key().expose(), kem_output));
  return kem_secret(suite, dh.expose(), kem_output, key.public_key());
}

Result<SecretBytes> schedule_secret(const Suite& suite, ByteView shared_secret,
                                    const HpkeInfo& info) {
  return hpke_kdf(suite).extract(shared_secret, "secret", info.psk());
}

struct SealingKey {
  SecretBytes key;
  SecretBytes nonce;
};

// KeySchedule of section 5.1; the first message's nonce is the base nonce.
Result<SealingKey> sealing_key(const Suite& suite, ByteView shared_secret, const HpkeInfo& info) {
  UNHIDRA_TRY(const SecretBytes secret, schedule_secret(suite, shared_secret, info));
  const LabeledKdf kdf = hpke_kdf(suite);
  const ByteView context = info.key_schedule_context();
  UNHIDRA_TRY(SecretBytes key, kdf.expand(secret.expose(), "key", context, suite.key_size()));
  UNHIDRA_TRY(SecretBytes nonce,
              kdf.expand(secret.expose(), "base_nonce", context, crypto::kAeadNonceSize));
  return SealingKey{std::move(key), std::move(nonce)};
}

Result<SecretBytes> open_shared(const Suite& suite, ByteView shared_secret, const HpkeInfo& info,
                                ByteView associated_data, ByteView ciphertext) {
  if (ciphertext.size() < crypto::kAeadTagSize) {
    return fail(crypto::Errc::bad_tag, "too short to hold a tag");
  }
  UNHIDRA_TRY(const SealingKey opening, sealing_key(suite, shared_secret, info));
  SecretBytes out(ciphertext.size() - crypto::kAeadTagSize);
  UNHIDRA_TRY_VOID(suite.provider().aead_open(suite.parameters().aead, opening.key.expose(),
                                              opening.nonce.expose(), associated_data, ciphertext,
                                              out.expose_mutable()));
  return out;
}

Result<SecretBytes> exported(const Suite& suite, ByteView shared_secret, const HpkeInfo& info,
                             ByteView exporter_context, std::size_t size) {
  UNHIDRA_TRY(const SecretBytes secret, schedule_secret(suite, shared_secret, info));
  const LabeledKdf kdf = hpke_kdf(suite);
  UNHIDRA_TRY(const SecretBytes exporter,
              kdf.expand(secret.expose(), "exp", info.key_schedule_context(), suite.hash_size()));
  return kdf.expand(exporter.expose(), "sec", exporter_context, size);
}

Result<Bytes> schedule_context(const Suite& suite, Byte mode, ByteView psk_id, ByteView info) {
  const LabeledKdf kdf = hpke_kdf(suite);
  UNHIDRA_TRY(const SecretBytes psk_id_hash, kdf.extract({}, "psk_id_hash", psk_id));
  UNHIDRA_TRY(const SecretBytes info_hash, kdf.extract({}, "info_hash", info));
  Bytes out{mode};
  append(out, psk_id_hash.expose());
  append(out, info_hash.expose());
  return out;
}

}  // namespace

Result<HpkeInfo> HpkeInfo::base(const Suite& suite, ByteView info) {
  HpkeInfo out;
  UNHIDRA_TRY(out.context_, schedule_context(suite, kModeBase, {}, info));
  return out;
}

Result<HpkeInfo> HpkeInfo::with_psk(const Suite& suite, ByteView info, const HpkePsk& psk) {
  constexpr std::size_t kLeastPsk = 32;  // RFC 9180 section 9.5
  if (psk.psk.size() < kLeastPsk || psk.psk_id.empty()) {
    return fail(crypto::Errc::bad_parameters, "a pre-shared key needs 32 bytes and a name");
  }
  HpkeInfo out;
  UNHIDRA_TRY(out.context_, schedule_context(suite, kModePsk, psk.psk_id, info));
  out.psk_ = SecretBytes::copy_of(psk.psk);
  return out;
}

Result<HpkeKeyPair> HpkeKeyPair::from_private(const Suite& suite, ByteView private_key) {
  const std::size_t size = private_size(suite.parameters().kem);
  // A scalar is a number: some write it without its leading zeros.
  if (curve_of(suite.parameters().kem) == nullptr || private_key.size() >= size) {
    UNHIDRA_TRY(Bytes public_key, public_of(suite, private_key));
    return HpkeKeyPair(SecretBytes::copy_of(private_key), std::move(public_key));
  }
  SecretBytes padded(size);
  std::ranges::copy(
      private_key, padded.expose_mutable().end() - static_cast<std::ptrdiff_t>(private_key.size()));
  UNHIDRA_TRY(Bytes public_key, public_of(suite, padded.expose()));
  return HpkeKeyPair(std::move(padded), std::move(public_key));
}

Result<HpkeKeyPair> HpkeKeyPair::generate(const Suite& suite, RandomSource& random) {
  if (curve_of(suite.parameters().kem) == nullptr) {
    return from_private(suite, random.secret(private_size(suite.parameters().kem)).expose());
  }
  return derive(suite, random.secret(private_size(suite.parameters().kem)).expose());
}

Result<HpkeKeyPair> HpkeKeyPair::derive(const Suite& suite, ByteView input) {
  const LabeledKdf kdf = kem_kdf(suite);
  const Kem kem = suite.parameters().kem;
  UNHIDRA_TRY(const SecretBytes prk, kdf.extract({}, "dkp_prk", input));
  if (curve_of(kem) == nullptr) {
    UNHIDRA_TRY(const SecretBytes secret, kdf.expand(prk.expose(), "sk", {}, private_size(kem)));
    return from_private(suite, secret.expose());
  }
  for (unsigned counter = 0; counter < 256; ++counter) {
    const Byte number = static_cast<Byte>(counter);
    UNHIDRA_TRY(SecretBytes candidate,
                kdf.expand(prk.expose(), "candidate", ByteView(&number, 1), private_size(kem)));
    candidate.expose_mutable()[0] &= kem == Kem::p521 ? 0x01 : 0xff;
    if (auto pair = from_private(suite, candidate.expose())) {
      return pair;
    }
  }
  return fail(crypto::Errc::bad_key, "no key pair derives from this input");
}

Result<HpkeCiphertext> hpke_seal(const Suite& suite, RandomSource& random, ByteView public_key,
                                 const HpkeInfo& info, ByteView associated_data,
                                 ByteView plaintext) {
  UNHIDRA_TRY(Encapsulated sent, encapsulate(suite, random, public_key));
  UNHIDRA_TRY(const SealingKey key, sealing_key(suite, sent.shared_secret.expose(), info));
  HpkeCiphertext out{std::move(sent.kem_output), Bytes(plaintext.size() + crypto::kAeadTagSize)};
  UNHIDRA_TRY_VOID(suite.provider().aead_seal(suite.parameters().aead, key.key.expose(),
                                              key.nonce.expose(), associated_data, plaintext,
                                              out.ciphertext));
  return out;
}

Result<SecretBytes> hpke_open(const Suite& suite, const HpkeKeyPair& key, ByteView kem_output,
                              const HpkeInfo& info, ByteView associated_data, ByteView ciphertext) {
  UNHIDRA_TRY(const SecretBytes shared, decapsulate(suite, key, kem_output));
  return open_shared(suite, shared.expose(), info, associated_data, ciphertext);
}

Result<SecretBytes> hpke_open_agreed(const Suite& suite, ByteView agreed, ByteView public_key,
                                     const HpkeInfo& info, ByteView associated_data,
                                     const HpkeCiphertext& sealed) {
  UNHIDRA_TRY(const SecretBytes shared, kem_secret(suite, agreed, sealed.kem_output, public_key));
  return open_shared(suite, shared.expose(), info, associated_data, sealed.ciphertext);
}

Result<HpkeExport> hpke_send_export(const Suite& suite, RandomSource& random, ByteView public_key,
                                    const HpkeInfo& info, ByteView exporter_context,
                                    std::size_t size) {
  UNHIDRA_TRY(Encapsulated sent, encapsulate(suite, random, public_key));
  UNHIDRA_TRY(SecretBytes secret,
              exported(suite, sent.shared_secret.expose(), info, exporter_context, size));
  return HpkeExport{std::move(sent.kem_output), std::move(secret)};
}

Result<SecretBytes> hpke_receive_export(const Suite& suite, const HpkeKeyPair& key,
                                        ByteView kem_output, const HpkeInfo& info,
                                        ByteView exporter_context, std::size_t size) {
  UNHIDRA_TRY(const SecretBytes shared, decapsulate(suite, key, kem_output));
  return exported(suite, shared.expose(), info, exporter_context, size);
}

Result<HpkeInfo> encrypt_context(const Suite& suite, std::string_view label, ByteView context) {
  // EncryptContext and SignContent have one shape.
  return HpkeInfo::base(suite, mls_public::sign_content(label, context));
}

}  // namespace unhidra::mls
