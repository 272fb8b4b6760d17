#include "unhidra/e2ee/x3dh.h"

#include "kdf.h"

namespace unhidra::e2ee {
namespace {

// Section 2.2, KDF: HKDF over F || DH1 || DH2 || DH3 [|| DH4], with a zero salt.
class Transcript {
 public:
  Transcript() { std::fill_n(input_.expose_mutable().begin(), 32, Byte{0xff}); }  // F

  Status mix(const crypto::Provider& provider, const crypto::X25519KeyPair& ours,
             const crypto::X25519PublicKey& theirs) {
    UNHIDRA_TRY_VOID(provider.x25519(ours.private_key().expose(), theirs.bytes(),
                                     input_.expose_mutable().subspan(size_).first<32>()));
    size_ += 32;
    return {};
  }

  SecretArray<32> finish(const crypto::Provider& provider, Suite suite) const {
    Bytes info = to_bytes(kX3dhLabel);
    info.push_back(static_cast<Byte>(suite));
    constexpr ByteArray<32> kSalt{};
    return provider.hkdf_sha256<32>(kSalt, ByteView(input_.expose()).first(size_), info);
  }

 private:
  SecretArray<std::size_t{5} * 32> input_;
  std::size_t size_ = 32;
};

}  // namespace

Result<InitiatorAgreement> agree_as_initiator(const crypto::Provider& provider,
                                              const crypto::X25519KeyPair& our_identity,
                                              const crypto::X25519KeyPair& ephemeral,
                                              const identity::PreKeyBundle& bundle) {
  InitiatorAgreement out;
  out.header.identity_key = our_identity.public_key();
  out.header.base_key = ephemeral.public_key();
  out.header.signed_prekey_id = bundle.signed_prekey.id;
  out.header.last_resort = bundle.signed_prekey.last_resort;

  Transcript transcript;
  UNHIDRA_TRY_VOID(transcript.mix(provider, our_identity, bundle.signed_prekey.key));
  UNHIDRA_TRY_VOID(transcript.mix(provider, ephemeral, bundle.device.identity_key));
  UNHIDRA_TRY_VOID(transcript.mix(provider, ephemeral, bundle.signed_prekey.key));
  if (bundle.one_time_prekey) {
    out.header.one_time_prekey_id = bundle.one_time_prekey->id;
    UNHIDRA_TRY_VOID(transcript.mix(provider, ephemeral, bundle.one_time_prekey->key));
  }
  out.secret = transcript.finish(provider, out.header.suite);
  return out;
}

Result<SecretArray<32>> agree_as_responder(const crypto::Provider& provider,
                                           const crypto::X25519KeyPair& our_identity,
                                           const crypto::X25519KeyPair& signed_prekey,
                                           const crypto::X25519KeyPair* one_time_prekey,
                                           const PreKeyHeader& header) {
  Transcript transcript;
  UNHIDRA_TRY_VOID(transcript.mix(provider, signed_prekey, header.identity_key));
  UNHIDRA_TRY_VOID(transcript.mix(provider, our_identity, header.base_key));
  UNHIDRA_TRY_VOID(transcript.mix(provider, signed_prekey, header.base_key));
  if (one_time_prekey != nullptr) {
    UNHIDRA_TRY_VOID(transcript.mix(provider, *one_time_prekey, header.base_key));
  }
  return transcript.finish(provider, header.suite);
}

}  // namespace unhidra::e2ee
