#include "unhidra/crypto/password.h"

#include "unhidra/crypto/random.h"

#include "providers.h"

namespace unhidra::crypto {
namespace {

constexpr Argon2Cost kCheap{.memory_kib = 64, .passes = 1};

TEST(Password, AHashVerifiesOnlyItsPassword) {
  SystemRandom random;
  const auto phc = hash_password(native_provider(), random, as_bytes("correct horse"), kCheap);
  ASSERT_TRUE(phc);
  EXPECT_TRUE(verify_password(native_provider(), *phc, as_bytes("correct horse")));
  EXPECT_EQ(verify_password(native_provider(), *phc, as_bytes("correct horsf")).error(),
            Errc::wrong_password);
  EXPECT_EQ(verify_password(native_provider(), *phc, {}).error(), Errc::wrong_password);
}

TEST(Password, SaltsDiffer) {
  SystemRandom random;
  EXPECT_NE(hash_password(native_provider(), random, as_bytes("x"), kCheap).value(),
            hash_password(native_provider(), random, as_bytes("x"), kCheap).value());
}

// Made by OpenSSL 3.2 at the product's default cost.
TEST(Password, VerifiesAStringOfAnotherImplementation) {
  const std::string_view phc =
      "$argon2id$v=19$m=49152,t=3,p=1$AAECAwQFBgcICQoLDA0ODw$"
      "HefxmAnQIaWYu/tMFAr1oj2hDmHpQhv0e39mNYCNUsI";
  EXPECT_TRUE(verify_password(native_provider(), phc, as_bytes("correct horse battery staple")));
  EXPECT_FALSE(needs_rehash(phc));
  EXPECT_EQ(PasswordHash::parse(phc)->to_string(), phc);
}

TEST(Password, DefaultCostIsWrittenIntoTheString) {
  SystemRandom random;
  const auto phc = hash_password(native_provider(), random, as_bytes("x"));
  ASSERT_TRUE(phc);
  EXPECT_TRUE(phc->starts_with("$argon2id$v=19$m=49152,t=3,p=1$"));
}

TEST(Password, NeedsRehashWhenCheaperOrUnreadable) {
  SystemRandom random;
  const auto phc = hash_password(native_provider(), random, as_bytes("x"), kCheap).value();
  EXPECT_TRUE(needs_rehash(phc));
  EXPECT_FALSE(needs_rehash(phc, kCheap));
  EXPECT_TRUE(needs_rehash(phc, {.memory_kib = 64, .passes = 2}));
  EXPECT_TRUE(needs_rehash("$2b$12$abc", kCheap));
}

// A hostile string must neither cost gigabytes nor be read in two ways.
TEST(Password, HostileStringsAreRefusedBeforeAnyWork) {
  const std::string tail = "$AAECAwQFBgcICQoLDA0ODw$HefxmAnQIaWYu/tMFAr1oj2hDmHpQhv0e39mNYCNUsI";
  const std::string good = "$argon2id$v=19$m=64,t=1,p=1" + tail;
  ASSERT_TRUE(PasswordHash::parse(good));
  const std::string bad[] = {
      "",
      "$",
      "$argon2i$v=19$m=64,t=1,p=1" + tail,
      "$argon2id$v=16$m=64,t=1,p=1" + tail,
      "$argon2id$m=64,t=1,p=1" + tail,
      "$argon2id$v=19$m=4194304,t=3,p=1" + tail,
      "$argon2id$v=19$m=64,t=4000000000,p=1" + tail,
      "$argon2id$v=19$m=99999999999999999999,t=1,p=1" + tail,
      "$argon2id$v=19$m=0,t=1,p=1" + tail,
      "$argon2id$v=19$m=7,t=1,p=1" + tail,
      "$argon2id$v=19$m=64,t=0,p=1" + tail,
      "$argon2id$v=19$m=064,t=1,p=1" + tail,
      "$argon2id$v=19$m=-64,t=1,p=1" + tail,
      "$argon2id$v=19$m=+64,t=1,p=1" + tail,
      "$argon2id$v=19$m=64,t=1,p=4" + tail,
      "$argon2id$v=19$t=1,m=64,p=1" + tail,
      good + "=",
      good + "$",
      " " + good,
      good.substr(0, good.size() - 1),
      good.substr(0, good.rfind('$')),
      good.substr(0, good.rfind('$') + 1) + "AAAA",
      "$argon2id$v=19$m=64,t=1,p=1$AAAA$HefxmAnQIaWYu/tMFAr1oj2hDmHpQhv0e39mNYCNUsI",
      good + std::string(1000, 'A')};
  for (const auto& text : bad) {
    const auto status = verify_password(native_provider(), text, as_bytes("x"));
    ASSERT_FALSE(status) << text;
    EXPECT_EQ(status.error(), Errc::bad_parameters) << text;
  }
}

TEST(Password, LongPasswordsAndCostsOutsideTheLimitsAreRefused) {
  SystemRandom random;
  const Bytes long_password(kMaxPasswordSize + 1, 'a');
  EXPECT_EQ(hash_password(native_provider(), random, long_password, kCheap).error(),
            Errc::bad_parameters);
  EXPECT_EQ(hash_password(native_provider(), random, as_bytes("x"),
                          {.memory_kib = 1024 * 1024, .passes = 1})
                .error(),
            Errc::bad_parameters);
  EXPECT_EQ(hash_password(openssl_provider(), random, as_bytes("x"), kCheap).error(),
            Errc::unsupported);
}

}  // namespace
}  // namespace unhidra::crypto
