// What a client does against the rules, and which of them the broker says it broke. Bytes are
// written out, since no encoder makes such packets.
#include <gtest/gtest.h>

#include "broker_world.h"

namespace unhidra::mqtt {
namespace {

constexpr Byte kMalformed = 0x81;
constexpr Byte kProtocol = 0x82;
constexpr Byte kAlias = 0x94;

// What a client of version 5 is told in DISCONNECT; nothing when it is cut off without a word.
std::optional<Byte> told(const Bytes& packet) {
  World world({.topic_alias_maximum = 10});
  Client client(world);
  EXPECT_EQ(client.connect("c"), 0);
  client.send(packet);
  EXPECT_TRUE(client.link.closed);
  const auto came = client.take();
  if (came.empty()) {
    return std::nullopt;
  }
  return static_cast<Byte>(decode_disconnect(came.back().frame(), Version::v5)->reason);
}

TEST(BrokenRules, OnlyServersSayWhichSubscriptionAMessageIsFor) {
  EXPECT_EQ(told({0x30, 6, 0, 1, 't', 2, 0x0b, 1}), kProtocol);  // section 3.3.4
}

TEST(BrokenRules, TopicAliases) {
  EXPECT_EQ(told({0x30, 7, 0, 1, 't', 3, 0x23, 0, 0}), kProtocol);  // zero
  EXPECT_EQ(told({0x30, 6, 0, 0, 3, 0x23, 0, 2}), kProtocol);       // of no topic yet
  EXPECT_EQ(told({0x30, 7, 0, 1, 't', 3, 0x23, 0, 11}), kAlias);    // above the maximum
  EXPECT_EQ(told({0x30, 3, 0, 0, 0}), kMalformed);                  // neither topic nor alias
}

TEST(BrokenRules, AResponseTopicIsTheNameOfATopic) {
  EXPECT_EQ(told({0x30, 7, 0, 1, 't', 3, 0x08, 0, 0}), kProtocol);
  EXPECT_EQ(told({0x30, 8, 0, 1, 't', 4, 0x08, 0, 1, '#'}), kProtocol);
}

TEST(BrokenRules, ASharedSubscriptionNamesItsGroupAndAFilter) {
  for (const std::string filter :
       {"$share", "$share/", "$share/g", "$share/g/", "$share//t", "$share/+/t"}) {
    Bytes packet{0x82, static_cast<Byte>(6 + filter.size()), 0, 1, 0,
                 0,    static_cast<Byte>(filter.size())};
    append(packet, as_bytes(filter));
    packet.push_back(0);
    EXPECT_EQ(told(packet), kProtocol) << filter;
    packet[0] = 0xa2;
    packet[1] -= 1;
    packet.pop_back();
    EXPECT_EQ(told(packet), kProtocol) << filter;
  }
}

TEST(BrokenRules, AuthenticationThatNobodyBegan) {
  EXPECT_EQ(told({0xf0, 2, 0x18, 0}), kProtocol);
  EXPECT_EQ(told({0xf0, 3, 0x18, 1, 0x03}), kProtocol);  // whatever else is wrong with it
}

TEST(BrokenRules, ASecondConnectIsTheEnd) {
  EXPECT_EQ(told({0x10, 14, 0, 4, 'M', 'Q', 'T', 'T', 5, 2, 0, 60, 0, 0, 1, 'c'}), std::nullopt);
}

}  // namespace
}  // namespace unhidra::mqtt
