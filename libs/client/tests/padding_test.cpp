#include "padding.h"

#include <set>

#include <gtest/gtest.h>

namespace unhidra::client {
namespace {

TEST(Padding, GivesBackEveryContentUpToAnEighthLarger) {
  for (std::size_t size = 0; size < 5000; ++size) {
    const Bytes content(size, Byte{0x80});
    const auto padded = pad(content);
    EXPECT_GT(padded.size(), size);
    EXPECT_LE(padded.size(), std::max(kSmallestPadded, size + 1 + size / 8 + 1));
    const auto back = unpad(padded.expose());
    ASSERT_TRUE(back) << size;
    EXPECT_EQ(to_bytes(*back), content);
  }
}

TEST(Padding, HidesTheLengthInFewSizes) {
  std::set<std::size_t> sizes;
  for (std::size_t size = 0; size <= 16'384; ++size) {
    sizes.insert(padded_size(size));
  }
  EXPECT_LT(sizes.size(), 128U);
  EXPECT_EQ(padded_size(0), padded_size(100));
}

TEST(Padding, RefusesFillThatPadDoesNotMake) {
  const auto good = pad(as_bytes("hello"));
  auto bytes = to_bytes(good.expose());
  EXPECT_TRUE(unpad(bytes));
  auto longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(unpad(longer));
  auto shorter = bytes;
  shorter.pop_back();
  EXPECT_FALSE(unpad(shorter));
  auto dirty = bytes;
  dirty.back() = 1;
  EXPECT_FALSE(unpad(dirty));
  EXPECT_FALSE(unpad(Bytes(kSmallestPadded, Byte{0})));
  EXPECT_FALSE(unpad({}));
}

}  // namespace
}  // namespace unhidra::client
