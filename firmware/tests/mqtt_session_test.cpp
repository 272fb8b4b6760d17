// The device's MQTT session with the product's own broker: what is lost on the way is not lost.
#include <cstring>
#include <map>
#include <string>

#include "broker_world.h"
#include "fake_flash.h"

extern "C" {
#include "uh/mqtt.h"
}

namespace unhidra::firmware {
namespace {

using mqtt::Client;
using mqtt::ConnectOptions;
using mqtt::QoS;
using mqtt::World;

constexpr const char* kTopic = "devices/lamp/state";

// A device: what is in flash outlives restart(), the rest does not.
class Device {
 public:
  explicit Device(World& world, std::uint32_t sectors = 64, std::uint32_t seed = 1)
      : flash(512, sectors, seed), world_(world) {
    filters_[0] = {"devices/lamp/commands/#", 2};
    settings = {.client_id = "lamp",
                .user = "lamp",
                .password = nullptr,
                .keep_alive = 30,
                .session_expiry = 3600,
                .will_topic = "devices/lamp/online",
                .will = reinterpret_cast<const std::uint8_t*>("no"),
                .will_size = 2,
                .will_is_retained = false,
                .filters = filters_,
                .filter_count = 1};
    restart();
  }
  ~Device() { lose_connection(); }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  void restart() {
    lose_connection();
    flash.restart();
    ASSERT_EQ(uh_ring_open(&ring, flash.get(), 0, flash.get()->sector_count), UH_OK);
    uh_mqtt_init(&session, &settings, &ring, in_, sizeof in_, out_, sizeof out_);
  }

  uh_status report(std::string_view text, std::uint8_t qos = 1, const char* topic = kTopic) {
    const uh_mqtt_message message = {.qos = qos,
                                     .retained = false,
                                     .sealed = false,
                                     .topic = topic,
                                     .topic_size = std::strlen(topic),
                                     .payload = reinterpret_cast<const std::uint8_t*>(text.data()),
                                     .payload_size = text.size()};
    std::uint8_t work[400];
    return uh_mqtt_enqueue(&ring, &message, work, sizeof work);
  }

  void connect() {
    lose_connection();
    link_ = std::make_unique<mqtt::FakeLink>();
    id_ = world_.broker->accept(*link_, mqtt::Peer{}, world_.now);
    ASSERT_EQ(uh_mqtt_connect(&session, now()), UH_OK);
    exchange();
  }
  void lose_connection() {
    if (link_) {
      world_.broker->lost(id_, world_.now);
      world_.broker->flush();
      link_.reset();
      uh_mqtt_disconnected(&session);
    }
  }
  std::uint64_t now() const {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(world_.now.steady.time_since_epoch())
            .count());
  }

  // Moves bytes until nothing moves any more, or `budget` bytes have.
  uh_status exchange(std::size_t budget = 1U << 30) {
    for (bool moved = true; moved && link_;) {
      uh_mqtt_event event;
      const auto ticked = uh_mqtt_tick(&session, now(), &event);
      note(event);
      if (ticked != UH_OK) {
        return ticked;
      }
      moved = write(budget);
      const auto status = read(budget, moved);
      if (status != UH_OK) {
        return status;
      }
    }
    return UH_OK;
  }

  FakeFlash flash;
  uh_ring ring{};
  uh_mqtt_settings settings{};
  uh_mqtt session{};
  std::vector<uh_mqtt_event> events;
  std::vector<std::string> got;
  bool acknowledges = true;
  mqtt::FakeLink& link() { return *link_; }

 private:
  void note(const uh_mqtt_event& event) {
    if (event.kind != UH_MQTT_NOTHING) {
      events.push_back(event);
    }
  }
  bool write(std::size_t& budget) {
    const std::uint8_t* data = nullptr;
    std::size_t size = 0;
    if (!uh_mqtt_output(&session, &data, &size)) {
      return false;
    }
    size = std::min(size, budget);
    const Bytes sent(data, data + size);
    uh_mqtt_sent(&session, size, now());
    world_.broker->receive(id_, sent, world_.now);
    world_.broker->flush();
    budget -= size;
    return size > 0;
  }
  uh_status read(std::size_t& budget, bool& moved) {
    const Bytes came(
        link_->sent.begin(),
        link_->sent.begin() + static_cast<std::ptrdiff_t>(std::min(budget, link_->sent.size())));
    link_->sent.erase(link_->sent.begin(),
                      link_->sent.begin() + static_cast<std::ptrdiff_t>(came.size()));
    budget -= came.size();
    moved = moved || !came.empty();
    const std::uint8_t* data = came.data();
    std::size_t size = came.size();
    for (uh_mqtt_event event{.kind = UH_MQTT_CONNECTED}; event.kind != UH_MQTT_NOTHING;) {
      const auto status = uh_mqtt_receive(&session, &data, &size, now(), &event);
      if (status == UH_BUSY) {
        std::size_t all = 1U << 30;
        write(all);
        event.kind = UH_MQTT_CONNECTED;
        continue;
      }
      note(event);
      if (status != UH_OK) {
        return status;
      }
      if (event.kind == UH_MQTT_MESSAGE) {
        got.emplace_back(event.payload, event.payload + event.payload_size);
        if (acknowledges) {
          EXPECT_EQ(uh_mqtt_acknowledge(&session), UH_OK);
        }
      }
    }
    return UH_OK;
  }

  World& world_;
  std::unique_ptr<mqtt::FakeLink> link_;
  mqtt::ConnectionId id_ = 0;
  uh_mqtt_filter filters_[1];
  std::uint8_t in_[512];
  std::uint8_t out_[1024];
};

class MqttSession : public testing::Test {
 protected:
  std::unique_ptr<Client> watcher(QoS qos = QoS::exactly_once) {
    auto client = std::make_unique<Client>(world);
    ConnectOptions options;
    options.user = "watcher";
    EXPECT_EQ(client->connect("watcher", options), 0);
    EXPECT_LE(client->subscribe("devices/#", {.qos = qos}), 2);
    return client;
  }
  // The payloads that came, each acknowledged.
  static std::vector<std::string> hear(Client& client) {
    std::vector<std::string> out;
    for (bool more = true; more;) {
      more = false;
      for (const auto& packet : client.take()) {
        more = true;
        if (packet.type() == mqtt::PacketType::publish) {
          const auto publish = packet.publish();
          out.emplace_back(reinterpret_cast<const char*>(publish.payload.data()),
                           publish.payload.size());
          if (publish.qos != QoS::at_most_once) {
            client.acknowledge(publish.qos == QoS::at_least_once ? mqtt::PacketType::puback
                                                                 : mqtt::PacketType::pubrec,
                               publish.packet_id);
          }
        } else if (packet.type() == mqtt::PacketType::pubrel) {
          client.acknowledge(mqtt::PacketType::pubcomp, packet.acknowledge().packet_id);
        }
      }
    }
    return out;
  }

  World world;
};

std::size_t count(const Device& device, uh_mqtt_event_kind kind) {
  return static_cast<std::size_t>(
      std::ranges::count_if(device.events, [&](const auto& event) { return event.kind == kind; }));
}

TEST_F(MqttSession, ConnectsSubscribesAndSpeaksBothWays) {
  const auto watching = watcher();
  Device device(world);
  device.connect();
  ASSERT_TRUE(uh_mqtt_is_connected(&device.session));
  ASSERT_EQ(count(device, UH_MQTT_SUBSCRIBED), 1U);
  ASSERT_EQ(device.report("one"), UH_OK);
  ASSERT_EQ(device.report("two", 2), UH_OK);
  ASSERT_EQ(device.exchange(), UH_OK);
  EXPECT_EQ(hear(*watching), (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(uh_ring_waiting(&device.ring), 0U);
  EXPECT_EQ(count(device, UH_MQTT_DELIVERED), 2U);
  for (const auto qos : {QoS::at_most_once, QoS::at_least_once, QoS::exactly_once}) {
    watching->publish("devices/lamp/commands/switch", "on",
                      {.qos = qos, .id = static_cast<mqtt::PacketId>(qos)});
    if (qos == QoS::exactly_once) {
      watching->acknowledge(mqtt::PacketType::pubrel, 2);
    }
    ASSERT_EQ(device.exchange(), UH_OK);
  }
  EXPECT_EQ(device.got.size(), 3U);
}

TEST_F(MqttSession, WhatWasReportedOfflineComesInOrderAndOnce) {
  const auto watching = watcher();
  Device device(world);
  std::vector<std::string> wanted;
  for (int i = 0; i < 50; ++i) {
    wanted.push_back(std::to_string(i));
    ASSERT_EQ(device.report(wanted.back()), UH_OK);
  }
  device.restart();
  device.connect();
  EXPECT_EQ(hear(*watching), wanted);
  EXPECT_EQ(uh_ring_waiting(&device.ring), 0U);
}

TEST_F(MqttSession, CommandsWaitAtTheBrokerWhileTheDeviceIsAway) {
  const auto watching = watcher();
  Device device(world);
  device.connect();
  device.lose_connection();
  watching->publish("devices/lamp/commands/switch", "on", {.qos = QoS::at_least_once, .id = 1});
  device.restart();  // and without memory of before
  device.connect();
  EXPECT_EQ(device.got, (std::vector<std::string>{"on"}));
}

TEST_F(MqttSession, AMessageThatWasNotAcknowledgedComesAgain) {
  const auto watching = watcher();
  Device device(world);
  device.connect();
  device.acknowledges = false;
  watching->publish("devices/lamp/commands/switch", "on", {.qos = QoS::at_least_once, .id = 1});
  EXPECT_EQ(device.exchange(), UH_STATE);  // nothing is read before it is acted on
  device.acknowledges = true;
  device.connect();
  EXPECT_EQ(device.got, (std::vector<std::string>{"on", "on"}));
  device.connect();
  EXPECT_EQ(device.got.size(), 2U);
}

TEST_F(MqttSession, KeepsToTheServersReceiveMaximumAndPacketSize) {
  world.settings.receive_maximum = 2;
  world.settings.max_packet = 200;
  world.start();
  const auto watching = watcher();
  Device device(world);
  ASSERT_EQ(device.report(std::string(300, 'x')), UH_OK);
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(device.report(std::to_string(i)), UH_OK);
  }
  device.connect();
  ASSERT_EQ(device.exchange(), UH_OK);
  EXPECT_EQ(device.session.window, 2);
  EXPECT_EQ(hear(*watching).size(), 20U);
  ASSERT_EQ(count(device, UH_MQTT_REFUSED), 1U);
  const auto refused = std::ranges::find_if(
      device.events, [](const auto& event) { return event.kind == UH_MQTT_REFUSED; });
  EXPECT_EQ(refused->reason, 0x95);
  EXPECT_EQ(refused->message, 0U);
}

TEST_F(MqttSession, ATopicThatThePolicyRefusesIsReportedAndDoesNotBlock) {
  world.authority.no_publish = {"devices/door/open"};
  const auto watching = watcher();
  Device device(world);
  ASSERT_EQ(device.report("now", 1, "devices/door/open"), UH_OK);
  ASSERT_EQ(device.report("still here"), UH_OK);
  device.connect();
  EXPECT_EQ(hear(*watching), (std::vector<std::string>{"still here"}));
  ASSERT_EQ(count(device, UH_MQTT_REFUSED), 1U);
  EXPECT_EQ(uh_ring_waiting(&device.ring), 0U);
}

TEST_F(MqttSession, ARefusedSubscriptionIsNamed) {
  world.authority.no_subscribe = {"devices/lamp/commands/#"};
  Device device(world);
  device.connect();
  ASSERT_EQ(count(device, UH_MQTT_SUBSCRIBED), 1U);
  EXPECT_EQ(device.events.back().refused, 1);
}

TEST_F(MqttSession, ASilentServerIsFoundOut) {
  Device device(world);
  device.connect();
  world.now.steady += std::chrono::seconds(29);
  ASSERT_EQ(device.exchange(), UH_OK);  // asks, and is answered
  EXPECT_EQ(device.session.asked_at, 0U);
  world.now.steady += std::chrono::seconds(29);
  uh_mqtt_event event;
  ASSERT_EQ(uh_mqtt_tick(&device.session, device.now(), &event), UH_OK);
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  ASSERT_TRUE(uh_mqtt_output(&device.session, &data, &size));
  ASSERT_EQ(size, 2U);
  EXPECT_EQ(data[0], 0xc0);
  world.now.steady += std::chrono::seconds(11);
  EXPECT_EQ(uh_mqtt_tick(&device.session, device.now(), &event), UH_STALE);
}

TEST_F(MqttSession, SpeaksTheOlderVersionWithAServerThatKnowsNoOther) {
  Device device(world);
  ASSERT_EQ(uh_mqtt_connect(&device.session, 1), UH_OK);
  const std::uint8_t connack[] = {0x20, 2, 0, 1};
  const std::uint8_t* data = connack;
  std::size_t size = sizeof connack;
  uh_mqtt_event event;
  ASSERT_EQ(uh_mqtt_receive(&device.session, &data, &size, 1, &event), UH_OK);
  EXPECT_EQ(event.kind, UH_MQTT_CLOSED);
  EXPECT_EQ(event.reason, 1);
  const auto watching = watcher();
  ASSERT_EQ(device.report("one"), UH_OK);
  ASSERT_EQ(device.report("two", 2), UH_OK);
  device.connect();
  EXPECT_EQ(device.session.version, 4);
  EXPECT_EQ(hear(*watching), (std::vector<std::string>{"one", "two"}));
  watching->publish("devices/lamp/commands/x", "on", {.qos = QoS::exactly_once, .id = 5});
  watching->acknowledge(mqtt::PacketType::pubrel, 5);
  ASSERT_EQ(device.exchange(), UH_OK);
  EXPECT_EQ(device.got, (std::vector<std::string>{"on"}));
}

TEST_F(MqttSession, AMessageWithoutRoomAtTheServerWaitsAndIsSentAgain) {
  Device device(world);
  device.connect();
  ASSERT_EQ(device.report("one"), UH_OK);
  uh_mqtt_event event;
  ASSERT_EQ(uh_mqtt_tick(&device.session, device.now(), &event), UH_OK);
  uh_mqtt_sent(&device.session, device.session.out_size, device.now());
  const std::uint8_t puback[] = {0x40, 3, 0, 1, 0x97};
  const std::uint8_t* data = puback;
  std::size_t size = sizeof puback;
  ASSERT_EQ(uh_mqtt_receive(&device.session, &data, &size, device.now(), &event), UH_OK);
  EXPECT_EQ(event.kind, UH_MQTT_NOTHING);
  EXPECT_EQ(uh_ring_waiting(&device.ring), 1U);
  const auto watching = watcher();
  world.now.steady += std::chrono::seconds(10);
  ASSERT_EQ(device.exchange(), UH_OK);
  EXPECT_EQ(hear(*watching), (std::vector<std::string>{"one"}));
  EXPECT_EQ(uh_ring_waiting(&device.ring), 0U);
}

TEST_F(MqttSession, WhatDoesNotBelongThereEndsTheConnection) {
  const std::vector<std::vector<std::uint8_t>> bad = {
      {0x00, 0},                            // no such packet
      {0x20, 2, 0, 0},                      // CONNACK twice
      {0x31, 3, 0, 1, 0},                   // PUBLISH with a zero in its topic
      {0x36, 5, 0, 1, 'a', 0, 1},           // QoS 3
      {0x32, 6, 0, 1, 'a', 0, 0, 0},        // identifier 0
      {0x30, 3, 0, 0, 0},                   // no topic, no alias
      {0x30, 7, 0, 1, 'a', 3, 0x23, 0, 1},  // an alias that was not allowed
      {0x30, 5, 0, 1, 'a', 1, 0x7e},        // no such property
      {0x41, 2, 0, 1},                      // flags
      {0x90, 3, 0, 9, 0},                   // SUBACK for nothing
      {0xd0, 1, 0},                         // PINGRESP with a body
      {0x30, 0xff, 0xff, 0xff, 0xff},       // length without an end
      {0x30, 0x80, 0x08},                   // larger than what was announced
      {0x82, 6, 0, 1, 0, 1, 'a', 0},        // a client's packet
  };
  for (const auto& bytes : bad) {
    Device device(world);
    device.connect();
    ASSERT_TRUE(uh_mqtt_is_connected(&device.session));
    const std::uint8_t* data = bytes.data();
    std::size_t size = bytes.size();
    uh_mqtt_event event;
    EXPECT_NE(uh_mqtt_receive(&device.session, &data, &size, device.now(), &event), UH_OK)
        << int(bytes[0]) << " " << bytes.size();
    EXPECT_FALSE(uh_mqtt_is_connected(&device.session));
    // It says so to the server.
    ASSERT_GE(device.session.out_size, 3U);
    EXPECT_EQ(device.session.out[0], 0xe0);
  }
}

// What the device answers to bytes of a scripted server.
std::vector<std::uint8_t> answer(Device& device, const std::vector<std::uint8_t>& bytes,
                                 unsigned& messages) {
  const std::uint8_t* data = bytes.data();
  std::size_t size = bytes.size();
  uh_mqtt_event event;
  EXPECT_EQ(uh_mqtt_receive(&device.session, &data, &size, device.now(), &event), UH_OK);
  if (event.kind == UH_MQTT_MESSAGE) {
    ++messages;
    EXPECT_EQ(uh_mqtt_acknowledge(&device.session), UH_OK);
  }
  std::vector<std::uint8_t> out(device.session.out, device.session.out + device.session.out_size);
  uh_mqtt_sent(&device.session, out.size(), device.now());
  return out;
}

TEST_F(MqttSession, AQoS2MessageThatComesAgainIsActedOnOnce) {
  using Octets = std::vector<std::uint8_t>;
  Device device(world);
  device.connect();
  unsigned messages = 0;
  const Octets pubrec = {0x50, 2, 0, 7};
  EXPECT_EQ(answer(device, {0x34, 7, 0, 1, 'a', 0, 7, 0, 'x'}, messages), pubrec);
  EXPECT_EQ(answer(device, {0x3c, 7, 0, 1, 'a', 0, 7, 0, 'x'}, messages), pubrec);
  EXPECT_EQ(messages, 1U);
  EXPECT_EQ(answer(device, {0x62, 2, 0, 7}, messages), (Octets{0x70, 2, 0, 7}));
  EXPECT_EQ(answer(device, {0x62, 2, 0, 7}, messages), (Octets{0x70, 3, 0, 7, 0x92}));
  EXPECT_EQ(answer(device, {0x34, 7, 0, 1, 'a', 0, 7, 0, 'x'}, messages), pubrec);
  EXPECT_EQ(messages, 2U);
}

TEST_F(MqttSession, WillAndGoodbye) {
  const auto watching = watcher();
  Device device(world);
  device.connect();
  device.lose_connection();
  EXPECT_EQ(hear(*watching), (std::vector<std::string>{"no"}));
  device.connect();
  uh_mqtt_disconnect(&device.session);
  (void)device.exchange();
  std::size_t size = 0;
  const std::uint8_t* data = nullptr;
  ASSERT_TRUE(uh_mqtt_output(&device.session, &data, &size));
  EXPECT_EQ(data[0], 0xe0);
}

// Connections break after any number of bytes, the power goes at any byte of flash; the ring is
// large enough. Every report that was answered for arrives, in order, and QoS 2 arrives once as
// long as the power stays.
void storm(std::uint32_t seed, bool with_power_cuts) {
  World world;
  Client watching(world);
  ConnectOptions options;
  options.user = "watcher";
  ASSERT_EQ(watching.connect("watcher", options), 0);
  ASSERT_EQ(watching.subscribe("devices/#", {.qos = QoS::at_most_once}), 0);
  Device device(world, 64, seed);
  device.settings.will_topic = nullptr;
  std::mt19937 random(seed);
  std::vector<std::string> reported;
  std::uint32_t number = 0;
  for (int turn = 0; turn < 60; ++turn) {
    if (with_power_cuts && random() % 3 == 0) {
      device.flash.cut_after(1 + random() % 700);
    }
    for (auto more = random() % 4; more > 0; --more) {
      // The last one before the power went may be there or not.
      reported.push_back(std::to_string(number++));
      if (device.report(reported.back(), with_power_cuts ? 1 : 2) != UH_OK) {
        reported.back() += '?';
      }
    }
    if (!device.flash.is_dead()) {
      device.connect();
      (void)device.exchange(random() % 200);
      device.lose_connection();
    }
    if (device.flash.is_dead()) {
      device.restart();
    }
  }
  device.flash.cut_after(FakeFlash::kForever);
  device.connect();
  ASSERT_EQ(device.exchange(), UH_OK);
  ASSERT_EQ(uh_ring_waiting(&device.ring), 0U) << seed;
  std::map<std::string, int> times;
  std::vector<std::string> first_time;
  for (const auto& text : watching.take_payloads()) {
    if (times[text]++ == 0) {
      first_time.push_back(text);
    }
  }
  std::erase_if(reported, [&](const auto& text) {
    return text.back() == '?' && !times.contains(text.substr(0, text.size() - 1));
  });
  for (auto& text : reported) {
    text.resize(text.size() - (text.back() == '?' ? 1 : 0));
  }
  EXPECT_EQ(first_time, reported) << "seed " << seed;
  if (!with_power_cuts) {
    for (const auto& [text, count] : times) {
      EXPECT_EQ(count, 1) << text << ", seed " << seed;
    }
  }
}

TEST(MqttStorm, NothingIsLostWhenConnectionsBreakAndQoS2ComesOnce) {
  for (std::uint32_t seed = 1; seed <= 150; ++seed) {
    storm(seed, false);
  }
}

TEST(MqttStorm, NothingIsLostWhenThePowerGoes) {
  for (std::uint32_t seed = 1; seed <= 150; ++seed) {
    storm(seed, true);
  }
}

}  // namespace
}  // namespace unhidra::firmware
