// A broker that is to stop: who comes is sent elsewhere, who is there leaves in turn.
#include "broker_world.h"

namespace unhidra::mqtt {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kElsewhere = "other.example:8883";
const Farewell kGoElsewhere{.server_reference = std::string(kElsewhere)};

// The one packet that says goodbye to a client of version 5.
Disconnect farewell_of(Client& client, std::vector<Packet>& came) {
  came = client.take();
  EXPECT_EQ(came.back().type(), PacketType::disconnect);
  return *decode_disconnect(came.back().frame(), Version::v5);
}

TEST(Draining, TellsEverybodyWhereToGo) {
  World world;
  Client client(world);
  client.connect("c");
  world.broker->drain(kGoElsewhere, world.now);
  EXPECT_TRUE(client.link.closed);
  EXPECT_TRUE(world.broker->drained());
  std::vector<Packet> came;
  const auto told = farewell_of(client, came);
  EXPECT_EQ(told.reason, ReasonCode::use_another_server);
  EXPECT_EQ(told.properties.text(PropertyId::server_reference), kElsewhere);
}

TEST(Draining, SaysThatItStopsWhenThereIsNowhereToGo) {
  World world;
  Client client(world);
  client.connect("c");
  Client old(world);
  old.connect("old", {.version = Version::v3_1_1});
  world.broker->shut_down(world.now);
  std::vector<Packet> came;
  EXPECT_EQ(farewell_of(client, came).reason, ReasonCode::server_shutting_down);
  EXPECT_TRUE(old.link.closed);
  EXPECT_TRUE(old.take().empty());
}

TEST(Draining, NobodyNewIsLetIn) {
  struct Case {
    Farewell farewell;
    std::uint8_t code;
    std::uint8_t old_code;
  };
  const Case cases[] = {{{.server_reference = "a:1"}, 0x9c, 3},
                        {{.server_reference = "a:1", .moved = true}, 0x9d, 3},
                        {{}, 0x88, 3}};
  for (const auto& expected : cases) {
    World world;
    world.broker->drain(expected.farewell, world.now);
    Client client(world);
    EXPECT_EQ(client.connect("c"), expected.code);
    EXPECT_TRUE(client.link.closed);
    Client old(world);
    EXPECT_EQ(old.connect("old", {.version = Version::v3_1_1}), expected.old_code);
    EXPECT_TRUE(old.link.closed);
    EXPECT_EQ(world.broker->stats().sessions, 0U);
  }
}

TEST(Draining, WhoIsBeingLetInIsTurnedAway) {
  World world;
  world.authority.thinks = true;
  Client client(world);
  EXPECT_EQ(client.connect("c"), std::nullopt);
  world.broker->drain(kGoElsewhere, world.now);
  const auto came = client.take();
  ASSERT_EQ(came.size(), 1U);
  const auto connack = decode_connack(came.front().frame(), Version::v5);
  EXPECT_EQ(connack->code, 0x9c);
  EXPECT_EQ(connack->properties.text(PropertyId::server_reference), kElsewhere);
  world.broker->decide(client.id, {.principal = FakeAuthority::principal("late")}, world.now);
  EXPECT_EQ(world.broker->stats().sessions, 0U);
}

TEST(Draining, WhatWasTakenIsAcknowledgedFirst) {
  World world({}, true);
  Client keeper(world);
  keeper.connect("keeper", {.clean_start = false, .session_expiry = 1000});
  world.all_durable();
  keeper.subscribe("t", {.qos = QoS::at_least_once});
  world.all_durable();
  Client writer(world);
  writer.connect("writer");
  writer.publish("t", "x", {.qos = QoS::at_least_once, .id = 7});
  world.broker->drain(kGoElsewhere, world.now);
  EXPECT_FALSE(writer.link.closed);
  EXPECT_FALSE(world.broker->drained());
  // What it says from now on is not heard: it has to say it elsewhere.
  writer.publish("t", "y", {.qos = QoS::at_least_once, .id = 8});
  world.all_durable();
  world.all_durable();
  EXPECT_TRUE(world.broker->drained());
  std::vector<Packet> came;
  EXPECT_EQ(farewell_of(writer, came).reason, ReasonCode::use_another_server);
  ASSERT_EQ(came.size(), 2U);
  EXPECT_EQ(came.front().type(), PacketType::puback);
  EXPECT_EQ(came.front().acknowledge().packet_id, 7);
  world.crash(world.journal.records.size());
  EXPECT_EQ(world.broker->queue_depth("", "keeper"), 1U);
}

TEST(Draining, ConnectionsEndEvenlyOverThePeriodAndServeUntilThen) {
  World world;
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(std::make_unique<Client>(world));
    clients.back()->connect("c" + std::to_string(i));
    clients.back()->subscribe("t");
  }
  const auto left = [&clients] {
    return std::ranges::count_if(clients, [](const auto& one) { return !one->link.closed; });
  };
  world.broker->drain({.period = 10s}, world.now);
  EXPECT_EQ(left(), 10);
  world.pass(5s);
  EXPECT_EQ(left(), 5);
  clients.back()->publish("t", "still here");
  EXPECT_EQ(clients.back()->take_payloads(), std::vector<std::string>{"still here"});
  world.pass(4s);
  EXPECT_EQ(left(), 1);
  EXPECT_FALSE(world.broker->drained());
  world.pass(1s);
  EXPECT_EQ(left(), 0);
  EXPECT_TRUE(world.broker->drained());
}

}  // namespace
}  // namespace unhidra::mqtt
