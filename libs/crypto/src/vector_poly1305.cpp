#include "vector_poly1305.h"

#include "unhidra/base/secret.h"

namespace unhidra::crypto {
namespace {

template <class T>
void wipe_value(T& value) {
  wipe({reinterpret_cast<Byte*>(&value), sizeof(value)});
}

}  // namespace

InlinePoly1305::InlinePoly1305(FixedView<32> key) {
  ByteArray<kBlock> clamped;
  std::memcpy(clamped.data(), key.data(), kBlock);
  std::memcpy(pad_.data(), key.data() + kBlock, sizeof(pad_));
  for (const std::size_t i : {3U, 7U, 11U, 15U}) {
    clamped[i] &= 0x0f;
  }
  for (const std::size_t i : {4U, 8U, 12U}) {
    clamped[i] &= 0xfc;
  }
  running_.r = limbs_of(clamped.data());
  wipe(clamped);
}

InlinePoly1305::~InlinePoly1305() {
  wipe_value(running_);
  wipe_value(pad_);
}

void InlinePoly1305::absorb_padded(ByteView part) {
  for (; part.size() >= kBlock; part = part.subspan(kBlock)) {
    running_.absorb_block(part.data());
  }
  if (!part.empty()) {
    ByteArray<kBlock> last{};
    std::memcpy(last.data(), part.data(), part.size());
    running_.absorb_block(last.data());
  }
}

ByteArray<16> InlinePoly1305::tag() const {
  Limbs whole = running_.sum;
  carry(whole);
  carry(whole);  // now every limb has 26 bits
  // What is left when 2^130 - 5 is taken away, if that is possible.
  Limbs less = whole;
  less[0] += 5;
  for (std::size_t k = 0; k < 4; ++k) {
    less[k + 1] += less[k] >> kLimbBits;
    less[k] &= kLimb;
  }
  const auto possible = std::uint64_t{0} - (less[4] >> kLimbBits);
  less[4] &= kLimb;
  for (std::size_t k = 0; k < 5; ++k) {
    whole[k] = (whole[k] & ~possible) | (less[k] & possible);
  }
  const std::array<std::uint64_t, 4> words{
      whole[0] | (whole[1] << 26), (whole[1] >> 6) | (whole[2] << 20),
      (whole[2] >> 12) | (whole[3] << 14), (whole[3] >> 18) | (whole[4] << 8)};
  ByteArray<16> out;
  std::uint64_t over = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    over += (words[i] & 0xffffffff) + pad_[i];
    const auto word = static_cast<std::uint32_t>(over);
    std::memcpy(out.data() + i * sizeof(word), &word, sizeof(word));
    over >>= 32;
  }
  return out;
}

}  // namespace unhidra::crypto
