#pragma once
// A broker with everything around it in memory: time that only moves when told to, a journal that
// is durable when told to, clients that are a link and what came through it.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "unhidra/mqtt/broker.h"
#include "unhidra/mqtt/decoder.h"
#include "unhidra/mqtt/encoder.h"
#include "unhidra/testkit/seeded_random.h"

namespace unhidra::mqtt {

struct FakeJournal final : Journal {
  std::vector<Bytes> records;
  std::size_t backlog_bytes = 0;
  std::uint64_t append(ByteView record) override {
    records.push_back(to_bytes(record));
    return records.size();
  }
  std::size_t backlog() const override { return backlog_bytes; }
};

struct FakeAuthority : Authority {
  bool thinks = false;  // answers later
  std::vector<std::string> no_publish;
  std::vector<std::string> no_subscribe;
  std::string identity_for_all;  // otherwise the user name

  std::optional<Admission> connect(ConnectionId, const Peer&, const Connect& packet) override {
    if (thinks) {
      return std::nullopt;
    }
    return Admission{.principal = principal(packet.user_name.value_or(""))};
  }
  static std::shared_ptr<const Principal> principal(std::string_view identity) {
    // "anna@first" is anna in the space "first".
    const auto at = std::min(identity.find('@'), identity.size());
    const auto space = identity.substr(std::min(at + 1, identity.size()));
    return std::make_shared<const Principal>(
        Principal{std::string(identity), std::string(space), nullptr});
  }
  ReasonCode publish(const Principal&, const PublishRequest& request) override {
    return contains(no_publish, request.topic) ? ReasonCode::not_authorized : ReasonCode::success;
  }
  ReasonCode subscribe(const Principal&, std::string_view filter,
                       const SubscriptionOptions&) override {
    return contains(no_subscribe, filter) ? ReasonCode::not_authorized : ReasonCode::success;
  }
  std::shared_ptr<const Principal> restore(std::string_view, std::string_view identity) override {
    return principal(identity);
  }
  static bool contains(const std::vector<std::string>& in, std::string_view what) {
    return std::ranges::find(in, what) != in.end();
  }
};

struct FakeObserver final : Observer {
  std::vector<std::string> drops;
  std::vector<std::string> refused;
  void retained_refused(const Principal& who, std::string_view client_id,
                        std::string_view topic) override {
    refused.push_back(who.identity + " " + std::string(client_id) + " " + std::string(topic));
  }
  void dropped(const Principal&, std::string_view client_id, std::string_view topic,
               DropReason reason) override {
    drops.push_back(std::string(client_id) + " " + std::string(topic) + " " +
                    std::string(to_string(reason)));
  }
};

struct FakeLink final : Link {
  Bytes pending;
  Bytes sent;
  bool stuck = false;  // the peer does not read
  bool closed = false;
  bool paused = false;
  Bytes& output() override { return pending; }
  void flush() override {
    if (!stuck) {
      append(sent, pending);
      pending.clear();
    }
  }
  std::size_t queued() const override { return pending.size(); }
  void pause_reading(bool on) override { paused = on; }
  void close() override {
    append(sent, pending);
    pending.clear();
    closed = true;
  }
};

// One packet as it came: it owns its bytes.
struct Packet {
  std::uint8_t first = 0;
  Bytes body;
  Frame frame() const { return {first, body}; }
  PacketType type() const { return frame().type(); }
  Publish publish(Version version = Version::v5) const { return *decode_publish(frame(), version); }
  Acknowledge acknowledge(Version version = Version::v5) const {
    return *decode_acknowledge(frame(), version);
  }
};

struct World {
  explicit World(BrokerSettings its_settings = {}, bool durable = false)
      : settings(its_settings), journaled(durable) {
    start();
  }
  void start() {
    ++life;
    broker = std::make_unique<Broker>(settings, authority, journaled ? &journal : nullptr,
                                      &observer, random, now);
  }
  // Kills the broker; a new one knows of the first `records`.
  void crash(std::size_t records) {
    broker.reset();
    journal.records.resize(records);
    start();
    for (const auto& record : journal.records) {
      const auto done = broker->replay(record);
      ASSERT_TRUE(done) << done.error().message();
    }
    broker->recovered(now);
  }
  void pass(std::chrono::milliseconds time) {
    now.wall += time;
    now.steady += time;
    broker->tick(now);
    broker->flush();
  }
  void all_durable() {
    broker->durable(journal.records.size(), now);
    broker->flush();
  }

  BrokerSettings settings;
  bool journaled;
  testkit::SeededRandom random{7};
  FakeJournal journal;
  FakeAuthority authority;
  FakeObserver observer;
  Moment now{Timestamp(std::chrono::hours(500'000)), SteadyTime(std::chrono::hours(9))};
  std::unique_ptr<Broker> broker;
  int life = 0;  // which broker it is
};

// Takes parts of the snapshot that is being made until it is whole.
inline std::vector<Bytes> rest_of_snapshot(Broker& broker) {
  std::vector<Bytes> out;
  while (const auto part = broker.next_part(100)) {
    part->write([&out](ByteView record) { out.push_back(to_bytes(record)); });
  }
  return out;
}

struct ConnectOptions {
  Version version = Version::v5;
  bool clean_start = true;
  std::uint16_t keep_alive = 0;
  std::uint32_t session_expiry = 0;
  std::uint16_t receive_maximum = 0;
  std::uint32_t max_packet = 0;
  std::uint16_t alias_maximum = 0;
  std::string user;
  std::string will_topic;
  std::uint32_t will_delay = 0;
  std::string method;
  bool wants_reasons = true;
};

using Payloads = std::vector<std::string>;

inline constexpr SubscriptionOptions kQos1{.qos = QoS::at_least_once};
inline constexpr SubscriptionOptions kQos2{.qos = QoS::exactly_once};
inline const ConnectOptions kKept{.clean_start = false, .session_expiry = 1000};

struct PublishOptions {
  QoS qos = QoS::at_most_once;
  PacketId id = 0;
  bool retain = false;
  bool dup = false;
  Bytes properties;
};

class Client {
 public:
  explicit Client(World& its_world, Version its_version = Version::v5)
      : world(its_world), version(its_version) {
    id = world.broker->accept(link, Peer{}, world.now);
    life_ = world.life;
  }
  ~Client() {
    if (life_ == world.life) {
      drop();
    }
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(ByteView bytes) {
    world.broker->receive(id, bytes, world.now);
    world.broker->flush();
  }
  void drop() {
    world.broker->lost(id, world.now);
    world.broker->flush();
  }

  // Sends CONNECT; returns CONNACK's code, or nothing when no CONNACK came.
  std::optional<std::uint8_t> connect(std::string_view client_id,
                                      const ConnectOptions& options = {});
  bool session_present() const { return present_; }

  void publish(std::string_view topic, std::string_view payload,
               const PublishOptions& options = {}) {
    Bytes out;
    append_publish(out,
                   {.topic = topic,
                    .properties = options.properties,
                    .packet_id = options.id,
                    .qos = options.qos,
                    .dup = options.dup,
                    .retain = options.retain},
                   as_bytes(payload), version);
    send(out);
  }
  void acknowledge(PacketType type, PacketId packet_id, ReasonCode reason = ReasonCode::success) {
    Bytes out;
    append_acknowledge(out, {.type = type, .packet_id = packet_id, .reason = reason}, version);
    send(out);
  }
  // Returns the code of SUBACK.
  std::uint8_t subscribe(std::string_view filter, SubscriptionOptions options = {},
                         std::uint32_t identifier = 0) {
    Subscribe packet;
    packet.packet_id = 77;
    packet.identifier = identifier;
    packet.entries.push_back({filter, options});
    Bytes out;
    append_subscribe(out, packet, version);
    send(out);
    return suback();
  }
  std::uint8_t suback();

  // Everything that came since the last call.
  std::vector<Packet> take();
  // The payloads of the PUBLISH packets among it.
  std::vector<std::string> take_payloads();

  World& world;
  Version version;
  FakeLink link;
  ConnectionId id = 0;

 private:
  std::vector<Packet> waiting_;
  FrameReader reader_{1U << 28};
  std::size_t read_ = 0;
  bool present_ = false;
  int life_ = 0;
};

}  // namespace unhidra::mqtt
