// Windows, queues that are full, sizes, lives of messages, silence.
#include "broker_world.h"

namespace unhidra::mqtt {
namespace {

using namespace std::chrono_literals;

TEST(BrokerFlow, NeverSendsMoreThanTheReceiverTakes) {
  World world;
  Client reader(world);
  reader.connect("reader", {.receive_maximum = 2});
  reader.subscribe("t", kQos1);
  Client writer(world);
  writer.connect("writer");
  for (PacketId id = 1; id <= 4; ++id) {
    writer.publish("t", std::to_string(id), {.qos = QoS::at_least_once, .id = id});
  }
  auto came = reader.take();
  ASSERT_EQ(came.size(), 2U);
  reader.acknowledge(PacketType::puback, came[1].publish().packet_id);
  EXPECT_EQ(reader.take_payloads(), Payloads{"3"});
}

TEST(BrokerFlow, AClientThatExceedsOurReceiveMaximumIsToldSo) {
  World world({.receive_maximum = 2});
  Client writer(world);
  writer.connect("writer");
  for (PacketId id = 1; id <= 3; ++id) {
    writer.publish("t", "x", {.qos = QoS::exactly_once, .id = id});
  }
  ASSERT_TRUE(writer.link.closed);
  EXPECT_EQ(decode_disconnect(writer.take().back().frame(), Version::v5)->reason,
            ReasonCode::receive_maximum_exceeded);
}

TEST(BrokerFlow, ASlowReaderLosesQos0AndKeepsQos1) {
  World world({.max_output = 200});
  Client reader(world);
  reader.connect("reader");
  reader.subscribe("#", kQos1);
  reader.link.stuck = true;
  Client writer(world);
  writer.connect("writer");
  for (int i = 0; i < 100; ++i) {
    writer.publish("zero", std::to_string(i));
  }
  for (PacketId id = 1; id <= 50; ++id) {
    writer.publish("one", std::to_string(id), {.qos = QoS::at_least_once, .id = id});
  }
  EXPECT_LE(reader.link.queued(), 300U);
  EXPECT_GT(world.broker->stats().messages_shed, 50U);
  reader.link.stuck = false;
  Payloads seen;
  for (int round = 0; round < 60; ++round) {
    reader.link.flush();
    world.broker->writable(reader.id, world.now);
    world.broker->flush();
    for (const auto& packet : reader.take()) {
      const auto message = packet.publish();
      if (message.qos == QoS::at_least_once) {
        seen.emplace_back(as_text(message.payload));
        reader.acknowledge(PacketType::puback, message.packet_id);
      }
    }
  }
  ASSERT_EQ(seen.size(), 50U);
  EXPECT_EQ(seen.front(), "1");
  EXPECT_EQ(seen.back(), "50");
}

struct FullQueue {
  QueuePolicy policy;
  std::vector<std::string> kept;
  std::uint8_t last_answer;
};
class BrokerQueue : public testing::TestWithParam<FullQueue> {};
TEST_P(BrokerQueue, IsBoundedAndTheOwnerSeesWhatIsDropped) {
  World world({.queue_policy = GetParam().policy, .max_queued_messages = 2});
  Client reader(world);
  reader.connect("reader", kKept);
  reader.subscribe("t", kQos1);
  reader.drop();
  Client writer(world);
  writer.connect("writer");
  for (PacketId id = 1; id <= 3; ++id) {
    writer.publish("t", std::to_string(id), {.qos = QoS::at_least_once, .id = id});
  }
  EXPECT_EQ(static_cast<std::uint8_t>(writer.take().back().acknowledge().reason),
            GetParam().last_answer);
  if (GetParam().policy != QueuePolicy::refuse) {
    EXPECT_EQ(world.observer.drops, Payloads{"reader t queue full"});
    EXPECT_EQ(world.broker->stats().messages_dropped, 1U);
  }
  Client again(world);
  again.connect("reader", kKept);
  EXPECT_EQ(again.take_payloads(), GetParam().kept);
}
INSTANTIATE_TEST_SUITE_P(Policies, BrokerQueue,
                         testing::Values(FullQueue{QueuePolicy::drop_oldest, {"2", "3"}, 0},
                                         FullQueue{QueuePolicy::drop_newest, {"1", "2"}, 0},
                                         FullQueue{QueuePolicy::refuse, {"1", "2"}, 0x97}));

TEST(BrokerFlow, WhatThereIsNoMemoryForIsNotAcknowledged) {
  World world({.max_memory = 100});
  Client keeper(world);
  keeper.connect("keeper", kKept);
  keeper.subscribe("t", kQos1);
  keeper.drop();
  Client writer(world);
  writer.connect("writer");
  writer.publish("t", std::string(200, 'x'), {.qos = QoS::at_least_once, .id = 1});
  EXPECT_EQ(writer.take().back().acknowledge().reason, ReasonCode::success);
  writer.publish("t", "more", {.qos = QoS::at_least_once, .id = 2});
  EXPECT_EQ(writer.take().back().acknowledge().reason, ReasonCode::quota_exceeded);
  writer.publish("r", "kept?", {.retain = true});
  EXPECT_EQ(world.broker->stats().retained, 0U);
  Client old(world);
  old.connect("old", {.version = Version::v3_1_1});
  old.publish("t", "more", {.qos = QoS::at_least_once, .id = 1});
  EXPECT_TRUE(old.take().empty());
  EXPECT_TRUE(old.link.closed);
}

// What the code does not tell is said in words, unless they are not wanted or do not fit.
TEST(BrokerFlow, ARefusalSaysWhy) {
  World world({.max_queued_bytes = 10});
  const auto refusal = [&world](const ConnectOptions& options) {
    Client writer(world);
    writer.connect("writer", options);
    writer.publish("t", "more than that", {.qos = QoS::exactly_once, .id = 1});
    return writer.take().back().frame().body.size();
  };
  constexpr std::size_t kBare = 3;  // identifier and reason code
  EXPECT_GT(refusal({}), kBare);
  EXPECT_EQ(refusal({.wants_reasons = false}), kBare);
  EXPECT_EQ(refusal({.max_packet = 30}), kBare);
}

TEST(BrokerFlow, AMessageLargerThanTheReceiverTakesIsNotSent) {
  World world;
  Client reader(world);
  reader.connect("reader", {.max_packet = 40});
  reader.subscribe("t", kQos1);
  Client writer(world);
  writer.connect("writer");
  writer.publish("t", std::string(100, 'x'), {.qos = QoS::at_least_once, .id = 1});
  writer.publish("t", "small", {.qos = QoS::at_least_once, .id = 2});
  EXPECT_EQ(reader.take_payloads(), Payloads{"small"});
  EXPECT_EQ(world.observer.drops, Payloads{"reader t too large"});
}

TEST(BrokerFlow, WhatExpiredInTheQueueIsNotDeliveredAndTheRestOfItsLifeIsTold) {
  World world;
  Client reader(world);
  reader.connect("reader", kKept);
  reader.subscribe("t", kQos1);
  reader.drop();
  Client writer(world);
  writer.connect("writer");
  for (const std::uint32_t life : {5U, 60U}) {
    PropertyWriter properties;
    properties.number(PropertyId::message_expiry_interval, life);
    writer.publish("t", std::to_string(life),
                   {.qos = QoS::at_least_once, .id = 1, .properties = to_bytes(properties.view())});
  }
  world.pass(10s);
  Client again(world);
  again.connect("reader", kKept);
  const auto came = again.take();
  ASSERT_EQ(came.size(), 1U);
  const auto message = came[0].publish();
  EXPECT_EQ(message.properties.number(PropertyId::message_expiry_interval), 50U);
  EXPECT_EQ(world.observer.drops, Payloads{"reader t expired"});
}

TEST(BrokerFlow, KeepAliveEndsASilentConnection) {
  World world;
  Client client(world);
  client.connect("c", {.keep_alive = 10});
  world.pass(14s);
  EXPECT_FALSE(client.link.closed);
  client.send(Bytes{0xc0, 0x00});
  world.pass(14s);
  EXPECT_FALSE(client.link.closed);
  world.pass(2s);
  ASSERT_TRUE(client.link.closed);
  EXPECT_EQ(decode_disconnect(client.take().back().frame(), Version::v5)->reason,
            ReasonCode::keep_alive_timeout);
}

TEST(BrokerFlow, WhoNeverSaysConnectIsClosed) {
  World world;
  Client client(world);
  world.pass(11s);
  EXPECT_TRUE(client.link.closed);
}

TEST(BrokerFlow, TopicAliasesTowardsTheClient) {
  World world;
  Client reader(world);
  reader.connect("reader", {.alias_maximum = 1});
  reader.subscribe("#");
  Client writer(world);
  writer.connect("writer");
  writer.publish("long/topic", "1");
  writer.publish("long/topic", "2");
  writer.publish("another", "3");
  const auto came = reader.take();
  ASSERT_EQ(came.size(), 3U);
  EXPECT_EQ(came[0].publish().topic, "long/topic");
  EXPECT_EQ(came[0].publish().properties.number(PropertyId::topic_alias), 1U);
  EXPECT_EQ(came[1].publish().topic, "");
  EXPECT_EQ(came[1].publish().properties.number(PropertyId::topic_alias), 1U);
  EXPECT_EQ(came[2].publish().topic, "another");
  EXPECT_FALSE(came[2].publish().properties.find(PropertyId::topic_alias));
}

TEST(BrokerFlow, ManyRetainedMessagesComeAsFastAsTheReaderTakesThem) {
  World world({.max_output = 500});
  Client writer(world);
  writer.connect("writer");
  for (int i = 0; i < 200; ++i) {
    writer.publish("t/" + std::to_string(i), "x", {.retain = true});
  }
  Client reader(world);
  reader.connect("reader");
  reader.link.stuck = true;
  reader.subscribe("t/#");
  EXPECT_LE(reader.link.queued(), 600U);
  reader.link.stuck = false;
  std::size_t count = 0;
  for (int round = 0; round < 50; ++round) {
    reader.link.flush();
    world.broker->writable(reader.id, world.now);
    world.broker->flush();
    count += reader.take_payloads().size();
  }
  EXPECT_EQ(count, 200U);
}

}  // namespace
}  // namespace unhidra::mqtt
