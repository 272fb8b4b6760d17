// The client's machine against the broker's.
#include "unhidra/mqtt/client_session.h"

#include "broker_world.h"

namespace unhidra::mqtt {
namespace {

using Kind = ClientEvent::Kind;

class ClientSessionTest : public testing::Test {
 protected:
  struct Side {
    Side(World& its_world, const std::string& name)
        : world(its_world),
          client({.client_id = name, .user_name = name, .password = Bytes{1}},
                 its_world.now.steady) {
      id = world.broker->accept(link, {}, world.now);
    }
    // Moves bytes until nobody has any.
    std::vector<ClientEvent> run() {
      std::vector<ClientEvent> out;
      for (int round = 0; round < 20; ++round) {
        const auto up = client.take_output();
        if (!up.empty()) {
          world.broker->receive(id, up, world.now);
        }
        world.broker->flush();
        const auto down = std::exchange(link.sent, {});
        for (auto& event : client.receive(down, world.now.steady)) {
          out.push_back(std::move(event));
        }
      }
      return out;
    }
    World& world;
    FakeLink link;
    ClientSession client;
    ConnectionId id = 0;
  };

  static bool has(const std::vector<ClientEvent>& events, Kind kind,
                  ReasonCode reason = ReasonCode::success) {
    return std::ranges::any_of(events, [&](const ClientEvent& event) {
      return event.kind == kind && event.reason == reason;
    });
  }

  World world_;
};

TEST_F(ClientSessionTest, WhatIsAskedBeforeTheAnswerWaitsForIt) {
  Side a(world_, "a");
  EXPECT_NE(a.client.subscribe({"t/#"}), 0);
  EXPECT_NE(a.client.publish("t/1", as_bytes("hello"), true), 0);
  const auto events = a.run();
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.front().kind, Kind::connected);
  EXPECT_TRUE(has(events, Kind::subscribed));
  EXPECT_TRUE(has(events, Kind::published));
  const auto message = std::ranges::find(events, Kind::message, &ClientEvent::kind);
  ASSERT_NE(message, events.end());
  EXPECT_EQ(as_text(message->payload), "hello");
  EXPECT_TRUE(message->retain);  // as published

  Side b(world_, "b");
  b.client.subscribe({"t/#"});
  const auto late = b.run();
  const auto kept = std::ranges::find(late, Kind::message, &ClientEvent::kind);
  ASSERT_NE(kept, late.end());
  EXPECT_TRUE(kept->retain);
}

TEST_F(ClientSessionTest, RefusalsAreTold) {
  world_.authority.no_publish = {"closed"};
  world_.authority.no_subscribe = {"closed"};
  Side a(world_, "a");
  a.client.publish("closed", {}, false);
  a.client.subscribe({"open", "closed"});
  const auto events = a.run();
  EXPECT_TRUE(has(events, Kind::published, ReasonCode::not_authorized));
  EXPECT_TRUE(has(events, Kind::subscribed, ReasonCode::not_authorized));
}

TEST_F(ClientSessionTest, AQuietConnectionIsKeptAndASilentServerGivenUp) {
  Side a(world_, "a");
  a.run();
  auto now = world_.now.steady + std::chrono::seconds(23);
  EXPECT_TRUE(a.client.tick(now).empty());
  EXPECT_EQ(a.client.take_output(), (Bytes{0xc0, 0x00}));
  EXPECT_TRUE(a.client.receive(Bytes{0xd0, 0x00}, now).empty());
  now += std::chrono::seconds(23);
  EXPECT_TRUE(a.client.tick(now).empty());
  EXPECT_EQ(a.client.take_output(), (Bytes{0xc0, 0x00}));
  now += std::chrono::seconds(16);
  EXPECT_TRUE(has(a.client.tick(now), Kind::disconnected, ReasonCode::keep_alive_timeout));
  EXPECT_FALSE(a.client.connected());

  ClientSession alone({.client_id = "alone"}, now);
  EXPECT_TRUE(has(alone.tick(now + std::chrono::seconds(16)), Kind::disconnected,
                  ReasonCode::keep_alive_timeout));
}

TEST_F(ClientSessionTest, AServerThatBreaksTheProtocolIsLeft) {
  const auto answer = [&](const Bytes& first, const Bytes& then) {
    ClientSession client({.client_id = "c"}, world_.now.steady);
    auto events = client.receive(first, world_.now.steady);
    for (auto& event : client.receive(then, world_.now.steady)) {
      events.push_back(std::move(event));
    }
    return !events.empty() && events.back().kind == Kind::disconnected && !client.connected();
  };
  const Bytes connack{0x20, 0x03, 0x00, 0x00, 0x00};
  EXPECT_TRUE(answer({0xd0, 0x00}, {}));                    // not a CONNACK first
  EXPECT_TRUE(answer({0x20, 0x03, 0x00, 0x87, 0x00}, {}));  // refused
  EXPECT_TRUE(answer(connack, connack));                    // a second one
  EXPECT_TRUE(answer(connack, {0x40, 0x02, 0x00, 0x07}));   // nothing has that identifier
  EXPECT_TRUE(answer(connack, {0x34, 0x06, 0x00, 0x01, 't', 0x00, 0x01, 0x00}));  // QoS 2
  EXPECT_TRUE(answer(connack, {0x30, 0x03, 0x00, 0x00, 0x00}));  // an alias nobody allowed
  EXPECT_TRUE(answer(connack, {0x30, 0xff, 0xff, 0xff, 0x7f}));  // too large
  EXPECT_TRUE(answer(connack, {0xe0, 0x01, 0x98}));              // sent away
  EXPECT_TRUE(answer(connack, {0x10, 0x00}));                    // what clients say
  EXPECT_FALSE(answer(connack, {}));
}

TEST_F(ClientSessionTest, NoMoreWaitsThanTheServerTakes) {
  ClientSession client({.client_id = "c"}, world_.now.steady);
  client.receive(Bytes{0x20, 0x06, 0x00, 0x00, 0x03, 0x21, 0x00, 0x02}, world_.now.steady);
  EXPECT_NE(client.publish("t", {}, false), 0);
  EXPECT_NE(client.publish("t", {}, false), 0);
  EXPECT_EQ(client.publish("t", {}, false), 0);
  const auto events = client.receive(Bytes{0x40, 0x02, 0x00, 0x01}, world_.now.steady);
  EXPECT_TRUE(has(events, Kind::published));
  EXPECT_NE(client.publish("t", {}, false), 0);
}

}  // namespace
}  // namespace unhidra::mqtt
