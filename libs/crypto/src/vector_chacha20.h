#pragma once
// ChaCha20 (RFC 8439 section 2.4) four blocks at a time, in the compiler's portable vectors: for
// WebAssembly, where libsodium's vector code for other processors cannot be compiled. Private to
// this room; all here, so that other work can be woven into its rounds (vector_aead.cpp).

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

#include "unhidra/base/secret.h"
#include "unhidra/crypto/provider.h"

namespace unhidra::crypto {
namespace chacha20 {

static_assert(std::endian::native == std::endian::little, "the words are loaded as they lie");

// One word of four consecutive blocks.
using Words = std::uint32_t __attribute__((vector_size(16)));
using State = std::array<Words, 16>;
constexpr std::size_t kBlock = 64;
constexpr std::size_t kBlocks = 4;
constexpr std::size_t kStep = kBlock * kBlocks;

template <int kBits>
Words rotated(Words words) {
#ifdef __wasm_simd128__
  // Whole bytes: one lookup in place of two shifts and what joins them.
  if constexpr (kBits == 16) {
    return reinterpret_cast<Words>(
        wasm_i8x16_swizzle(reinterpret_cast<v128_t>(words),
                           wasm_u8x16_const(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)));
  } else if constexpr (kBits == 8) {
    return reinterpret_cast<Words>(
        wasm_i8x16_swizzle(reinterpret_cast<v128_t>(words),
                           wasm_u8x16_const(3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14)));
  }
#endif
  return (words << kBits) | (words >> (32 - kBits));
}

inline void quarter_round(Words& a, Words& b, Words& c, Words& d) {
  a += b;
  d = rotated<16>(d ^ a);
  c += d;
  b = rotated<12>(b ^ c);
  a += b;
  d = rotated<8>(d ^ a);
  c += d;
  b = rotated<7>(b ^ c);
}

// What is called between two rounds is computed beside them.
template <class Beside>
[[gnu::always_inline]] inline void permute(State& s, Beside&& beside) {
  for (int i = 0; i < 10; ++i) {
    quarter_round(s[0], s[4], s[8], s[12]);
    quarter_round(s[1], s[5], s[9], s[13]);
    quarter_round(s[2], s[6], s[10], s[14]);
    quarter_round(s[3], s[7], s[11], s[15]);
    beside();
    quarter_round(s[0], s[5], s[10], s[15]);
    quarter_round(s[1], s[6], s[11], s[12]);
    quarter_round(s[2], s[7], s[8], s[13]);
    quarter_round(s[3], s[4], s[9], s[14]);
    beside();
  }
}

inline Words all(std::uint32_t word) {
  return Words{word, word, word, word};
}

inline State initial(FixedView<32> key, FixedView<12> nonce, std::uint32_t counter) {
  std::array<std::uint32_t, 8> key_words;
  std::array<std::uint32_t, 3> nonce_words;
  std::memcpy(key_words.data(), key.data(), key.size());
  std::memcpy(nonce_words.data(), nonce.data(), nonce.size());
  State out{all(0x61707865), all(0x3320646e), all(0x79622d32), all(0x6b206574)};
  for (std::size_t i = 0; i < 8; ++i) {
    out[4 + i] = all(key_words[i]);
  }
  out[12] = Words{counter, counter + 1, counter + 2, counter + 3};
  for (std::size_t i = 0; i < 3; ++i) {
    out[13 + i] = all(nonce_words[i]);
  }
  wipe({reinterpret_cast<Byte*>(key_words.data()), sizeof(key_words)});
  return out;
}

// Four words of the four blocks, as four words of one block each.
inline void transpose(Words& a, Words& b, Words& c, Words& d) {
  const Words ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const Words ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Words cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const Words cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  a = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
  b = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
  c = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
  d = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
}

// The key stream of four blocks, in the order of its bytes: quarter q of block b is words[4 * q +
// b].
template <class Beside>
[[gnu::always_inline]] inline State key_stream(const State& input, Beside&& beside) {
  State s = input;
  permute(s, beside);
  for (std::size_t i = 0; i < s.size(); ++i) {
    s[i] += input[i];
  }
  for (std::size_t q = 0; q < 4; ++q) {
    transpose(s[4 * q], s[4 * q + 1], s[4 * q + 2], s[4 * q + 3]);
  }
  return s;
}

[[gnu::always_inline]] inline void add(const State& stream, const Byte* from, Byte* to) {
#pragma GCC unroll 16
  for (std::size_t part = 0; part < 16; ++part) {
    const auto at = part / 4 * kBlock + part % 4 * sizeof(Words);
    Words text;
    std::memcpy(&text, from + at, sizeof(text));
    text ^= stream[part % 4 * 4 + part / 4];
    std::memcpy(to + at, &text, sizeof(text));
  }
}

// The key stream, block by block. Wiped when it goes.
class Stream {
 public:
  Stream(FixedView<32> key, FixedView<12> nonce, std::uint32_t counter)
      : input_(initial(key, nonce, counter)) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { wipe({reinterpret_cast<Byte*>(&input_), sizeof(input_)}); }

  // As many whole steps of `kStep` bytes as fit; answers how many bytes that were. `begin(done)` is
  // called before each step and `beside()` twenty times in it, for what is to be computed
  // meanwhile.
  template <class Begin, class Beside>
  [[gnu::always_inline]] inline std::size_t add_steps(ByteView in, MutableByteView out,
                                                      Begin&& begin, Beside&& beside) {
    std::size_t done = 0;
    for (; in.size() - done >= kStep; done += kStep) {
      begin(done);
      add(key_stream(input_, beside), in.data() + done, out.data() + done);
      input_[12] += all(kBlocks);
    }
    return done;
  }

  // The end of a text, of any length.
  void add_rest(ByteView in, MutableByteView out);

 private:
  State input_;
};

}  // namespace chacha20

// Adds the key stream that begins with block `counter`. `in` and `out` have the same length and are
// the same bytes or do not overlap.
void vector_chacha20(FixedView<32> key, FixedView<12> nonce, std::uint32_t counter, ByteView in,
                     MutableByteView out);

}  // namespace unhidra::crypto
