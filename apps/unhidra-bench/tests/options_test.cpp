#include "options.h"

#include <gtest/gtest.h>

namespace unhidra::bench {
namespace {

TEST(Addresses, RangesAndSingleAddressesAreListedInOrder) {
  const auto got = parse_addresses("127.0.0.254-127.0.1.1,127.0.0.9");
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, (std::vector<std::string>{"127.0.0.254", "127.0.0.255", "127.0.1.0", "127.0.1.1",
                                            "127.0.0.9"}));
}

TEST(Addresses, WhatIsNoRangeIsRefused) {
  for (const auto* text : {"127.0.0.2-127.0.0.1", "127.0.0", "localhost", "127.0.0.1-", "-",
                           "0.0.0.0-255.255.255.255"}) {
    EXPECT_FALSE(parse_addresses(text)) << text;
  }
}

TEST(Rate, MaxIsZeroAndOthersArePositive) {
  EXPECT_EQ(parse_rate("max"), 0.0);
  EXPECT_EQ(parse_rate("1000"), 1000.0);
  for (const auto* text : {"0", "-1", "fast", "10x", "", "nan"}) {
    EXPECT_FALSE(parse_rate(text)) << text;
  }
}

TEST(Url, HostPortAndTargetAreTakenApart) {
  const auto got = parse_url("wss://127.0.0.1:9000/v1/ws");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->host, "127.0.0.1");
  EXPECT_EQ(got->port, 9000);
  EXPECT_EQ(got->target, "/v1/ws");
  for (const auto* text : {"http://a:1", "https://a", "https://:1", "https://a:0", "https://a:x",
                           "https://a:70000", ""}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

}  // namespace
}  // namespace unhidra::bench
