// Chaum-Pedersen over edwards25519, with libsodium's group; also in WebAssembly.
#include "unhidra/crypto/agreement_proof.h"

#include <algorithm>
#include <optional>
#include <sodium.h>

#include "edwards_to_montgomery.h"

namespace unhidra::crypto {
namespace {

using Point = ByteArray<32>;
using Scalar = SecretArray<32>;

constexpr std::string_view kChallengeLabel = "unhidra agreement proof 1";
constexpr std::string_view kNonceLabel = "unhidra agreement proof nonce 1";

std::optional<Point> doubled(Point point, int times) {
  for (; times > 0; --times) {
    const Point half = point;
    if (crypto_core_ed25519_add(point.data(), half.data(), half.data()) != 0) {
      return std::nullopt;  // not a point of the curve
    }
  }
  return point;
}

// The point with this u-coordinate and an even x, doubled so often. Nothing when there is none, or
// when the outcome is the neutral element or outside the group of prime order.
std::optional<Point> lifted(FixedView<32> u, int doublings) {
  Point point;
  if (!edwards::to_edwards(u, point)) {
    return std::nullopt;
  }
  auto out = doubled(point, doublings);
  return out && crypto_core_ed25519_is_valid_point(out->data()) == 1 ? out : std::nullopt;
}
// What X25519 makes of a private key lies in the group; what it is given may need the cofactor.
std::optional<Point> own_point(FixedView<32> public_key) {
  return lifted(public_key, 0);
}
std::optional<Point> peer_point_of(FixedView<32> peer) {
  return lifted(peer, 3);
}

std::optional<Point> times(FixedView<32> scalar, const Point& point) {
  Point out;
  return crypto_scalarmult_ed25519_noclamp(out.data(), scalar.data(), point.data()) == 0
             ? std::optional(out)
             : std::nullopt;
}

// Eight times the base point.
Point base() {
  ByteArray<32> eight{8};
  Point out;
  (void)crypto_scalarmult_ed25519_base_noclamp(out.data(), eight.data());  // fails for 0 alone
  return out;
}

// The clamped private key as eight times a scalar below the group's order.
Scalar eighth(FixedView<32> private_key) {
  Scalar out = Scalar::copy_of(private_key);
  const auto bytes = out.expose_mutable();
  bytes[31] = static_cast<Byte>((bytes[31] & 0x7f) | 0x40);
  for (std::size_t i = 0; i < 32; ++i) {
    const Byte above = i + 1 < 32 ? bytes[i + 1] : Byte{0};
    bytes[i] = static_cast<Byte>(bytes[i] >> 3 | above << 5);
  }
  return out;
}

// The scalar whose multiple of the base is the public key with the even x: a u-coordinate tells no
// other.
Scalar with_even_x(Scalar scalar, const Point& public_point) {
  if ((public_point[31] & 0x80) == 0) {
    return scalar;
  }
  Scalar out;
  crypto_core_ed25519_scalar_negate(out.expose_mutable().data(), scalar.expose().data());
  return out;
}

Scalar hashed(std::string_view label, std::initializer_list<ByteView> parts) {
  crypto_hash_sha512_state state;
  crypto_hash_sha512_init(&state);
  const auto take = [&](ByteView part) {
    if (!part.empty()) {
      crypto_hash_sha512_update(&state, part.data(), part.size());
    }
  };
  take(as_bytes(label));
  for (const ByteView part : parts) {
    take(part);
  }
  SecretArray<64> wide;
  crypto_hash_sha512_final(&state, wide.expose_mutable().data());
  sodium_memzero(&state, sizeof state);
  Scalar out;
  crypto_core_ed25519_scalar_reduce(out.expose_mutable().data(), wide.expose().data());
  return out;
}

// For one scalar x, which the prover knows.
struct Statement {
  Point public_key;  // = x base()
  Point peer;
  Point agreed;  // = x peer
};

Scalar challenge(const Statement& statement, const Point& first, const Point& second,
                 ByteView context) {
  return hashed(kChallengeLabel,
                {statement.public_key, statement.peer, statement.agreed, first, second, context});
}

// Below the group's order: a scalar has one encoding.
bool is_reduced(FixedView<32> scalar) {
  ByteArray<64> wide{};
  std::ranges::copy(scalar, wide.begin());
  ByteArray<32> reduced;
  crypto_core_ed25519_scalar_reduce(reduced.data(), wide.data());
  return std::ranges::equal(reduced, scalar);
}

std::unexpected<Error> no_proof() {
  return fail(Errc::bad_signature, "the agreement is not proven");
}

}  // namespace

bool is_x25519_public_key(ByteView key) {
  return key.size() == 32 && peer_point_of(key.first<32>()).has_value();
}

Result<AgreementProof> prove_agreement(RandomSource& random, FixedView<32> private_key,
                                       FixedView<32> peer, ByteView context) {
  const auto peer_point = peer_point_of(peer);
  const Scalar plain = eighth(private_key);
  const auto public_point = times(plain.expose(), base());
  if (!peer_point || !public_point) {
    return fail(Errc::bad_key, "no public key of X25519");
  }
  Statement statement{*public_point, *peer_point, {}};
  statement.public_key[31] &= 0x7f;
  const Scalar x = with_even_x(plain.clone(), *public_point);
  const auto agreed = times(x.expose(), *peer_point);
  const Scalar nonce = hashed(
      kNonceLabel, {random.secret(32).expose(), private_key, peer, ByteView(*peer_point), context});
  const auto first = times(nonce.expose(), base());
  const auto second = times(nonce.expose(), *peer_point);
  if (!agreed || !first || !second) {
    return fail(Errc::bad_key, "no public key of X25519");
  }
  statement.agreed = *agreed;
  const Scalar c = challenge(statement, *first, *second, context);
  Scalar product;
  crypto_core_ed25519_scalar_mul(product.expose_mutable().data(), c.expose().data(),
                                 x.expose().data());
  Scalar response;
  crypto_core_ed25519_scalar_add(response.expose_mutable().data(), nonce.expose().data(),
                                 product.expose().data());
  AgreementProof out;
  auto at = std::ranges::copy(statement.agreed, out.begin()).out;
  at = std::ranges::copy(c.expose(), at).out;
  std::ranges::copy(response.expose(), at);
  return out;
}

Result<SecretArray<32>> verify_agreement(FixedView<32> public_key, FixedView<32> peer,
                                         ByteView context, ByteView proof) {
  if (proof.size() != kAgreementProofSize) {
    return no_proof();
  }
  const auto public_point = own_point(public_key);
  const auto peer_point = peer_point_of(peer);
  if (!public_point || !peer_point) {
    return no_proof();
  }
  Statement statement{*public_point, *peer_point, {}};
  std::ranges::copy(proof.first<32>(), statement.agreed.begin());
  const auto c = proof.subspan<32, 32>();
  const auto response = proof.subspan<64, 32>();
  if (!is_reduced(response)) {
    return no_proof();
  }
  // nonce G = response G - c (x G), on both bases
  const auto nonce_times = [&](const Point& on, const Point& multiple) -> std::optional<Point> {
    const auto whole = times(response, on);
    const auto part = times(c, multiple);
    Point out;
    return whole && part && crypto_core_ed25519_sub(out.data(), whole->data(), part->data()) == 0
               ? std::optional(out)
               : std::nullopt;
  };
  const auto first = nonce_times(base(), statement.public_key);
  const auto second = nonce_times(statement.peer, statement.agreed);
  if (!first || !second ||
      !std::ranges::equal(challenge(statement, *first, *second, context).expose(), c)) {
    return no_proof();
  }
  SecretArray<32> out;
  edwards::to_montgomery(statement.agreed, out.expose_mutable());
  return out;
}

}  // namespace unhidra::crypto
