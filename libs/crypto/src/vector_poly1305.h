#pragma once
// Poly1305 (RFC 8439 section 2.5) for WebAssembly, where it is computed beside ChaCha20
// (vector_aead.cpp): in 64-bit integers, which the vectors of ChaCha20 leave free. Private to this
// room.

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "unhidra/base/bytes.h"
#include "unhidra/crypto/provider.h"

namespace unhidra::crypto {

// One message under a key that is used once. The time depends on the lengths alone.
class InlinePoly1305 {
 public:
  static constexpr std::size_t kBlock = 16;

  explicit InlinePoly1305(FixedView<32> key);
  InlinePoly1305(const InlinePoly1305&) = delete;
  InlinePoly1305& operator=(const InlinePoly1305&) = delete;
  ~InlinePoly1305();

  // A number modulo 2^130 - 5: each limb has 26 bits and a little more.
  using Limbs = std::array<std::uint64_t, 5>;
  // What a loop keeps in registers.
  struct Running {
    Limbs r;
    Limbs sum{};
    [[gnu::always_inline]] void absorb_block(const Byte* block);
  };
  const Running& running() const { return running_; }
  void go_on_from(const Running& later) { running_.sum = later.sum; }
  // Filled up with zeros to whole blocks, as RFC 8439 section 2.8 has it.
  void absorb_padded(ByteView part);
  ByteArray<16> tag() const;

 private:
  static constexpr std::uint64_t kLimb = 0x3ffffff;
  static constexpr int kLimbBits = 26;

  static Limbs limbs_of(const Byte* block);
  static void carry(Limbs& sums);

  Running running_;
  std::array<std::uint32_t, 4> pad_;
};

inline InlinePoly1305::Limbs InlinePoly1305::limbs_of(const Byte* block) {
  static_assert(std::endian::native == std::endian::little, "the words are loaded as they lie");
  std::array<std::uint64_t, 2> w;
  std::memcpy(w.data(), block, kBlock);
  return {w[0] & kLimb, (w[0] >> 26) & kLimb, ((w[0] >> 52) | (w[1] << 12)) & kLimb,
          (w[1] >> 14) & kLimb, w[1] >> 40};
}

// Of each limb's sum of products; 2^130 is 5.
inline void InlinePoly1305::carry(Limbs& sums) {
  for (std::size_t k = 0; k < 4; ++k) {
    sums[k + 1] += sums[k] >> kLimbBits;
    sums[k] &= kLimb;
  }
  sums[0] += 5 * (sums[4] >> kLimbBits);
  sums[4] &= kLimb;
  sums[1] += sums[0] >> kLimbBits;
  sums[0] &= kLimb;
}

inline void InlinePoly1305::Running::absorb_block(const Byte* block) {
  constexpr std::uint64_t kAboveBlock = std::uint64_t{1} << 24;  // 2^128 in the highest limb
  const Limbs text = limbs_of(block);
  Limbs sums{};
  for (std::size_t j = 0; j < 5; ++j) {
    const std::uint64_t limb = sum[j] + text[j] + (j == 4 ? kAboveBlock : 0);
    for (std::size_t k = 0; k < 5; ++k) {
      sums[k] += limb * (j <= k ? r[k - j] : 5 * r[5 + k - j]);
    }
  }
  carry(sums);
  sum = sums;
}

}  // namespace unhidra::crypto
