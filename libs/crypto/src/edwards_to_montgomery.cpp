#include "edwards_to_montgomery.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace unhidra::crypto::edwards {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t kLimb = (std::uint64_t{1} << 51) - 1;

// An integer modulo p = 2^255 - 19: five limbs of 51 bits, each a little larger at times.
struct Field {
  std::uint64_t l0 = 0, l1 = 0, l2 = 0, l3 = 0, l4 = 0;
};

Wide product(std::uint64_t a, std::uint64_t b) {
  return static_cast<Wide>(a) * b;
}
std::uint64_t low(Wide sum) {
  return static_cast<std::uint64_t>(sum) & kLimb;
}

// Sums of products below 2^115 become limbs again; 2^255 is 19.
Field carried(Wide s0, Wide s1, Wide s2, Wide s3, Wide s4) {
  s1 += s0 >> 51;
  s2 += s1 >> 51;
  s3 += s2 >> 51;
  s4 += s3 >> 51;
  Field out{low(s0), low(s1), low(s2), low(s3), low(s4)};
  out.l0 += 19 * static_cast<std::uint64_t>(s4 >> 51);
  out.l1 += out.l0 >> 51;
  out.l0 &= kLimb;
  return out;
}

Field multiply(const Field& a, const Field& b) {
  const std::uint64_t b1 = 19 * b.l1, b2 = 19 * b.l2, b3 = 19 * b.l3, b4 = 19 * b.l4;
  return carried(product(a.l0, b.l0) + product(a.l1, b4) + product(a.l2, b3) + product(a.l3, b2) +
                     product(a.l4, b1),
                 product(a.l0, b.l1) + product(a.l1, b.l0) + product(a.l2, b4) + product(a.l3, b3) +
                     product(a.l4, b2),
                 product(a.l0, b.l2) + product(a.l1, b.l1) + product(a.l2, b.l0) +
                     product(a.l3, b4) + product(a.l4, b3),
                 product(a.l0, b.l3) + product(a.l1, b.l2) + product(a.l2, b.l1) +
                     product(a.l3, b.l0) + product(a.l4, b4),
                 product(a.l0, b.l4) + product(a.l1, b.l3) + product(a.l2, b.l2) +
                     product(a.l3, b.l1) + product(a.l4, b.l0));
}

Field squared(Field a, unsigned times) {
  for (; times > 0; --times) {
    const std::uint64_t d0 = 2 * a.l0, d1 = 2 * a.l1, d2 = 2 * a.l2;
    const std::uint64_t a3 = 19 * a.l3, a4 = 19 * a.l4;
    a = carried(product(a.l0, a.l0) + product(d1, a4) + product(d2, a3),
                product(d0, a.l1) + product(d2, a4) + product(a.l3, a3),
                product(d0, a.l2) + product(a.l1, a.l1) + product(2 * a.l3, a4),
                product(d0, a.l3) + product(d1, a.l2) + product(a.l4, a4),
                product(d0, a.l4) + product(d1, a.l3) + product(a.l2, a.l2));
  }
  return a;
}

// a^(p - 2), p - 2 being 250 ones, then 01011 in binary.
Field inverse(const Field& a) {
  const Field two = squared(a, 1);
  const Field nine = multiply(a, squared(two, 2));
  const Field eleven = multiply(two, nine);
  const Field ones5 = multiply(nine, squared(eleven, 1));
  const Field ones10 = multiply(ones5, squared(ones5, 5));
  const Field ones20 = multiply(ones10, squared(ones10, 10));
  const Field ones40 = multiply(ones20, squared(ones20, 20));
  const Field ones50 = multiply(ones10, squared(ones40, 10));
  const Field ones100 = multiply(ones50, squared(ones50, 50));
  const Field ones200 = multiply(ones100, squared(ones100, 100));
  const Field ones250 = multiply(ones50, squared(ones200, 50));
  return multiply(eleven, squared(ones250, 5));
}

std::uint64_t load(FixedView<32> bytes, std::size_t at) {
  std::uint64_t out = 0;
  for (std::size_t i = 8; i-- > 0;) {
    out = (out << 8) | bytes[at + i];
  }
  return out;
}

// Without the top bit, the sign of x.
Field decode(FixedView<32> bytes) {
  return {load(bytes, 0) & kLimb, (load(bytes, 6) >> 3) & kLimb, (load(bytes, 12) >> 6) & kLimb,
          (load(bytes, 19) >> 1) & kLimb, (load(bytes, 24) >> 12) & kLimb};
}

void encode(const Field& value, MutableFixedView<32> out) {
  Field a = carried(value.l0, value.l1, value.l2, value.l3, value.l4);
  // Adding 19 carries out of 255 bits exactly when a >= p.
  std::uint64_t over = (a.l0 + 19) >> 51;
  for (const std::uint64_t limb : {a.l1, a.l2, a.l3, a.l4}) {
    over = (limb + over) >> 51;
  }
  // Then a - p is a + 19 without the bit 2^255.
  a.l0 += 19 * over;
  a.l1 += a.l0 >> 51;
  a.l2 += a.l1 >> 51;
  a.l3 += a.l2 >> 51;
  a.l4 += a.l3 >> 51;
  for (std::uint64_t* limb : {&a.l0, &a.l1, &a.l2, &a.l3, &a.l4}) {
    *limb &= kLimb;
  }
  const std::array<std::uint64_t, 4> words{a.l0 | a.l1 << 51, a.l1 >> 13 | a.l2 << 38,
                                           a.l2 >> 26 | a.l3 << 25, a.l3 >> 39 | a.l4 << 12};
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<Byte>(words[i / 8] >> (8 * (i % 8)));
  }
}

}  // namespace

void to_montgomery(FixedView<32> point, MutableFixedView<32> u) {
  const Field y = decode(point);
  Field above = y;
  above.l0 += 1;
  // 1 + 2 p - y: no limb goes below zero.
  const Field below{2 * kLimb - 35 - y.l0, 2 * kLimb - y.l1, 2 * kLimb - y.l2, 2 * kLimb - y.l3,
                    2 * kLimb - y.l4};
  encode(multiply(above, inverse(below)), u);
}

bool to_edwards(FixedView<32> from, MutableFixedView<32> point) {
  const Field u = decode(from);
  Field above = u;
  above.l0 += 1;
  encode(above, point);
  if (std::ranges::all_of(point, [](Byte b) { return b == 0; })) {
    return false;
  }
  // u - 1 + 2 p
  const Field below{u.l0 + 2 * kLimb - 37, u.l1 + 2 * kLimb, u.l2 + 2 * kLimb, u.l3 + 2 * kLimb,
                    u.l4 + 2 * kLimb};
  encode(multiply(below, inverse(above)), point);
  return true;
}

}  // namespace unhidra::crypto::edwards
