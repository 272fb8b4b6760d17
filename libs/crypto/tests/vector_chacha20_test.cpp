// What WebAssembly computes ChaCha20 with, compiled natively and beside libsodium's.

#include "vector_chacha20.h"

#include <sodium.h>

#include <gtest/gtest.h>

#include "unhidra/crypto/random.h"

namespace unhidra::crypto {
namespace {

Bytes expected(FixedView<32> key, FixedView<12> nonce, std::uint32_t counter, const Bytes& in) {
  Bytes out(in.size());
  if (!in.empty()) {
    crypto_stream_chacha20_ietf_xor_ic(out.data(), in.data(), in.size(), nonce.data(), counter,
                                       key.data());
  }
  return out;
}

TEST(VectorChacha20, AgreesWithLibsodiumAtEveryLength) {
  SystemRandom random;
  const auto key = random.array<32>();
  const auto nonce = random.array<12>();
  for (std::size_t size = 0; size <= 1100; ++size) {
    Bytes in(size);
    random.fill(in);
    for (const std::uint32_t counter : {0U, 1U, 0x7fffffffU}) {
      Bytes out(size);
      vector_chacha20(key, nonce, counter, in, out);
      ASSERT_EQ(out, expected(key, nonce, counter, in)) << size << " bytes, block " << counter;
    }
  }
}

TEST(VectorChacha20, MayWorkInPlace) {
  SystemRandom random;
  const auto key = random.array<32>();
  const auto nonce = random.array<12>();
  Bytes bytes(777);
  random.fill(bytes);
  const auto want = expected(key, nonce, 1, bytes);
  vector_chacha20(key, nonce, 1, bytes, bytes);
  EXPECT_EQ(bytes, want);
}

}  // namespace
}  // namespace unhidra::crypto
