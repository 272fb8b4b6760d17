#include "forwarded.h"

#include <gtest/gtest.h>

namespace unhidra::net {
namespace {

RequestHead request(std::string peer, std::string_view forwarded_for) {
  RequestHead out;
  out.peer = {std::move(peer), 4711};
  if (!forwarded_for.empty()) {
    out.headers.add("X-Forwarded-For", std::string(forwarded_for));
  }
  return out;
}

const std::vector<std::string> kProxies{"127.0.0.1", "10.0.0.7"};

TEST(Forwarding, WithoutAHeaderNothingChanges) {
  auto head = request("127.0.0.1", "");
  apply_forwarding(head, kProxies);
  EXPECT_EQ(head.peer.ip, "127.0.0.1");
  EXPECT_FALSE(head.forwarded);
}

TEST(Forwarding, ATrustedProxyNamesItsClient) {
  auto head = request("127.0.0.1", "203.0.113.9");
  apply_forwarding(head, kProxies);
  EXPECT_EQ(head.peer.ip, "203.0.113.9");
  EXPECT_TRUE(head.forwarded);
}

TEST(Forwarding, WhatTheClientInventedStandsLeftAndIsNotBelieved) {
  auto head = request("127.0.0.1", "198.51.100.1, 203.0.113.9, 10.0.0.7");
  apply_forwarding(head, kProxies);
  EXPECT_EQ(head.peer.ip, "203.0.113.9");
}

TEST(Forwarding, OthersAreNotBelievedButMarked) {
  auto head = request("192.0.2.1", "127.0.0.1");
  apply_forwarding(head, kProxies);
  EXPECT_EQ(head.peer.ip, "192.0.2.1");
  EXPECT_TRUE(head.forwarded);
}

TEST(Forwarding, NoAddressIsNoAddress) {
  for (const auto* text : {"unknown", "_hidden", "1.2.3", "[::1]:80", "127.0.0.1:1"}) {
    auto head = request("127.0.0.1", text);
    apply_forwarding(head, kProxies);
    EXPECT_EQ(head.peer.ip, "127.0.0.1") << text;
    EXPECT_TRUE(head.forwarded);
  }
}

}  // namespace
}  // namespace unhidra::net
