#include "builtins/call_by_name.h"

namespace unhidra::rego::builtins {
namespace {

TEST_F(Builtins, NetworksContainAddressesAndNetworks) {
  EXPECT_EQ(call("net.cidr_contains", R"(["10.0.0.0/8", "10.1.2.3"])"), "true");
  EXPECT_EQ(call("net.cidr_contains", R"(["10.0.0.0/8", "10.1.0.0/16"])"), "true");
  EXPECT_EQ(call("net.cidr_contains", R"(["2001:db8::/32", "2001:db9::1"])"), "false");
  EXPECT_EQ(call("net.cidr_contains", R"(["10.0.0.0/8", "x"])"),
            "error: not a valid textual representation of an IP address or CIDR: x");
  EXPECT_EQ(call("net.cidr_intersects", R"(["10.0.0.0/8", "10.9.0.0/16"])"), "true");
  EXPECT_EQ(call("net.cidr_is_valid", R"(["10.0.0.0/33"])"), "false");
  EXPECT_EQ(call("net.cidr_is_valid", R"(["010.0.0.0/8"])"), "false");
}

TEST_F(Builtins, MatchesNameTheirKeys) {
  EXPECT_EQ(
      call("net.cidr_contains_matches", R"([["1.1.0.0/16", "1.2.0.0/16"], {"x": "1.2.3.4"}])"),
      R"({[1, "x"]})");
  EXPECT_EQ(call("net.cidr_contains_matches", R"(["1.1.0.0/16", [[]]])"),
            "error: operand 2: element must be string or non-empty array");
}

TEST_F(Builtins, NetworksAreExpandedWithinTheBudget) {
  EXPECT_EQ(call("net.cidr_expand", R"(["192.168.1.1/31"])"), R"({"192.168.1.0", "192.168.1.1"})");
  EXPECT_TRUE(call("net.cidr_expand", R"(["::/0"])").starts_with("exhausted: "));
}

TEST_F(Builtins, NetworksAreMergedIntoTheFewest) {
  EXPECT_EQ(call("net.cidr_merge", R"([["192.0.128.0/24", "192.0.129.0/24"]])"),
            R"({"192.0.128.0/23"})");
  EXPECT_EQ(call("net.cidr_merge", R"([["::/0", "fe80::1/128"]])"), R"({"::/0"})");
  EXPECT_EQ(call("net.cidr_merge", R"([["192.0.2.112/31", "192.0.2.116/31", "192.0.2.118/31"]])"),
            R"({"192.0.2.112/31", "192.0.2.116/30"})");
  EXPECT_EQ(call("net.cidr_merge", R"([["2601::1"]])"), "error: IPv6 invalid: needs prefix length");
}

}  // namespace
}  // namespace unhidra::rego::builtins
