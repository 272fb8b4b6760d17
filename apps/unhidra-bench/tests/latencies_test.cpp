#include "latencies.h"

#include <gtest/gtest.h>

namespace unhidra::bench {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

TEST(Latencies, NothingCountedIsZero) {
  EXPECT_EQ(Latencies().at(0.99), nanoseconds(0));
}

TEST(Latencies, QuantilesOfKnownSamplesAreWithinTheWidthOfABucket) {
  Latencies latencies;
  for (int i = 1; i <= 1000; ++i) {
    latencies.add(microseconds(i));
  }
  for (const auto& [quantile, expected] :
       {std::pair{0.5, 500.0}, {0.99, 990.0}, {0.999, 999.0}, {1.0, 1000.0}}) {
    const auto got = static_cast<double>(latencies.at(quantile).count()) / 1000;
    EXPECT_GE(got, expected) << quantile;
    EXPECT_LE(got, expected * 1.04) << quantile;
  }
  EXPECT_EQ(latencies.largest(), microseconds(1000));
}

TEST(Latencies, ExtremesAreCounted) {
  Latencies latencies;
  latencies.add(nanoseconds(-5));
  latencies.add(nanoseconds(0));
  latencies.add(nanoseconds::max());
  EXPECT_EQ(latencies.count(), 3U);
  EXPECT_EQ(latencies.at(0.5), nanoseconds(0));
  EXPECT_EQ(latencies.at(1), nanoseconds::max());
}

TEST(Latencies, CountsOfTwoProcessesAddUp) {
  Latencies one;
  Latencies two;
  one.add(microseconds(10));
  two.add(microseconds(3000));
  two.add(microseconds(4000));
  ByteWriter writer;
  two.encode(writer);
  ByteReader reader(writer.view());
  one.merge(Latencies::decode(reader));
  ASSERT_TRUE(reader.finish("latencies"));
  EXPECT_EQ(one.count(), 3U);
  EXPECT_EQ(one.largest(), microseconds(4000));
  EXPECT_LE(one.at(0.3), microseconds(11));
  EXPECT_GE(one.at(0.6), microseconds(3000));
}

}  // namespace
}  // namespace unhidra::bench
