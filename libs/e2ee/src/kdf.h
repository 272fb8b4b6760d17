#pragma once
// Key derivation (Double Ratchet, section 5.2). Each use has a label of its own.

#include "unhidra/crypto/provider.h"

namespace unhidra::e2ee {

inline constexpr std::string_view kX3dhLabel = "unhidra x3dh 1";
inline constexpr std::string_view kRootLabel = "unhidra root 1";
inline constexpr std::string_view kMessageLabel = "unhidra message key 1";
inline constexpr std::string_view kAssociatedDataLabel = "unhidra message 1";

// KDF_CK: two HMACs of the chain key, over one constant byte each.
inline SecretArray<32> message_key_of(const crypto::Provider& provider,
                                      const SecretArray<32>& chain_key) {
  constexpr ByteArray<1> kConstant{0x01};
  return provider.hmac_sha256(chain_key.expose(), kConstant);
}
inline SecretArray<32> next_chain_key(const crypto::Provider& provider,
                                      const SecretArray<32>& chain_key) {
  constexpr ByteArray<1> kConstant{0x02};
  return provider.hmac_sha256(chain_key.expose(), kConstant);
}

// AEAD key (32 bytes) and nonce (12 bytes) of one message. The message key is uniform already, so
// HKDF's expand step suffices (RFC 5869 section 3.3).
using MessageSecrets = SecretArray<44>;
inline Status expand_message_key(const crypto::Provider& provider,
                                 const SecretArray<32>& message_key, MessageSecrets& out) {
  return provider.hkdf_expand(crypto::Hash::sha256, message_key.expose(), as_bytes(kMessageLabel),
                              out.expose_mutable());
}

}  // namespace unhidra::e2ee
