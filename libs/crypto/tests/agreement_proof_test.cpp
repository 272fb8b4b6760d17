// Proofs of what an X25519 key agrees on: beside X25519 itself, and what they must not show.
#include "unhidra/crypto/agreement_proof.h"

#include <sodium.h>

#include "unhidra/crypto/random.h"

#include "edwards_to_montgomery.h"
#include "providers.h"

namespace unhidra::crypto {
namespace {

using Key = ByteArray<32>;

struct Pair {
  Key secret;
  Key open;
};

class AgreementProofs : public testing::Test {
 protected:
  Pair pair() {
    Pair out{random_.array<32>(), {}};
    native_provider().x25519_base(out.secret, out.open);
    return out;
  }
  static Key agreed(const Key& secret, const Key& peer) {
    Key out;
    EXPECT_TRUE(native_provider().x25519(secret, peer, out));
    return out;
  }
  AgreementProof prove(const Pair& own, const Key& peer) {
    return prove_agreement(random_, own.secret, peer, context_).value();
  }
  bool convinces(const Key& open, const Key& peer, ByteView proof) {
    return verify_agreement(open, peer, context_, proof).has_value();
  }

  SystemRandom random_;
  ByteView context_ = as_bytes("context");
};

TEST_F(AgreementProofs, ShowsWhatX25519Answers) {
  for (int i = 0; i < 300; ++i) {
    const Pair own = pair();
    Pair peer = pair();
    if (i % 3 == 1) {
      peer.open[31] |= 0x80;  // which X25519 does not look at
    }
    const auto shown = verify_agreement(own.open, peer.open, context_, prove(own, peer.open));
    ASSERT_TRUE(shown);
    ASSERT_TRUE(std::ranges::equal(shown->expose(), agreed(own.secret, peer.open)));
  }
}

TEST_F(AgreementProofs, OfAPointThatHasAPartOfSmallOrder) {
  const Key order_eight{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
                        0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
                        0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05};
  for (int i = 0; i < 20; ++i) {
    const Pair own = pair();
    Key point;
    ASSERT_TRUE(edwards::to_edwards(pair().open, point));
    Key mixed;
    ASSERT_EQ(crypto_core_ed25519_add(mixed.data(), point.data(), order_eight.data()), 0);
    Key peer;
    edwards::to_montgomery(mixed, peer);
    const auto shown = verify_agreement(own.open, peer, context_, prove(own, peer));
    ASSERT_TRUE(shown);
    ASSERT_TRUE(std::ranges::equal(shown->expose(), agreed(own.secret, peer)));
  }
}

TEST_F(AgreementProofs, OfANumberThatIsNotReduced) {
  Key nine{9};
  Key more;  // p + 9
  more.fill(0xff);
  more[0] = 0xf6;
  more[31] = 0x7f;
  const Pair own = pair();
  const auto shown = verify_agreement(own.open, more, context_, prove(own, more));
  ASSERT_TRUE(shown);
  EXPECT_TRUE(std::ranges::equal(shown->expose(), own.open));
  EXPECT_FALSE(convinces(own.open, nine, AgreementProof{}));
}

TEST_F(AgreementProofs, NothingElseConvinces) {
  const Pair own = pair();
  const Pair peer = pair();
  const AgreementProof proof = prove(own, peer.open);
  ASSERT_TRUE(convinces(own.open, peer.open, proof));
  for (std::size_t bit = 0; bit < 8 * proof.size(); ++bit) {
    AgreementProof changed = proof;
    changed[bit / 8] ^= static_cast<Byte>(1U << (bit % 8));
    ASSERT_FALSE(convinces(own.open, peer.open, changed)) << bit;
  }
  EXPECT_FALSE(convinces(pair().open, peer.open, proof)) << "another's key";
  EXPECT_FALSE(convinces(own.open, pair().open, proof)) << "another point";
  EXPECT_FALSE(verify_agreement(own.open, peer.open, as_bytes("elsewhere"), proof));
  EXPECT_FALSE(convinces(own.open, peer.open, ByteView(proof).first(95)));
  EXPECT_FALSE(convinces(own.open, peer.open, {}));
  // With a key of one's own nothing is shown of another's.
  const AgreementProof of_mine = prove(pair(), peer.open);
  EXPECT_FALSE(convinces(own.open, peer.open, of_mine));
}

TEST_F(AgreementProofs, WhatAnX25519KeyIs) {
  EXPECT_TRUE(is_x25519_public_key(pair().open));
  EXPECT_TRUE(is_x25519_public_key(Key{9}));
  EXPECT_FALSE(is_x25519_public_key(Key{2})) << "on the twist";
  EXPECT_FALSE(is_x25519_public_key(Bytes(31, 9)));
  EXPECT_FALSE(is_x25519_public_key({}));
  // RFC 7748 section 6.1 and everybody's list of points of small order.
  Key minus_one;
  minus_one.fill(0xff);
  minus_one[0] = 0xec;
  minus_one[31] = 0x7f;
  Key p = minus_one;
  p[0] = 0xed;
  Key p_plus_one = minus_one;
  p_plus_one[0] = 0xee;
  const Key order_eight{0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
                        0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
                        0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00};
  for (const Key& low : {Key{}, Key{1}, minus_one, p, p_plus_one, order_eight}) {
    EXPECT_FALSE(is_x25519_public_key(low));
    const auto proof = prove_agreement(random_, pair().secret, low, context_);
    ASSERT_FALSE(proof);
    EXPECT_EQ(proof.error(), Errc::bad_key);
  }
  EXPECT_FALSE(prove_agreement(random_, pair().secret, Key{2}, context_));
}

}  // namespace
}  // namespace unhidra::crypto
