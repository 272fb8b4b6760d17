#pragma once
// A proof of what a private key agrees on with a point (X25519), for those who know its public key
// alone: Chaum and Pedersen's proof that two discrete logarithms are equal, made non-interactive by
// a hash as in RFC 9497 section 2.2. It gives away the agreed secret and nothing else of the key.
//
// It is made on edwards25519, to which RFC 7748 section 4.1 maps the curve. Both points are first
// multiplied by the cofactor, as X25519's clamped scalars are multiples of it, so that everything
// compared lies in the group of prime order.

#include "unhidra/base/random.h"
#include "unhidra/crypto/provider.h"

namespace unhidra::crypto {

inline constexpr std::size_t kAgreementProofSize = 96;
using AgreementProof = ByteArray<kAgreementProofSize>;

// Whether X25519 can make this public key: a point of the curve (not of its twist) that does not
// lead to the all-zero secret. Who takes such a key from another may hold it against him.
bool is_x25519_public_key(ByteView key);

// `context` is what the proof is said for. Errc::bad_key unless is_x25519_public_key(peer).
Result<AgreementProof> prove_agreement(RandomSource& random, FixedView<32> private_key,
                                       FixedView<32> peer, ByteView context);
// What X25519 answers for the private key of `public_key` and `peer`. Errc::bad_signature when the
// proof does not show that, for whatever reason.
Result<SecretArray<32>> verify_agreement(FixedView<32> public_key, FixedView<32> peer,
                                         ByteView context, ByteView proof);

}  // namespace unhidra::crypto
