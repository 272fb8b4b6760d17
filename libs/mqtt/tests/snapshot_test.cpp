// A snapshot that is taken a part at a time shows the moment when it began, whatever is done to the
// broker meanwhile.
#include <algorithm>

#include "broker_world.h"

namespace unhidra::mqtt {
namespace {

using namespace std::chrono_literals;

std::vector<Bytes> at_once(Broker& broker) {
  broker.begin_snapshot();
  auto out = rest_of_snapshot(broker);
  std::ranges::sort(out);
  return out;
}

class Snapshots : public testing::TestWithParam<int> {
 protected:
  static constexpr std::size_t kClients = 6;

  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
  std::string topic() { return "t/" + std::to_string(below(8)); }
  std::string filter() { return below(4) == 0 ? "t/+" : topic(); }
  Client& someone() { return *clients_[below(kClients)]; }

  void SetUp() override {
    for (std::size_t i = 0; i < kClients; ++i) {
      clients_.push_back(nullptr);
      connect(i);
    }
    for (int i = 0; i < 150; ++i) {
      change();
    }
  }

  void connect(std::size_t number) {
    clients_[number] = std::make_unique<Client>(world_);
    clients_[number]->connect("c" + std::to_string(number),
                              {.clean_start = below(5) == 0,
                               .session_expiry = below(6) == 0 ? 0U : 3600U,
                               .receive_maximum = 3,
                               .will_topic = below(2) == 0 ? topic() : "",
                               .will_delay = static_cast<std::uint32_t>(below(2) * 30)});
    world_.all_durable();
  }

  void unsubscribe(Client& client) {
    const auto name = filter();
    Unsubscribe packet;
    packet.packet_id = 9;
    packet.filters.push_back(name);
    Bytes out;
    append_unsubscribe(out, packet, Version::v5);
    client.send(out);
  }

  void say_goodbye(Client& client) {
    PropertyWriter properties;
    properties.number(PropertyId::session_expiry_interval,
                      static_cast<std::uint32_t>(100 + below(100)));
    Bytes out;
    append_disconnect(out, ReasonCode::success, properties.view(), Version::v5);
    client.send(out);
  }

  // Some client does something, or the host does.
  void change() {
    const auto id = static_cast<PacketId>(1 + below(5));
    switch (below(13)) {
      case 0:
        connect(below(kClients));
        break;
      case 9:
        say_goodbye(someone());
        break;
      case 1:
        someone().drop();
        break;
      case 2:
        someone().subscribe(filter(), {.qos = static_cast<QoS>(below(3))},
                            static_cast<std::uint32_t>(below(3)));
        break;
      case 3:
        unsubscribe(someone());
        break;
      case 4:
        someone().publish(topic(), below(3) == 0 ? "" : "kept",
                          {.qos = QoS::at_least_once, .id = id, .retain = true});
        break;
      case 5:
        someone().publish(topic(), "twice", {.qos = QoS::exactly_once, .id = id});
        break;
      case 6:
        someone().acknowledge(PacketType::pubrel, id);
        break;
      case 7:
        answer(someone());
        break;
      case 8:
        host();
        break;
      default:
        someone().publish(topic(), "once", {.qos = QoS::at_least_once, .id = id});
    }
    if (below(3) == 0) {
      world_.all_durable();
    }
  }

  // Acknowledges what came.
  void answer(Client& client) {
    for (const auto& packet : client.take()) {
      if (packet.type() == PacketType::publish && packet.publish().qos != QoS::at_most_once) {
        const auto message = packet.publish();
        client.acknowledge(
            message.qos == QoS::at_least_once ? PacketType::puback : PacketType::pubrec,
            message.packet_id);
      } else if (packet.type() == PacketType::pubrel) {
        client.acknowledge(PacketType::pubcomp, packet.acknowledge().packet_id);
      }
    }
  }

  void host() {
    const auto chosen = "c" + std::to_string(below(kClients));
    switch (below(6)) {
      case 0:
        world_.broker->end_sessions(
            [&chosen](const Principal&, std::string_view id) { return id == chosen; },
            ReasonCode::administrative_action, world_.now);
        break;
      case 1:
        world_.broker->clear_retained("", topic(), world_.now);
        break;
      case 2:
        world_.pass(std::chrono::milliseconds(below(40'000)));
        break;
      case 3:
        world_.broker->rejudge(world_.now);
        break;
      default: {
        const auto name = topic();
        world_.broker->publish(
            "", {.topic = name, .payload = as_bytes("told"), .qos = QoS::exactly_once}, world_.now);
      }
    }
  }

  testkit::SeededRandom random_{static_cast<std::uint64_t>(GetParam())};
  World world_{{.max_queued_messages = 20, .statistics_interval = 0ms}, true};
  std::vector<std::unique_ptr<Client>> clients_;
};

TEST_P(Snapshots, ShowTheMomentWhenTheyBegan) {
  for (int round = 0; round < 5; ++round) {
    const auto wanted = at_once(*world_.broker);
    std::vector<Bytes> got;
    world_.broker->begin_snapshot();
    for (;;) {
      for (auto changes = below(4); changes > 0; --changes) {
        change();
      }
      const auto part = world_.broker->next_part(1 + below(6));
      if (!part) {
        break;
      }
      part->write([&got](ByteView record) { got.push_back(to_bytes(record)); });
    }
    std::ranges::sort(got);
    ASSERT_EQ(got, wanted);
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, Snapshots, testing::Range(0, 300));

TEST(Snapshot, OneThatIsGivenUpLeavesNothing) {
  World world({}, true);
  Client client(world);
  client.connect("c", {.clean_start = false, .session_expiry = 1000});
  client.publish("t", "x", {.retain = true});
  const auto wanted = at_once(*world.broker);
  world.broker->begin_snapshot();
  world.broker->end_snapshot();
  EXPECT_FALSE(world.broker->next_part(10));
  EXPECT_EQ(at_once(*world.broker), wanted);
  EXPECT_EQ(wanted.size(), 2U);
}

// A turn of the host's loop takes what it asked for, however much there is.
TEST(Snapshot, APartIsAsSmallAsItIsWanted) {
  World world({}, true);
  Client client(world);
  client.connect("c");
  for (int i = 0; i < 100; ++i) {
    client.publish("t/" + std::to_string(i), "x", {.retain = true});
  }
  world.broker->begin_snapshot();
  int parts = 0;
  while (const auto part = world.broker->next_part(10)) {
    int records = 0;
    part->write([&records](ByteView) { ++records; });
    EXPECT_LE(records, 10);
    ++parts;
  }
  EXPECT_GE(parts, 10);
}

}  // namespace
}  // namespace unhidra::mqtt
