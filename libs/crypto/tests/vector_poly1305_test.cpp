// What WebAssembly computes Poly1305 with, compiled natively and beside libsodium's.

#include "vector_poly1305.h"

#include <sodium.h>

#include <gtest/gtest.h>

#include "unhidra/crypto/random.h"

namespace unhidra::crypto {
namespace {

ByteArray<16> expected(FixedView<32> key, Bytes message) {
  message.resize((message.size() + 15) / 16 * 16);
  ByteArray<16> out;
  crypto_onetimeauth_poly1305(out.data(), message.data(), message.size(), key.data());
  return out;
}

ByteArray<16> tag_of(FixedView<32> key, const Bytes& message) {
  InlinePoly1305 mac(key);
  mac.absorb_padded(message);
  return mac.tag();
}

TEST(VectorPoly1305, AgreesWithLibsodiumAtEveryLength) {
  SystemRandom random;
  for (std::size_t size = 0; size <= 1500; ++size) {
    const auto key = random.array<32>();
    Bytes message(size);
    random.fill(message);
    ASSERT_EQ(tag_of(key, message), expected(key, message)) << size;
  }
}

// Where every limb is as large as it can be, and where the sum is 2^130 - 5 and around.
TEST(VectorPoly1305, CarriesWhatIsLargest) {
  for (const Byte filling : {Byte{0xff}, Byte{0xfe}, Byte{0xfb}, Byte{0x00}, Byte{0x01}}) {
    for (const std::size_t size : {16U, 32U, 48U, 512U, 576U, 4096U, 65536U}) {
      ByteArray<32> key;
      for (const Byte byte : {Byte{0xff}, Byte{0x02}, Byte{0x01}, Byte{0x00}}) {
        key.fill(byte);
        const Bytes message(size, filling);
        ASSERT_EQ(tag_of(key, message), expected(key, message)) << size;
        key.fill(Byte{0});
        key[0] = byte;  // r is this small number
        ASSERT_EQ(tag_of(key, message), expected(key, message)) << size;
      }
    }
  }
}

TEST(VectorPoly1305, PartsFollowEachOther) {
  SystemRandom random;
  const auto key = random.array<32>();
  Bytes whole;
  InlinePoly1305 mac(key);
  for (const std::size_t size : {5U, 640U, 16U, 0U, 1000U, 31U, 513U}) {
    Bytes part(size);
    random.fill(part);
    mac.absorb_padded(part);
    part.resize((size + 15) / 16 * 16);
    whole.insert(whole.end(), part.begin(), part.end());
  }
  EXPECT_EQ(mac.tag(), expected(key, whole));
}

}  // namespace
}  // namespace unhidra::crypto
