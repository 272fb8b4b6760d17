#include "unhidra/base/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>

#include <sys/auxv.h>
#endif

namespace unhidra {
namespace {

constexpr std::uint32_t kReflectedPolynomial = 0x82F63B78U;
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

// tables[k][b]: the remainder of byte b followed by k zero bytes.
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t value = 0; value < 256; ++value) {
    std::uint32_t remainder = value;
    for (int bit = 0; bit < 8; ++bit) {
      remainder = (remainder >> 1) ^ ((remainder & 1U) != 0 ? kReflectedPolynomial : 0U);
    }
    tables[0][value] = remainder;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t value = 0; value < 256; ++value) {
      const auto shorter = tables[k - 1][value];
      tables[k][value] = (shorter >> 8) ^ tables[0][shorter & 0xFFU];
    }
  }
  return tables;
}
constexpr Tables kTables = make_tables();

std::uint64_t load_little_endian(const Byte* bytes) {
  std::uint64_t word = 0;
  for (int i = 7; i >= 0; --i) {
    word = word << 8 | bytes[i];
  }
  return word;
}

std::uint32_t by_tables(const Byte* at, std::size_t size, std::uint32_t crc) {
  for (; size >= 8; at += 8, size -= 8) {
    const auto word = load_little_endian(at) ^ crc;
    crc = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      crc ^= kTables[7 - i][(word >> (8 * i)) & 0xFFU];
    }
  }
  for (; size > 0; ++at, --size) {
    crc = (crc >> 8) ^ kTables[0][(crc ^ *at) & 0xFFU];
  }
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(const Byte* at, std::size_t size,
                                                               std::uint32_t crc) {
  std::uint64_t wide = crc;
  for (; size >= 8; at += 8, size -= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    wide = _mm_crc32_u64(wide, word);
  }
  crc = static_cast<std::uint32_t>(wide);
  for (; size > 0; ++at, --size) {
    crc = _mm_crc32_u8(crc, *at);
  }
  return crc;
}
bool has_instruction() {
  return __builtin_cpu_supports("sse4.2") != 0;
}
#elif defined(__aarch64__)
#if defined(__clang__)
__attribute__((target("crc")))
#else
__attribute__((target("+crc")))
#endif
std::uint32_t
by_instruction(const Byte* at, std::size_t size, std::uint32_t crc) {
  for (; size >= 8; at += 8, size -= 8) {
    crc = __crc32cd(crc, load_little_endian(at));
  }
  for (; size > 0; ++at, --size) {
    crc = __crc32cb(crc, *at);
  }
  return crc;
}
bool has_instruction() {
  constexpr unsigned long kHwcapCrc32 = 1UL << 7;
  return (::getauxval(AT_HWCAP) & kHwcapCrc32) != 0;
}
#else
constexpr auto by_instruction = by_tables;
constexpr bool has_instruction() {
  return false;
}
#endif

}  // namespace

std::uint32_t crc32c_portable(ByteView bytes, std::uint32_t before) {
  return ~by_tables(bytes.data(), bytes.size(), ~before);
}

std::uint32_t crc32c(ByteView bytes, std::uint32_t before) {
  static const bool fast = has_instruction();
  return ~(fast ? by_instruction : by_tables)(bytes.data(), bytes.size(), ~before);
}

}  // namespace unhidra
