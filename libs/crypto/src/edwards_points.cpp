#include "edwards_points.h"

#include <algorithm>

#include "openssl_support.h"

namespace unhidra::crypto::edwards {
namespace {

using Point = ByteArray<32>;

Point little_endian(Byte first, Byte middle, Byte last) {
  Point out;
  out.fill(middle);
  out.front() = first;
  out.back() = last;
  return out;
}

Point without_sign(FixedView<32> point) {
  Point out;
  std::copy(point.begin(), point.end(), out.begin());
  out[31] &= 0x7f;
  return out;
}

// The two y coordinates of the points of order 8.
constexpr Point kOrderEightA{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
                             0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
                             0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05};
constexpr Point kOrderEightB{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
                             0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
                             0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a};

}  // namespace

bool is_canonical(FixedView<32> point) {
  const Point y = without_sign(point);
  const bool negative = (point[31] & 0x80) != 0;
  const bool is_one = y == little_endian(1, 0, 0);
  const bool is_minus_one = y == little_endian(0xec, 0xff, 0x7f);
  if (negative && (is_one || is_minus_one)) {
    return false;  // x is zero there, and zero has no sign
  }
  // p = 0xed, then 30 times 0xff, then 0x7f.
  const bool high =
      y[31] == 0x7f && std::all_of(y.begin() + 1, y.begin() + 31, [](Byte b) { return b == 0xff; });
  return !(high && y[0] >= 0xed);
}

bool is_small_order(FixedView<32> point) {
  const Point y = without_sign(point);
  const std::array<Point, 7> all{little_endian(0, 0, 0),           // order 4
                                 little_endian(1, 0, 0),           // the neutral element
                                 little_endian(0xec, 0xff, 0x7f),  // -1: order 2
                                 little_endian(0xed, 0xff, 0x7f),  // p, that is 0
                                 little_endian(0xee, 0xff, 0x7f),  // p + 1, that is 1
                                 kOrderEightA,
                                 kOrderEightB};
  return std::find(all.begin(), all.end(), y) != all.end();
}

bool is_on_curve(FixedView<32> point) {
  const Point y_bytes = without_sign(point);
  const OwnedBnCtx context(BN_CTX_new());
  const OwnedBignum p(BN_new());
  const OwnedBignum d(BN_new());
  const OwnedBignum y2(BN_lebin2bn(y_bytes.data(), static_cast<int>(y_bytes.size()), nullptr));
  const OwnedBignum numerator(BN_new());
  BN_CTX* const ctx = context.get();
  // p = 2^255 - 19, d = -121665 / 121666.
  if (!ctx || !p || !d || !y2 || !numerator || BN_set_bit(p.get(), 255) != 1 ||
      BN_sub_word(p.get(), 19) != 1 || BN_set_word(d.get(), 121666) != 1 ||
      BN_mod_inverse(d.get(), d.get(), p.get(), ctx) == nullptr ||
      BN_mul_word(d.get(), 121665) != 1 || BN_sub(d.get(), p.get(), d.get()) != 1 ||
      BN_nnmod(d.get(), d.get(), p.get(), ctx) != 1 ||
      BN_mod_sqr(y2.get(), y2.get(), p.get(), ctx) != 1 ||
      // u = y^2 - 1, v = d y^2 + 1; u / v is a square exactly when u v is.
      BN_copy(numerator.get(), y2.get()) == nullptr || BN_sub_word(numerator.get(), 1) != 1 ||
      BN_mod_mul(y2.get(), y2.get(), d.get(), p.get(), ctx) != 1 || BN_add_word(y2.get(), 1) != 1 ||
      BN_mod_mul(numerator.get(), numerator.get(), y2.get(), p.get(), ctx) != 1) {
    return false;
  }
  return BN_is_zero(numerator.get()) || BN_kronecker(numerator.get(), p.get(), ctx) == 1;
}

}  // namespace unhidra::crypto::edwards
