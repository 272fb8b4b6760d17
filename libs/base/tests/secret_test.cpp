#include "unhidra/base/secret.h"

#include <new>
#include <type_traits>

#include <gtest/gtest.h>

namespace unhidra {
namespace {

static_assert(!std::is_copy_constructible_v<SecretBytes>);
static_assert(!std::is_copy_constructible_v<SecretArray<32>>);

TEST(Secret, ArrayIsWipedWhenDropped) {
  alignas(SecretArray<32>) unsigned char storage[sizeof(SecretArray<32>)];
  auto* secret = new (storage) SecretArray<32>();
  std::fill_n(secret->expose_mutable().begin(), 32, Byte{0xaa});
  secret->~SecretArray();
  for (const auto byte : storage) {
    EXPECT_EQ(byte, 0);
  }
}

TEST(Secret, MovedFromArrayIsWiped) {
  SecretArray<4> from;
  from.expose_mutable()[0] = 9;
  const SecretArray<4> to = std::move(from);
  EXPECT_EQ(to.expose()[0], 9);
  EXPECT_EQ(from.expose()[0], 0);  // NOLINT(bugprone-use-after-move): that is what is tested
}

TEST(Secret, MoveAssignmentKeepsTheNewAndForgetsTheOld) {
  auto a = SecretBytes::copy_of(as_bytes("first"));
  auto b = SecretBytes::copy_of(as_bytes("second"));
  a = std::move(b);
  EXPECT_EQ(as_text(a.expose()), "second");
  EXPECT_TRUE(b.empty());  // NOLINT(bugprone-use-after-move)
}

TEST(Secret, EqualityLooksAtEveryByte) {
  const auto a = SecretBytes::copy_of(as_bytes("abcdef"));
  EXPECT_TRUE(a == SecretBytes::copy_of(as_bytes("abcdef")));
  EXPECT_FALSE(a == SecretBytes::copy_of(as_bytes("abcdeg")));
  EXPECT_FALSE(a == SecretBytes::copy_of(as_bytes("abcde")));
}

}  // namespace
}  // namespace unhidra
