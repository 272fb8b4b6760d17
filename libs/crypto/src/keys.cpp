#include "unhidra/crypto/keys.h"

namespace unhidra::crypto {

X25519KeyPair X25519KeyPair::generate(const Provider& provider, RandomSource& random) {
  return from_private(provider, X25519PrivateKey::generate(random));
}

X25519KeyPair X25519KeyPair::from_private(const Provider& provider, X25519PrivateKey private_key) {
  X25519PublicKey public_key;
  provider.x25519_base(private_key.expose(), public_key.mutable_bytes());
  return {std::move(private_key), public_key};
}

Result<SharedSecret> X25519KeyPair::agree(const Provider& provider,
                                          const X25519PublicKey& theirs) const {
  SharedSecret secret;
  UNHIDRA_TRY_VOID(provider.x25519(private_.expose(), theirs.bytes(), secret.expose_mutable()));
  return secret;
}

Ed25519KeyPair Ed25519KeyPair::generate(const Provider& provider, RandomSource& random) {
  return from_private(provider, Ed25519PrivateKey::generate(random));
}

Ed25519KeyPair Ed25519KeyPair::from_private(const Provider& provider, Ed25519PrivateKey seed) {
  Ed25519PublicKey public_key;
  provider.ed25519_public(seed.expose(), public_key.mutable_bytes());
  return {std::move(seed), public_key};
}

Signature Ed25519KeyPair::sign(const Provider& provider, ByteView message) const {
  Signature signature;
  provider.ed25519_sign(seed_.expose(), public_.bytes(), message, signature.mutable_bytes());
  return signature;
}

Status verify(const Provider& provider, const Ed25519PublicKey& key, ByteView message,
              const Signature& signature) {
  return provider.ed25519_verify(key.bytes(), message, signature.bytes());
}

}  // namespace unhidra::crypto
