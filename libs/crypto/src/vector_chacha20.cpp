#include "vector_chacha20.h"

#include <array>
#include <bit>
#include <cstring>

namespace unhidra::crypto {
namespace {

static_assert(std::endian::native == std::endian::little, "the words are loaded as they lie");

// One word of four consecutive blocks.
using Words = std::uint32_t __attribute__((vector_size(16)));
using State = std::array<Words, 16>;
constexpr std::size_t kBlock = 64;
constexpr std::size_t kBlocks = 4;

template <int kBits>
Words rotated(Words words) {
  return (words << kBits) | (words >> (32 - kBits));
}

void quarter_round(Words& a, Words& b, Words& c, Words& d) {
  a += b;
  d = rotated<16>(d ^ a);
  c += d;
  b = rotated<12>(b ^ c);
  a += b;
  d = rotated<8>(d ^ a);
  c += d;
  b = rotated<7>(b ^ c);
}

[[gnu::always_inline]] inline void permute(State& s) {
  for (int i = 0; i < 10; ++i) {
    quarter_round(s[0], s[4], s[8], s[12]);
    quarter_round(s[1], s[5], s[9], s[13]);
    quarter_round(s[2], s[6], s[10], s[14]);
    quarter_round(s[3], s[7], s[11], s[15]);
    quarter_round(s[0], s[5], s[10], s[15]);
    quarter_round(s[1], s[6], s[11], s[12]);
    quarter_round(s[2], s[7], s[8], s[13]);
    quarter_round(s[3], s[4], s[9], s[14]);
  }
}

Words all(std::uint32_t word) {
  return Words{word, word, word, word};
}

State initial(FixedView<32> key, FixedView<12> nonce, std::uint32_t counter) {
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
void transpose(Words& a, Words& b, Words& c, Words& d) {
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
[[gnu::always_inline]] inline State key_stream(const State& input) {
  State s = input;
  permute(s);
  for (std::size_t i = 0; i < s.size(); ++i) {
    s[i] += input[i];
  }
  for (std::size_t q = 0; q < 4; ++q) {
    transpose(s[4 * q], s[4 * q + 1], s[4 * q + 2], s[4 * q + 3]);
  }
  return s;
}

}  // namespace

void vector_chacha20(FixedView<32> key, FixedView<12> nonce, std::uint32_t counter, ByteView in,
                     MutableByteView out) {
  if (in.empty()) {
    return;
  }
  State input = initial(key, nonce, counter);
  State stream;
  std::size_t done = 0;
  for (; in.size() - done >= kBlock * kBlocks; done += kBlock * kBlocks) {
    stream = key_stream(input);
    const Byte* const from = in.data() + done;
    Byte* const to = out.data() + done;
#pragma GCC unroll 16
    for (std::size_t part = 0; part < 16; ++part) {
      const auto at = part / 4 * kBlock + part % 4 * sizeof(Words);
      Words text;
      std::memcpy(&text, from + at, sizeof(text));
      text ^= stream[part % 4 * 4 + part / 4];
      std::memcpy(to + at, &text, sizeof(text));
    }
    input[12] += all(kBlocks);
  }
  if (done < in.size()) {
    stream = key_stream(input);
    std::array<Byte, kBlock * kBlocks> bytes;
    for (std::size_t part = 0; part < stream.size(); ++part) {
      std::memcpy(bytes.data() + part * sizeof(Words), &stream[part % 4 * 4 + part / 4],
                  sizeof(Words));
    }
    for (std::size_t i = 0; done < in.size(); ++i, ++done) {
      out[done] = static_cast<Byte>(in[done] ^ bytes[i]);
    }
    wipe(bytes);
  }
  wipe({reinterpret_cast<Byte*>(stream.data()), sizeof(stream)});
  wipe({reinterpret_cast<Byte*>(input.data()), sizeof(input)});
}

}  // namespace unhidra::crypto
