// Packets that wait until what judges them is known.
#include <set>

#include "broker_world.h"

namespace unhidra::mqtt {
namespace {

// Knows what it was told; what else it is asked for is missing.
struct Elsewhere final : FakeAuthority {
  std::set<std::string> allowed;
  std::set<std::string> denied;
  bool rehearsing = false;
  bool missing = false;
  std::vector<std::string> judged;  // in earnest

  bool answers_later() const override { return true; }
  void rehearse(ConnectionId) override {
    rehearsing = true;
    missing = false;
  }
  bool must_wait() override {
    rehearsing = false;
    return missing;
  }
  bool judges_deliveries() const override { return true; }
  bool ask(const std::string& what) {
    if (!rehearsing) {
      judged.push_back(what);
    }
    missing = missing || (!allowed.contains(what) && !denied.contains(what));
    return allowed.contains(what);
  }
  ReasonCode publish(const Principal&, const PublishRequest& request) override {
    return ask("publish " + std::string(request.topic)) ? ReasonCode::success
                                                        : ReasonCode::not_authorized;
  }
  ReasonCode subscribe(const Principal&, std::string_view filter,
                       const SubscriptionOptions&) override {
    return ask("subscribe " + std::string(filter)) ? ReasonCode::success
                                                   : ReasonCode::not_authorized;
  }
  bool deliver(const Principal& who, std::string_view topic, const Principal*) override {
    return ask("deliver " + std::string(topic) + " to " + who.identity);
  }
};

class Waiting : public testing::Test {
 protected:
  Waiting() {
    world_.broker = std::make_unique<Broker>(world_.settings, authority_, nullptr, &world_.observer,
                                             world_.random, world_.now);
  }
  ~Waiting() override { world_.broker.reset(); }
  void resume(const Client& client) {
    world_.broker->resume(client.id, world_.now);
    world_.broker->flush();
  }
  static std::vector<PacketType> types(const std::vector<Packet>& packets) {
    std::vector<PacketType> out;
    for (const auto& packet : packets) {
      out.push_back(packet.type());
    }
    return out;
  }
  static Bytes subscription(std::string_view filter) {
    Subscribe packet;
    packet.packet_id = 77;
    packet.entries.push_back({filter, {}});
    Bytes out;
    append_subscribe(out, packet, Version::v5);
    return out;
  }

  Elsewhere authority_;
  World world_;
};

TEST_F(Waiting, APublicationWaitsWithAllThatFollowsAndIsJudgedOnce) {
  Client sender(world_);
  ASSERT_EQ(sender.connect("sender", {.user = "s"}), 0);
  sender.publish("t", "one", {.qos = QoS::at_least_once, .id = 1});
  sender.send(Bytes{0xc0, 0x00});
  EXPECT_TRUE(sender.take().empty());
  EXPECT_TRUE(sender.link.paused);
  EXPECT_TRUE(authority_.judged.empty());
  resume(sender);  // nothing has come yet
  EXPECT_TRUE(sender.take().empty());
  authority_.allowed.insert("publish t");
  resume(sender);
  EXPECT_FALSE(sender.link.paused);
  EXPECT_EQ(types(sender.take()), (std::vector{PacketType::puback, PacketType::pingresp}));
  EXPECT_EQ(authority_.judged, std::vector<std::string>{"publish t"});
  resume(sender);  // a late call means nothing
  EXPECT_TRUE(sender.take().empty());
}

TEST_F(Waiting, ARefusalComesLateToo) {
  Client sender(world_);
  ASSERT_EQ(sender.connect("sender", {.user = "s"}), 0);
  sender.publish("t", "one", {.qos = QoS::at_least_once, .id = 1});
  authority_.denied.insert("publish t");
  resume(sender);
  const auto came = sender.take();
  ASSERT_EQ(came.size(), 1U);
  EXPECT_EQ(came[0].acknowledge().reason, ReasonCode::not_authorized);
}

TEST_F(Waiting, DeliveriesAreAskedForBeforeAMessageGoesOut) {
  Client receiver(world_);
  Client sender(world_);
  ASSERT_EQ(receiver.connect("receiver", {.user = "r"}), 0);
  ASSERT_EQ(sender.connect("sender", {.user = "s"}), 0);
  authority_.allowed = {"subscribe t/#", "publish t/a", "publish t/b"};
  ASSERT_EQ(receiver.subscribe("t/#"), 0);
  sender.publish("t/a", "a");
  sender.publish("t/b", "b");
  EXPECT_TRUE(receiver.take().empty());
  authority_.allowed.insert("deliver t/b to r");
  authority_.denied.insert("deliver t/a to r");
  resume(sender);
  EXPECT_EQ(receiver.take_payloads(), std::vector<std::string>{"b"});
}

TEST_F(Waiting, OfQoS2TheDeliveriesAreAskedForWhenItIsReleased) {
  Client receiver(world_);
  Client sender(world_);
  ASSERT_EQ(receiver.connect("receiver", {.user = "r"}), 0);
  ASSERT_EQ(sender.connect("sender", {.user = "s"}), 0);
  authority_.allowed = {"subscribe t", "publish t"};
  ASSERT_EQ(receiver.subscribe("t"), 0);
  sender.publish("t", "x", {.qos = QoS::exactly_once, .id = 5});
  EXPECT_EQ(types(sender.take()), std::vector{PacketType::pubrec});
  sender.acknowledge(PacketType::pubrel, 5);
  EXPECT_TRUE(sender.take().empty());
  authority_.allowed.insert("deliver t to r");
  resume(sender);
  EXPECT_EQ(types(sender.take()), std::vector{PacketType::pubcomp});
  EXPECT_EQ(receiver.take_payloads(), std::vector<std::string>{"x"});
}

TEST_F(Waiting, ASubscriptionWaitsForItselfAndForWhatIsRetained) {
  Client sender(world_);
  Client receiver(world_);
  ASSERT_EQ(sender.connect("sender", {.user = "s"}), 0);
  ASSERT_EQ(receiver.connect("receiver", {.user = "r"}), 0);
  authority_.allowed = {"publish t"};
  sender.publish("t", "kept", {.retain = true});
  receiver.send(subscription("t"));
  EXPECT_TRUE(receiver.take().empty());
  authority_.allowed.insert("subscribe t");
  resume(receiver);
  EXPECT_TRUE(receiver.take().empty());
  authority_.allowed.insert("deliver t to r");
  resume(receiver);
  EXPECT_EQ(types(receiver.take()), (std::vector{PacketType::suback, PacketType::publish}));
}

TEST_F(Waiting, WhatIsQueuedAndNotAllowedAnyMoreIsDroppedWhenThePolicyChanges) {
  Client sender(world_);
  ASSERT_EQ(sender.connect("sender", {.user = "s"}), 0);
  authority_.allowed = {"subscribe #", "publish a", "publish b", "deliver a to r",
                        "deliver b to r"};
  {
    Client receiver(world_);
    ASSERT_EQ(receiver.connect("receiver", {.session_expiry = 100, .user = "r"}), 0);
    ASSERT_EQ(receiver.subscribe("#", {.qos = QoS::at_least_once}), 1);
  }
  for (const auto* topic : {"a", "b", "a", "b"}) {
    sender.publish(topic, topic, {.qos = QoS::at_least_once, .id = 1});
  }
  authority_.allowed.erase("deliver a to r");
  authority_.denied.insert("deliver a to r");
  world_.broker->rejudge(world_.now);
  EXPECT_EQ(world_.observer.drops,
            (std::vector<std::string>{"receiver a forbidden", "receiver a forbidden"}));
  Client again(world_);
  ASSERT_EQ(again.connect("receiver", {.clean_start = false, .session_expiry = 100, .user = "r"}),
            0);
  EXPECT_EQ(again.take_payloads(), (std::vector<std::string>{"b", "b"}));
}

TEST_F(Waiting, WhoWaitsIsNotSilentAndWhoIsGoneIsNotResumed) {
  Client sender(world_);
  ASSERT_EQ(sender.connect("sender", {.keep_alive = 1, .user = "s"}), 0);
  sender.publish("t", "one", {.qos = QoS::at_least_once, .id = 1});
  for (int i = 0; i < 40; ++i) {
    world_.pass(std::chrono::milliseconds(100));
  }
  EXPECT_FALSE(sender.link.closed);
  sender.drop();
  authority_.allowed.insert("publish t");
  resume(sender);
  EXPECT_TRUE(authority_.judged.empty());
}

TEST_F(Waiting, APacketThatCameInPiecesWaitsWhole) {
  Client sender(world_);
  ASSERT_EQ(sender.connect("sender", {.user = "s"}), 0);
  Bytes packet;
  const std::string payload(300, 'x');  // a length of two bytes
  append_publish(packet, {.topic = "t", .packet_id = 9, .qos = QoS::at_least_once},
                 as_bytes(payload), Version::v5);
  for (const auto byte : packet) {
    sender.send(Bytes{byte});
  }
  EXPECT_TRUE(sender.take().empty());
  authority_.allowed.insert("publish t");
  resume(sender);
  EXPECT_EQ(types(sender.take()), std::vector{PacketType::puback});
}

}  // namespace
}  // namespace unhidra::mqtt
