#include "../src/range.h"

#include <gtest/gtest.h>

namespace unhidra::files {
namespace {

TEST(Range, IsReadAsTheStandardSays) {
  const ByteRange whole{0, 1000, false};
  for (const auto* ignored :
       {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-1", "lines=0-1", "bytes=0-1,5-9",
        "bytes= 0-1", "bytes=0-1 ", "bytes=--1", "bytes=+1-2", "bytes=0-18446744073709551616"}) {
    const auto range = read_range(ignored, 1000);
    ASSERT_TRUE(range) << ignored;
    EXPECT_EQ(*range, whole) << ignored;
  }
  EXPECT_EQ(*read_range("bytes=0-0", 1000), (ByteRange{0, 1, true}));
  EXPECT_EQ(*read_range("bytes=0-", 1000), (ByteRange{0, 1000, true}));
  EXPECT_EQ(*read_range("bytes=990-5000", 1000), (ByteRange{990, 10, true}));
  EXPECT_EQ(*read_range("bytes=-10", 1000), (ByteRange{990, 10, true}));
  EXPECT_EQ(*read_range("bytes=-5000", 1000), (ByteRange{0, 1000, true}));
  EXPECT_EQ(*read_range("bytes=5-18446744073709551615", 1000), (ByteRange{5, 995, true}));
  for (const auto* outside : {"bytes=1000-", "bytes=1000-2000", "bytes=-0",
                              "bytes=18446744073709551615-18446744073709551615"}) {
    EXPECT_FALSE(read_range(outside, 1000)) << outside;
  }
}

}  // namespace
}  // namespace unhidra::files
