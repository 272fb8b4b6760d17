// What WebAssembly seals with, compiled natively and beside libsodium's.

#include "vector_aead.h"

#include <algorithm>
#include <sodium.h>

#include <gtest/gtest.h>

#include "unhidra/crypto/random.h"

namespace unhidra::crypto {
namespace {

class VectorAead : public ::testing::Test {
 protected:
  Bytes some(std::size_t size) {
    Bytes out(size);
    random_.fill(out);
    return out;
  }
  Bytes sealed(const Bytes& text, const Bytes& beside) {
    Bytes out(text.size() + kAeadTagSize);
    vector_aead_seal(key_, nonce_, beside, text, out);
    return out;
  }
  Bytes expected(const Bytes& text, const Bytes& beside) {
    Bytes out(text.size() + kAeadTagSize);
    const Byte nothing = 0;
    crypto_aead_chacha20poly1305_ietf_encrypt(out.data(), nullptr,
                                              text.empty() ? &nothing : text.data(), text.size(),
                                              beside.empty() ? &nothing : beside.data(),
                                              beside.size(), nullptr, nonce_.data(), key_.data());
    return out;
  }

  SystemRandom random_;
  ByteArray<32> key_ = random_.array<32>();
  ByteArray<12> nonce_ = random_.array<12>();
};

TEST_F(VectorAead, AgreesWithLibsodiumAtEveryLength) {
  for (std::size_t size = 0; size <= 1500; ++size) {
    const auto text = some(size);
    const auto beside = some(size % 67);
    const auto box = sealed(text, beside);
    ASSERT_EQ(box, expected(text, beside)) << size;
    Bytes opened(size);
    ASSERT_TRUE(vector_aead_open(key_, nonce_, beside, box, opened)) << size;
    ASSERT_EQ(opened, text) << size;
  }
}

TEST_F(VectorAead, MayWorkInPlace) {
  for (const std::size_t size : {0U, 10U, 192U, 193U, 447U, 448U, 449U, 704U, 5000U}) {
    const auto text = some(size);
    auto room = text;
    room.resize(size + kAeadTagSize);
    vector_aead_seal(key_, nonce_, {}, ByteView(room).first(size), room);
    ASSERT_EQ(room, expected(text, {})) << size;
    ASSERT_TRUE(vector_aead_open(key_, nonce_, {}, room, MutableByteView(room).first(size)));
    ASSERT_TRUE(std::equal(text.begin(), text.end(), room.begin())) << size;
  }
}

// Wherever a bit is wrong: nothing is opened, and nothing of the text is left behind.
TEST_F(VectorAead, RefusesWhatWasChanged) {
  for (const std::size_t size : {0U, 64U, 200U, 448U, 1000U, 2000U}) {
    const auto text = some(size);
    const auto beside = some(20);
    const auto box = sealed(text, beside);
    for (std::size_t at = 0; at < box.size(); at += 1 + at / 16) {
      auto changed = box;
      changed[at] ^= 0x10;
      Bytes opened(size, Byte{1});
      ASSERT_FALSE(vector_aead_open(key_, nonce_, beside, changed, opened)) << size << " " << at;
      ASSERT_EQ(opened, Bytes(size)) << size << " " << at;
    }
    Bytes opened(size);
    EXPECT_FALSE(vector_aead_open(key_, nonce_, some(20), box, opened));
  }
}

}  // namespace
}  // namespace unhidra::crypto
