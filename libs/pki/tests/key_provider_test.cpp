#include "unhidra/pki/key_provider.h"

#include <gtest/gtest.h>

#include "unhidra/crypto/random.h"

namespace unhidra::pki {
namespace {

SealedKeyProvider provider(Byte master) {
  ByteArray<KeySealer::kMasterKeySize> key{};
  key.fill(master);
  return SealedKeyProvider(
      std::make_shared<const KeySealer>(SecretArray<KeySealer::kMasterKeySize>::copy_of(key)));
}

TEST(SealedKeyProvider, AKeyThatWasKeptSignsAsBefore) {
  crypto::SystemRandom random;
  const auto keys = provider(1);
  const auto made = keys.generate(SignatureAlgorithm::eddsa, random);
  ASSERT_TRUE(made) << made.error().message();
  const auto opened = keys.open(made->key.key_id(), SignatureAlgorithm::eddsa, made->kept);
  ASSERT_TRUE(opened) << opened.error().message();
  EXPECT_EQ(opened->public_key().to_json(), made->key.public_key().to_json());
  EXPECT_EQ(opened->sign(as_bytes("message")).value(), made->key.sign(as_bytes("message")).value());
}

TEST(SealedKeyProvider, RefusesAnotherMasterKeyAnotherNameAndAlteredBytes) {
  crypto::SystemRandom random;
  const auto keys = provider(1);
  auto made = keys.generate(SignatureAlgorithm::eddsa, random).value();
  const std::string id = made.key.key_id();
  EXPECT_EQ(provider(2).open(id, SignatureAlgorithm::eddsa, made.kept).error(),
            Errc::wrong_master_key);
  EXPECT_EQ(keys.open("other", SignatureAlgorithm::eddsa, made.kept).error(), Errc::bad_seal);
  EXPECT_FALSE(keys.open(id, SignatureAlgorithm::rs256, made.kept)) << "the algorithm must fit";
  made.kept.back() ^= 1;
  EXPECT_EQ(keys.open(id, SignatureAlgorithm::eddsa, made.kept).error(), Errc::bad_seal);
}

}  // namespace
}  // namespace unhidra::pki
