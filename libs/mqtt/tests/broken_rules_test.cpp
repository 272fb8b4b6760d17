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

TEST(BrokenRules, LengthsInMoreBytesThanTheyNeed) {
  EXPECT_EQ(told({0xc0, 0x80, 0x00}), kMalformed);        // section 1.5.5
  EXPECT_EQ(told({0xe0, 0x80, 0x80, 0x00}), kMalformed);  // also of a packet that is the last
  World world;
  Client old(world);
  EXPECT_EQ(old.connect("old", {.version = Version::v3_1_1}), 0);
  old.send(Bytes{0xc0, 0x80, 0x00});  // 3.1.1 has no such rule (section 2.2.3)
  EXPECT_FALSE(old.link.closed);
}

TEST(BrokenRules, TopicAliasesEndWithTheirConnection) {
  World world({.topic_alias_maximum = 10});
  Client first(world);
  first.connect("c", kKept);
  first.send(Bytes{0x30, 7, 0, 1, 't', 3, 0x23, 0, 1});
  EXPECT_FALSE(first.link.closed);
  first.drop();
  Client second(world);
  second.connect("c", kKept);
  second.send(Bytes{0x30, 6, 0, 0, 3, 0x23, 0, 1});
  EXPECT_TRUE(second.link.closed);  // section 3.3.2.3.4
}

TEST(BrokenRules, StringsThatAreNone) {
  EXPECT_EQ(told({0x30, 4, 0, 1, 0x00, 0}), kMalformed);              // U+0000
  EXPECT_EQ(told({0x30, 5, 0, 2, 0xc0, 0x80, 0}), kMalformed);        // overlong
  EXPECT_EQ(told({0x30, 6, 0, 3, 0xed, 0xa0, 0x80, 0}), kMalformed);  // a surrogate
  EXPECT_EQ(told({0x30, 11, 0, 1, 't', 7, 0x26, 0, 1, 0xff, 0, 1, 'v'}), kMalformed);
  EXPECT_EQ(told({0x30, 4, 0, 1, '+', 0}), kMalformed);
}

// Who acknowledges what was not sent so.
TEST(BrokenRules, AcknowledgementsOfAnotherQoS) {
  const auto told_after = [](SubscriptionOptions options, PacketType answer) {
    World world;
    Client reader(world);
    reader.connect("reader");
    reader.subscribe("t", options);
    Client writer(world);
    writer.connect("writer");
    writer.publish("t", "x", {.qos = QoS::exactly_once, .id = 1});
    writer.acknowledge(PacketType::pubrel, 1);
    const auto id = reader.take().back().publish().packet_id;
    reader.acknowledge(answer, id);
    EXPECT_TRUE(reader.link.closed);
    return decode_disconnect(reader.take().back().frame(), Version::v5)->reason;
  };
  EXPECT_EQ(told_after(kQos1, PacketType::pubrec), ReasonCode::protocol_error);
  EXPECT_EQ(told_after(kQos2, PacketType::puback), ReasonCode::protocol_error);
  EXPECT_EQ(told_after(kQos2, PacketType::pubcomp), ReasonCode::protocol_error);  // before PUBREC
}

TEST(BrokenRules, ASessionThatWasToEndIsNotGivenALifeByDisconnect) {
  EXPECT_EQ(told({0xe0, 7, 0, 5, 0x11, 0, 0, 0, 1}), kProtocol);  // section 3.14.2.2.2
  World world;
  Client client(world);
  client.connect("c", {.clean_start = false});
  client.send(Bytes{0xe0, 7, 0, 5, 0x11, 0, 0, 0, 1});
  EXPECT_EQ(world.broker->stats().sessions, 0U);
}

TEST(BrokenRules, WhatVersion3DoesNotHave) {
  for (const Bytes& packet : {Bytes{0xf0, 0},                         // AUTH
                              Bytes{0x82, 6, 0, 1, 0, 1, 't', 0x04},  // No Local
                              Bytes{0xe0, 1, 0},                      // a reason
                              Bytes{0x40, 3, 0, 1, 0}}) {
    World world;
    Client old(world);
    EXPECT_EQ(old.connect("old", {.version = Version::v3_1_1}), 0);
    old.send(packet);
    EXPECT_TRUE(old.link.closed);
    EXPECT_TRUE(old.take().empty());
  }
}

// ---- QoS 2 in the wrong order ------------------------------------------------------------------

TEST(BrokenRules, ARepetitionIsForgivenOncePerConnection) {
  World world;
  for (int connection = 0; connection < 4; ++connection) {
    Client writer(world);
    writer.connect("writer", kKept);
    writer.publish("t", "x", {.qos = QoS::exactly_once, .id = 1, .dup = connection > 0});
    ASSERT_EQ(writer.take().back().acknowledge().reason, ReasonCode::success) << connection;
    writer.drop();
  }
  Client writer(world);
  writer.connect("writer", kKept);
  for (int again = 0; again < 2; ++again) {
    writer.publish("t", "x", {.qos = QoS::exactly_once, .id = 1, .dup = true});
  }
  EXPECT_TRUE(writer.link.closed);  // section 4.4: only after a reconnect
}

TEST(BrokenRules, WhatWasTakenIsNotJudgedAgainWhenItIsRepeated) {
  World world;
  Client writer(world);
  writer.connect("writer", kKept);
  writer.publish("t", "x", {.qos = QoS::exactly_once, .id = 1});
  writer.take();
  world.authority.no_publish = {"t"};
  writer.publish("t", "x", {.qos = QoS::exactly_once, .id = 1, .dup = true});
  EXPECT_EQ(writer.take().back().acknowledge().reason, ReasonCode::success);
  writer.publish("t", "y", {.qos = QoS::exactly_once, .id = 1});  // another one
  EXPECT_EQ(writer.take().back().acknowledge().reason, ReasonCode::not_authorized);
  world.authority.no_publish.clear();
  Client reader(world);
  reader.connect("reader");
  reader.subscribe("t");
  writer.acknowledge(PacketType::pubrel, 1);
  EXPECT_TRUE(reader.take_payloads().empty());  // its identifier stood for the refused one
}

TEST(BrokenRules, WhoReleasesNothingFillsItsOwnPlaceOnly) {
  for (const auto version : {Version::v3_1_1, Version::v5}) {
    World world({.max_queued_bytes = 1000});
    Client writer(world);
    writer.connect("writer", {.version = version});
    for (PacketId id = 1; id <= 3; ++id) {
      writer.publish("t", std::string(400, 'x'), {.qos = QoS::exactly_once, .id = id});
    }
    const auto came = writer.take();
    if (version == Version::v5) {
      ASSERT_EQ(came.size(), 3U);
      EXPECT_EQ(came[2].acknowledge().reason, ReasonCode::quota_exceeded);
      writer.acknowledge(PacketType::pubrel, 1);
      writer.publish("t", std::string(400, 'x'), {.qos = QoS::exactly_once, .id = 3});
      EXPECT_EQ(writer.take().back().acknowledge().reason, ReasonCode::success);
    } else {
      EXPECT_EQ(came.size(), 2U);
      EXPECT_TRUE(writer.link.closed);  // it has no word for it
    }
    Client other(world);
    other.connect("other");
    other.publish("t", std::string(400, 'x'), {.qos = QoS::exactly_once, .id = 1});
    EXPECT_EQ(other.take().back().acknowledge().reason, ReasonCode::success);
  }
}

}  // namespace
}  // namespace unhidra::mqtt
