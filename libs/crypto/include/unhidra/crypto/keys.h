#pragma once
// Keys as values. "Ours" (a pair, which holds the private half) and "theirs" (a public key) are
// different types, and so are the keys of different algorithms. Private halves are wiped when
// dropped and cannot be copied by accident.

#include <compare>
#include <cstring>

#include "unhidra/base/random.h"
#include "unhidra/crypto/provider.h"

namespace unhidra::crypto {

// Public bytes of fixed length under a name of their own.
template <class Tag, std::size_t N>
class PublicValue {
 public:
  static constexpr std::size_t kSize = N;
  constexpr PublicValue() = default;
  explicit constexpr PublicValue(const ByteArray<N>& bytes) : bytes_(bytes) {}
  // Checks the length only; whether it is a good point is the algorithm's business.
  static Result<PublicValue> from_bytes(ByteView bytes) {
    if (bytes.size() != N) {
      return fail(Errc::bad_key,
                  "expected " + std::to_string(N) + " bytes, got " + std::to_string(bytes.size()));
    }
    PublicValue out;
    std::memcpy(out.bytes_.data(), bytes.data(), N);
    return out;
  }

  FixedView<N> bytes() const { return bytes_; }
  MutableFixedView<N> mutable_bytes() { return bytes_; }
  const ByteArray<N>& array() const { return bytes_; }
  friend constexpr auto operator<=>(const PublicValue&, const PublicValue&) = default;

 private:
  ByteArray<N> bytes_{};
};

// Secret bytes of fixed length under a name of their own; move-only.
template <class Tag, std::size_t N>
class PrivateValue {
 public:
  static constexpr std::size_t kSize = N;
  PrivateValue() = default;
  explicit PrivateValue(SecretArray<N> secret) : secret_(std::move(secret)) {}
  // Copies; the caller wipes its own original.
  static Result<PrivateValue> from_bytes(ByteView bytes) {
    if (bytes.size() != N) {
      return fail(Errc::bad_key, "a private key of the wrong length");
    }
    return PrivateValue(SecretArray<N>::copy_of(bytes.first<N>()));
  }
  static PrivateValue generate(RandomSource& random) {
    return PrivateValue(random.secret_array<N>());
  }

  FixedView<N> expose() const { return secret_.expose(); }
  PrivateValue clone() const { return PrivateValue(secret_.clone()); }
  friend bool operator==(const PrivateValue& a, const PrivateValue& b) {
    return a.secret_ == b.secret_;
  }

 private:
  SecretArray<N> secret_;
};

using X25519PublicKey = PublicValue<struct X25519PublicKeyTag, 32>;
using X25519PrivateKey = PrivateValue<struct X25519PrivateKeyTag, 32>;
using Ed25519PublicKey = PublicValue<struct Ed25519PublicKeyTag, 32>;
using Ed25519PrivateKey = PrivateValue<struct Ed25519PrivateKeyTag, 32>;  // the seed of RFC 8032
using Signature = PublicValue<struct Ed25519SignatureTag, 64>;
using SharedSecret = SecretArray<32>;

// Our own X25519 key: the public half is always that of the private half.
class X25519KeyPair {
 public:
  static X25519KeyPair generate(const Provider& provider, RandomSource& random);
  static X25519KeyPair from_private(const Provider& provider, X25519PrivateKey private_key);

  const X25519PublicKey& public_key() const { return public_; }
  const X25519PrivateKey& private_key() const { return private_; }
  X25519KeyPair clone() const { return {private_.clone(), public_}; }
  // Errc::low_order_point when the peer's key would make the secret predictable.
  Result<SharedSecret> agree(const Provider& provider, const X25519PublicKey& theirs) const;

 private:
  X25519KeyPair(X25519PrivateKey private_key, const X25519PublicKey& public_key)
      : private_(std::move(private_key)), public_(public_key) {}
  X25519PrivateKey private_;
  X25519PublicKey public_;
};

// Our own Ed25519 key.
class Ed25519KeyPair {
 public:
  static Ed25519KeyPair generate(const Provider& provider, RandomSource& random);
  static Ed25519KeyPair from_private(const Provider& provider, Ed25519PrivateKey seed);

  const Ed25519PublicKey& public_key() const { return public_; }
  const Ed25519PrivateKey& private_key() const { return seed_; }
  Ed25519KeyPair clone() const { return {seed_.clone(), public_}; }
  Signature sign(const Provider& provider, ByteView message) const;

 private:
  Ed25519KeyPair(Ed25519PrivateKey seed, const Ed25519PublicKey& public_key)
      : seed_(std::move(seed)), public_(public_key) {}
  Ed25519PrivateKey seed_;
  Ed25519PublicKey public_;
};

// Errc::bad_signature unless the signature is valid under RFC 8032's strict rules.
Status verify(const Provider& provider, const Ed25519PublicKey& key, ByteView message,
              const Signature& signature);

}  // namespace unhidra::crypto
