#include "unhidra/crypto/keys.h"

#include <new>
#include <type_traits>

#include "unhidra/crypto/random.h"

#include "providers.h"

namespace unhidra::crypto {
namespace {

// Ours and theirs, signing and agreement: none converts into another, and a secret is not copied.
static_assert(!std::is_constructible_v<X25519PublicKey, Ed25519PublicKey>);
static_assert(!std::is_constructible_v<X25519PublicKey, X25519PrivateKey>);
static_assert(!std::is_copy_constructible_v<X25519PrivateKey>);
static_assert(!std::is_copy_constructible_v<Ed25519KeyPair>);
static_assert(std::is_nothrow_move_constructible_v<X25519KeyPair>);

template <class T, class Make>
void expect_wiped_when_dropped(Make make, ByteView secret) {
  alignas(T) static unsigned char storage[sizeof(T)];
  auto* object = new (storage) T(make());
  const std::string_view memory(reinterpret_cast<const char*>(storage), sizeof(T));
  ASSERT_NE(memory.find(as_text(secret)), std::string_view::npos) << "the test looks elsewhere";
  object->~T();
  EXPECT_EQ(memory.find(as_text(secret)), std::string_view::npos);
}

TEST(Keys, PrivateHalvesAreWipedWhenDropped) {
  const Bytes secret(32, 0x5a);
  expect_wiped_when_dropped<X25519KeyPair>(
      [&] {
        return X25519KeyPair::from_private(native_provider(),
                                           X25519PrivateKey::from_bytes(secret).value());
      },
      secret);
  expect_wiped_when_dropped<Ed25519KeyPair>(
      [&] {
        return Ed25519KeyPair::from_private(native_provider(),
                                            Ed25519PrivateKey::from_bytes(secret).value());
      },
      secret);
}

TEST(Keys, LengthsAreChecked) {
  EXPECT_EQ(X25519PublicKey::from_bytes(Bytes(31)).error(), Errc::bad_key);
  EXPECT_EQ(Ed25519PrivateKey::from_bytes(Bytes(33)).error(), Errc::bad_key);
  EXPECT_EQ(Signature::from_bytes(Bytes(63)).error(), Errc::bad_key);
  EXPECT_TRUE(Signature::from_bytes(Bytes(64)));
}

TEST(Keys, AClonedPairIsTheSamePair) {
  SystemRandom random;
  const auto pair = Ed25519KeyPair::generate(native_provider(), random);
  const auto clone = pair.clone();
  EXPECT_EQ(clone.public_key(), pair.public_key());
  EXPECT_EQ(clone.private_key(), pair.private_key());
}

}  // namespace
}  // namespace unhidra::crypto
