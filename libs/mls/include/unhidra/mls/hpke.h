#pragma once
// HPKE (RFC 9180), base and PSK mode, with the KEM, KDF and AEAD of an MLS cipher suite.

#include "unhidra/mls/crypto.h"

namespace unhidra::mls {

class HpkeKeyPair {
 public:
  static Result<HpkeKeyPair> generate(const Suite& suite, RandomSource& random);
  // DeriveKeyPair of RFC 9180 section 7.1.3.
  static Result<HpkeKeyPair> derive(const Suite& suite, ByteView input);
  static Result<HpkeKeyPair> from_private(const Suite& suite, ByteView private_key);

  const Bytes& public_key() const { return public_; }
  const SecretBytes& private_key() const { return private_; }
  HpkeKeyPair clone() const { return {private_.clone(), public_}; }

 private:
  HpkeKeyPair(SecretBytes private_key, Bytes public_key)
      : private_(std::move(private_key)), public_(std::move(public_key)) {}
  SecretBytes private_;
  Bytes public_;
};

struct HpkePsk {
  ByteView psk;  // at least 32 bytes
  ByteView psk_id;
};

// What the key schedule takes beside the shared secret. It is the same for every recipient of one
// message, so that a long `info` is hashed once.
class HpkeInfo {
 public:
  static Result<HpkeInfo> base(const Suite& suite, ByteView info);
  static Result<HpkeInfo> with_psk(const Suite& suite, ByteView info, const HpkePsk& psk);
  ByteView key_schedule_context() const { return context_; }
  ByteView psk() const { return psk_.expose(); }

 private:
  Bytes context_;
  SecretBytes psk_;
};

// One message and one export; MLS uses no more of a context.
Result<HpkeCiphertext> hpke_seal(const Suite& suite, RandomSource& random, ByteView public_key,
                                 const HpkeInfo& info, ByteView associated_data,
                                 ByteView plaintext);
Result<SecretBytes> hpke_open(const Suite& suite, const HpkeKeyPair& key, ByteView kem_output,
                              const HpkeInfo& info, ByteView associated_data, ByteView ciphertext);
// The same for who knows the Diffie-Hellman value, and the public key alone.
Result<SecretBytes> hpke_open_agreed(const Suite& suite, ByteView agreed, ByteView public_key,
                                     const HpkeInfo& info, ByteView associated_data,
                                     const HpkeCiphertext& sealed);
struct HpkeExport {
  Bytes kem_output;
  SecretBytes secret;
};
Result<HpkeExport> hpke_send_export(const Suite& suite, RandomSource& random, ByteView public_key,
                                    const HpkeInfo& info, ByteView exporter_context,
                                    std::size_t size);
Result<SecretBytes> hpke_receive_export(const Suite& suite, const HpkeKeyPair& key,
                                        ByteView kem_output, const HpkeInfo& info,
                                        ByteView exporter_context, std::size_t size);

// EncryptContext of RFC 9420 section 5.1.3 as HPKE's info; `label` comes without "MLS 1.0 ".
Result<HpkeInfo> encrypt_context(const Suite& suite, std::string_view label, ByteView context);

}  // namespace unhidra::mls
