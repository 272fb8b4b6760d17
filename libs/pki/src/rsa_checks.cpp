#include "rsa_checks.h"

#include <algorithm>
#include <bit>

namespace unhidra::pki {
namespace {

constexpr std::size_t kMinBits = 2048;
constexpr std::size_t kMaxBits = 8192;
constexpr std::size_t kMaxExponentSize = 8;

// The odd primes that divide the primorial used for keys from 2048 bits on, as far as they are
// needed to tell.
constexpr unsigned kPrimes[] = {3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,
                                47,  53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103,
                                107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};

bool is_power_of_65537(unsigned residue, unsigned prime) {
  unsigned power = 1;
  do {
    if (power == residue) {
      return true;
    }
    power = power * (65537 % prime) % prime;
  } while (power != 1);
  return false;
}

}  // namespace

bool has_roca_fingerprint(ByteView modulus) {
  return std::all_of(std::begin(kPrimes), std::end(kPrimes), [&](unsigned prime) {
    unsigned residue = 0;
    for (const Byte byte : modulus) {
      residue = (residue * 256 + byte) % prime;
    }
    return is_power_of_65537(residue, prime);
  });
}

bool is_acceptable_rsa(ByteView modulus, ByteView exponent) {
  if (modulus.empty() || exponent.empty() || modulus[0] == 0 || exponent[0] == 0) {
    return false;
  }
  const std::size_t bits =
      8 * (modulus.size() - 1) + static_cast<std::size_t>(std::bit_width(modulus[0]));
  const bool is_one = exponent.size() == 1 && exponent[0] == 1;
  return bits >= kMinBits && bits <= kMaxBits && (modulus.back() & 1) != 0 &&
         (exponent.back() & 1) != 0 && !is_one && exponent.size() <= kMaxExponentSize &&
         !has_roca_fingerprint(modulus);
}

}  // namespace unhidra::pki
