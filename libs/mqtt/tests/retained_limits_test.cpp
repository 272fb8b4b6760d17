// How much may be retained: of a space, and of whoever publishes. What is refused is told (0x97),
// counted and seen.
#include "broker_world.h"

namespace unhidra::mqtt {
namespace {

using namespace std::chrono_literals;

constexpr auto kFull = ReasonCode::quota_exceeded;

// Publishes with QoS 1; what PUBACK says, or nothing when the connection ended.
std::optional<ReasonCode> keep(Client& client, std::string_view topic, std::string_view payload) {
  client.publish(topic, payload, {.qos = QoS::at_least_once, .id = 9, .retain = true});
  client.world.all_durable();
  for (const auto& packet : client.take()) {
    if (packet.type() == PacketType::puback) {
      return packet.acknowledge(client.version).reason;
    }
  }
  return std::nullopt;
}

bool kept(const std::optional<ReasonCode>& answer) {
  return answer == ReasonCode::success || answer == ReasonCode::no_matching_subscribers;
}

TEST(RetainedLimits, OneIdentityKeepsItsNumberAndOthersTheirs) {
  World world({.max_retained_each = 2});
  Client anna(world);
  Client bob(world);
  Client same(world);
  anna.connect("a", {.user = "anna"});
  bob.connect("b", {.user = "bob"});
  same.connect("a2", {.user = "anna"});
  EXPECT_TRUE(kept(keep(anna, "a/1", "x")));
  EXPECT_TRUE(kept(keep(same, "a/2", "x")));
  EXPECT_EQ(keep(anna, "a/3", "x"), kFull);
  EXPECT_EQ(keep(same, "a/3", "x"), kFull);                   // however many clients it has
  EXPECT_TRUE(kept(keep(anna, "a/2", "as long or longer")));  // in the place of its own
  EXPECT_TRUE(kept(keep(bob, "b/1", "x")));
  EXPECT_EQ(keep(anna, "b/1", "x"), kFull);  // it would be a third of hers
  EXPECT_TRUE(kept(keep(bob, "a/1", "x")));  // now it is his
  EXPECT_TRUE(kept(keep(anna, "a/3", "x")));
  EXPECT_EQ(world.observer.refused,
            (std::vector<std::string>{"anna a a/3", "anna a2 a/3", "anna a b/1"}));
  EXPECT_EQ(world.broker->stats().retained_refused, 3U);
}

TEST(RetainedLimits, WhatIsClearedOrExpiresMakesRoom) {
  World world({.max_retained_each = 1});
  Client client(world);
  client.connect("c", {.user = "anna"});
  EXPECT_TRUE(kept(keep(client, "a", "x")));
  EXPECT_EQ(keep(client, "b", "x"), kFull);
  EXPECT_TRUE(kept(keep(client, "a", "")));  // clearing is never refused
  EXPECT_TRUE(kept(keep(client, "b", "x")));
  EXPECT_TRUE(kept(keep(client, "b", "")));
  PropertyWriter life;
  life.number(PropertyId::message_expiry_interval, 5);
  client.publish("c", "x", {.retain = true, .properties = std::move(life).take()});
  EXPECT_EQ(keep(client, "d", "x"), kFull);
  world.pass(30s);
  EXPECT_TRUE(kept(keep(client, "d", "x")));
}

TEST(RetainedLimits, ASpaceKeepsItsNumberWhateverItsIdentitiesAre) {
  World world({.max_retained = 2});
  Client anna(world);
  Client bob(world);
  Client other(world);
  anna.connect("a", {.user = "anna@first"});
  bob.connect("b", {.user = "bob@first"});
  other.connect("o", {.user = "carol@second"});
  EXPECT_TRUE(kept(keep(anna, "1", "x")));
  EXPECT_TRUE(kept(keep(bob, "2", "x")));
  EXPECT_EQ(keep(bob, "3", "x"), kFull);
  EXPECT_TRUE(kept(keep(bob, "1", "x")));
  EXPECT_TRUE(kept(keep(other, "3", "x")));  // another's space
}

TEST(RetainedLimits, BytesCountAsMessagesDo) {
  const std::string large(1000, 'x');
  for (const bool each : {false, true}) {
    World world(each ? BrokerSettings{.max_retained_bytes_each = 2500}
                     : BrokerSettings{.max_retained_bytes = 2500});
    Client client(world);
    client.connect("c", {.user = "anna"});
    EXPECT_TRUE(kept(keep(client, "1", large)));
    EXPECT_TRUE(kept(keep(client, "2", large)));
    EXPECT_EQ(keep(client, "3", large), kFull);
    EXPECT_TRUE(kept(keep(client, "3", "small")));
    EXPECT_EQ(keep(client, "3", large), kFull);  // it would grow
    EXPECT_TRUE(kept(keep(client, "2", "small")));
    EXPECT_TRUE(kept(keep(client, "3", large)));
  }
}

TEST(RetainedLimits, AreTheSameAfterACrashAndAfterASnapshot) {
  World world({.max_retained_each = 2}, true);
  {
    Client client(world);
    client.connect("c", {.user = "anna"});
    EXPECT_TRUE(kept(keep(client, "1", "x")));
    EXPECT_TRUE(kept(keep(client, "2", "x")));
  }
  for (const bool snapshot : {false, true}) {
    if (snapshot) {
      world.broker->begin_snapshot();
      world.journal.records = rest_of_snapshot(*world.broker);
    }
    world.crash(world.journal.records.size());
    Client client(world);
    client.connect("c", {.user = "anna"});
    EXPECT_EQ(keep(client, "3", "x"), kFull) << snapshot;
    EXPECT_TRUE(kept(keep(client, "2", "y"))) << snapshot;
  }
}

TEST(RetainedLimits, WhoCannotBeToldIsDisconnectedAndQos0GoesNowhere) {
  World world({.max_retained_each = 1});
  Client watcher(world);
  watcher.connect("w", {.user = "bob"});
  watcher.subscribe("#");
  Client client(world);
  client.connect("c", {.user = "anna"});
  EXPECT_TRUE(kept(keep(client, "1", "x")));
  watcher.take();
  client.publish("2", "x", {.retain = true});
  EXPECT_EQ(world.broker->stats().retained, 1U);
  EXPECT_TRUE(watcher.take_payloads().empty());
  EXPECT_FALSE(client.link.closed);
  client.publish("2", "x");  // without the flag it is a message as any other
  EXPECT_EQ(watcher.take_payloads(), Payloads{"x"});
  Client old(world, Version::v3_1_1);
  old.connect("o", {.version = Version::v3_1_1, .user = "anna"});
  EXPECT_FALSE(keep(old, "2", "x"));
  EXPECT_TRUE(old.link.closed);
}

TEST(RetainedLimits, QoS2IsRefusedBeforeItIsPromised) {
  World world({.max_retained_each = 1});
  Client client(world);
  client.connect("c", {.user = "anna"});
  EXPECT_TRUE(kept(keep(client, "1", "x")));
  EXPECT_EQ(world.broker->stats().retained_refused, 0U);
  client.publish("2", "x", {.qos = QoS::exactly_once, .id = 3, .retain = true});
  const auto packets = client.take();
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_EQ(packets[0].acknowledge().reason, kFull);
  EXPECT_EQ(world.broker->stats().retained_refused, 1U);
}

}  // namespace
}  // namespace unhidra::mqtt
