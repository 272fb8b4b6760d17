#pragma once
// SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash for short inputs. For hash tables whose
// keys strangers choose, and for ids that a log may show; not a replacement for a MAC of messages.

#include <bit>
#include <cstdint>

#include "unhidra/base/bytes.h"

namespace unhidra::runtime {

struct SipKey {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;
};

// From the operating system's randomness; ends the process when that fails.
SipKey random_sip_key();

namespace detail {
struct SipState {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void absorb(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};
}  // namespace detail

inline std::uint64_t siphash24(const SipKey& key, ByteView data) {
  detail::SipState s{key.k0 ^ 0x736f6d6570736575, key.k1 ^ 0x646f72616e646f6d,
                     key.k0 ^ 0x6c7967656e657261, key.k1 ^ 0x7465646279746573};
  std::uint64_t word = 0;
  std::size_t i = 0;
  for (; i < data.size(); ++i) {
    word |= std::uint64_t{data[i]} << (8 * (i % 8));
    if (i % 8 == 7) {
      s.absorb(word);
      word = 0;
    }
  }
  s.absorb(word | std::uint64_t{data.size()} << 56);
  s.v2 ^= 0xff;
  for (int n = 0; n < 4; ++n) {
    s.round();
  }
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

}  // namespace unhidra::runtime
