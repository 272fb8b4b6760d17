#include "unhidra/identity/safety_number.h"

#include <regex>

#include <gtest/gtest.h>

#include "people.h"

namespace unhidra::identity {
namespace {

const AccountIdentity kAlice{id_of<UserId>(1), account_of(1).public_key()};
const AccountIdentity kBob{id_of<UserId>(2), account_of(2).public_key()};

SafetyNumber compute(const AccountIdentity& a, const AccountIdentity& b) {
  return SafetyNumber::compute(provider(), a, b);
}

TEST(SafetyNumber, IsTheSameOnBothSides) {
  EXPECT_EQ(compute(kAlice, kBob), compute(kBob, kAlice));
  EXPECT_EQ(compute(kAlice, kBob).text(), compute(kBob, kAlice).text());
  EXPECT_EQ(compute(kAlice, kBob).qr_text(), compute(kBob, kAlice).qr_text());
}

TEST(SafetyNumber, HasTwelveGroupsOfFiveDigits) {
  EXPECT_TRUE(std::regex_match(compute(kAlice, kBob).text(), std::regex("[0-9]{5}( [0-9]{5}){11}")))
      << compute(kAlice, kBob).text();
}

TEST(SafetyNumber, ChangesWithEitherAccountKeyAndEitherUser) {
  const auto number = compute(kAlice, kBob);
  const AccountIdentity other_alice{kAlice.user_id, account_of(3).public_key()};
  const AccountIdentity other_bob{kBob.user_id, account_of(4).public_key()};
  const AccountIdentity carol_with_bobs_key{id_of<UserId>(3), kBob.account_key};
  EXPECT_NE(compute(other_alice, kBob).text(), number.text());
  EXPECT_NE(compute(kAlice, other_bob).text(), number.text());
  EXPECT_NE(compute(kAlice, carol_with_bobs_key).text(), number.text());
}

// Computed by an independent program (tests/vectors/safety_number.py) from the description in
// docs/security.md. Never changes: people have compared these numbers.
TEST(SafetyNumber, IsAsPublished) {
  ByteArray<32> key_a;
  ByteArray<32> key_b;
  for (Byte i = 0; i < 32; ++i) {
    key_a[i] = i;
    key_b[i] = static_cast<Byte>(0xff - i);
  }
  const auto number = compute({id_of<UserId>(1), crypto::Ed25519PublicKey(key_a)},
                              {id_of<UserId>(2), crypto::Ed25519PublicKey(key_b)});
  EXPECT_EQ(number.text(),
            "46866 52271 21736 51810 64058 76251 01975 55271 23334 19213 69583 19424");
  EXPECT_EQ(number.qr_text(),
            "unhidra:1:AAAAAAAAAAAAAAAAAAAAAR7Y5ykSC3cH_"
            "C89REEYCMAYf9XCXPIl8RrTUzf3mxAIAAAAAAAAAAAAAAAAAAAAAkMQEao3ODV4dOej1peEhuxwqTUNGXWa68-"
            "K6ty0IHTn");
}

TEST(SafetyNumber, AScannedCodeTellsMatchMismatchAndOtherPair) {
  using Scan = SafetyNumber::Scan;
  const auto number = compute(kAlice, kBob);
  EXPECT_EQ(*number.compare_qr(compute(kBob, kAlice).qr_text()), Scan::match);
  const AccountIdentity false_bob{kBob.user_id, account_of(4).public_key()};
  EXPECT_EQ(*number.compare_qr(compute(kAlice, false_bob).qr_text()), Scan::mismatch);
  const AccountIdentity carol{id_of<UserId>(3), account_of(3).public_key()};
  EXPECT_EQ(*number.compare_qr(compute(kAlice, carol).qr_text()), Scan::other_pair);
}

TEST(SafetyNumber, WhatIsNoCodeIsAnError) {
  const auto number = compute(kAlice, kBob);
  const auto qr = number.qr_text();
  for (const auto& text : {std::string(), std::string("https://example.org"), qr + "A",
                           qr.substr(0, qr.size() - 1), "unhidra:2:" + qr.substr(10), qr + "\n"}) {
    const auto compared = number.compare_qr(text);
    ASSERT_FALSE(compared) << text;
    EXPECT_EQ(compared.error(), Errc::bad_safety_number);
  }
}

}  // namespace
}  // namespace unhidra::identity
