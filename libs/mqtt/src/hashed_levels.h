#pragma once
// The levels of a topic with their hashes, made in one pass over its bytes.

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "unhidra/mqtt/topic.h"

namespace unhidra::mqtt {

// The two halves of a 128-bit product: every bit of the result depends on every bit of both.
inline std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Nothing in it is initialised by itself: a topic pays for the levels that it has.
struct HashedLevel {
  const char* begin;
  std::size_t size;
  std::uint64_t hash;

  std::string_view text() const { return {begin, size}; }
};

class HashedLevels {
 public:
  // `seed` differs for each tree: a peer cannot choose names that collide.
  HashedLevels(std::string_view topic, std::uint64_t seed) {
    const char* at = topic.data();
    const char* const end = at + topic.size();
    for (bool more = true; more && count_ < kMaxLevels; ++count_) {
      const char* const begin = at;
      const auto hash = hash_level(at, end, seed);
      levels_[count_] = {begin, static_cast<std::size_t>(at - begin), hash};
      more = at != end;
      at += more ? 1 : 0;
      too_deep_ = more;
    }
  }

  // More than kMaxLevels: only those are here.
  bool too_deep() const { return too_deep_; }
  std::span<const HashedLevel> all() const { return std::span(levels_).first(count_); }

 private:
  // Eight bytes as a number, the first one lowest; zeros behind the end.
  static std::uint64_t load(const char* at, std::size_t left) {
    std::uint64_t word = 0;
    if (left >= sizeof word) {
      std::memcpy(&word, at, sizeof word);
      if constexpr (std::endian::native == std::endian::big) {
        word = __builtin_bswap64(word);
      }
      return word;
    }
    for (std::size_t i = 0; i < left; ++i) {
      word |= std::uint64_t{static_cast<std::uint8_t>(at[i])} << (8 * i);
    }
    return word;
  }
  // How many bytes of `word` come before its first slash; 8: it has none.
  static std::size_t before_slash(std::uint64_t word) {
    constexpr std::uint64_t kOnes = 0x0101010101010101;
    const auto zero_at_slash = word ^ (kOnes * '/');
    const auto found = (zero_at_slash - kOnes) & ~zero_at_slash & (kOnes * 0x80);
    return static_cast<std::size_t>(std::countr_zero(found)) / 8;
  }
  // Moves `at` to the slash behind the level, or to the end.
  static std::uint64_t hash_level(const char*& at, const char* end, std::uint64_t seed) {
    const char* const begin = at;
    std::uint64_t hash = seed;
    for (;;) {
      const auto left = static_cast<std::size_t>(end - at);
      const auto word = load(at, left);
      const auto size = std::min(before_slash(word), left);
      at += size;
      if (size < sizeof word) {
        const auto last = word & ((std::uint64_t{1} << (8 * size)) - 1);
        return fold(hash ^ last, kOdd ^ static_cast<std::uint64_t>(at - begin));
      }
      hash = fold(hash ^ word, kOdd);
    }
  }

  static constexpr std::uint64_t kOdd = 0xa0761d6478bd642f;

  std::array<HashedLevel, kMaxLevels> levels_;
  std::size_t count_ = 0;
  bool too_deep_ = false;
};

}  // namespace unhidra::mqtt
