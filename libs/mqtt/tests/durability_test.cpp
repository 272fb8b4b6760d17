// Nothing that was acknowledged is lost, nothing of QoS 2 is doubled, order is kept: whenever the
// process dies.
#include <deque>
#include <map>
#include <set>

#include "broker_world.h"

namespace unhidra::mqtt {
namespace {

using namespace std::chrono_literals;

TEST(Durability, NobodyIsToldBeforeItIsOnDisk) {
  World world({}, true);
  Client reader(world);
  EXPECT_EQ(reader.connect("reader", kKept), std::nullopt);
  world.all_durable();
  EXPECT_EQ(reader.take().front().type(), PacketType::connack);
  EXPECT_EQ(reader.subscribe("t", kQos1), 0xff);
  world.all_durable();
  EXPECT_EQ(reader.suback(), 1);
  Client writer(world);
  EXPECT_EQ(writer.connect("writer"), 0);  // has nothing to lose
  writer.publish("t", "x", {.qos = QoS::at_least_once, .id = 1});
  EXPECT_TRUE(writer.take().empty());
  EXPECT_TRUE(reader.take().empty());
  world.all_durable();
  EXPECT_EQ(writer.take().front().type(), PacketType::puback);
  EXPECT_EQ(reader.take_payloads(), Payloads{"x"});
}

TEST(Durability, WhatNobodyKeepsIsNotWritten) {
  World world({}, true);
  Client reader(world);
  reader.connect("reader");
  reader.subscribe("t", kQos1);
  Client writer(world);
  writer.connect("writer");
  writer.publish("t", "x", {.qos = QoS::at_least_once, .id = 1});
  EXPECT_EQ(writer.take().front().type(), PacketType::puback);
  EXPECT_TRUE(world.journal.records.empty());
}

TEST(Durability, RetainedMessagesAndSubscriptionsSurvive) {
  World world({}, true);
  {
    Client client(world);
    client.connect("c", kKept);
    client.subscribe("a/#", {.qos = QoS::exactly_once, .retain_as_published = true}, 9);
    client.publish("kept", "1", {.retain = true});
    client.publish("kept/too", "2", {.retain = true});
    client.publish("kept", "", {.retain = true});
  }
  world.crash(world.journal.records.size());
  EXPECT_EQ(world.broker->stats().retained, 1U);
  Client writer(world);
  writer.connect("w");
  writer.publish("a/b", "while away", {.qos = QoS::at_least_once, .id = 1});
  world.all_durable();
  Client again(world);
  again.connect("c", kKept);
  world.all_durable();
  const auto came = again.take();
  ASSERT_EQ(came.size(), 2U);
  const auto message = came[1].publish();
  EXPECT_EQ(as_text(message.payload), "while away");
  EXPECT_EQ(message.properties.number(PropertyId::subscription_identifier), 9U);
}

TEST(Durability, AWillOutlivesTheProcess) {
  World world({}, true);
  Client watcher(world);
  watcher.connect("watcher", kKept);
  watcher.subscribe("will", kQos1);
  Client doomed(world);
  doomed.connect("doomed", {.will_topic = "will"});
  world.crash(world.journal.records.size());
  EXPECT_EQ(world.broker->stats().sessions, 1U);  // the watcher's
}

TEST(Durability, PublishersWaitWhenTheDiskDoesNotKeepUp) {
  World world({.max_journal_backlog = 100}, true);
  Client client(world);
  client.connect("c");
  world.journal.backlog_bytes = 200;
  client.publish("t", "x", {.retain = true});
  EXPECT_TRUE(client.link.paused);
  world.journal.backlog_bytes = 0;
  world.all_durable();
  EXPECT_FALSE(client.link.paused);
}

TEST(Durability, RefusesWhatIsNoRecord) {
  World world;
  for (const auto& bad : {Bytes{}, Bytes{0}, Bytes{99, 1}, Bytes{3, 0, 0, 0, 0, 0, 0, 0, 1}}) {
    EXPECT_FALSE(world.broker->replay(bad));
  }
}

// ---- Crashes -----------------------------------------------------------------------------------

// A client as the standard wants it: it resends what is not acknowledged, and knows a QoS 2 message
// that it has had.
class Publisher {
 public:
  Publisher(std::string its_id, QoS its_qos) : id_(std::move(its_id)), qos_(its_qos) {}

  void reconnect(World& world) {
    client_ = std::make_unique<Client>(world);
    client_->connect(id_, kKept);
    connected_ = false;
  }
  void publish_next() {
    if (!connected_ || open_.size() >= 20) {
      return;
    }
    const auto id = static_cast<PacketId>(next_ % 60'000 + 1);
    open_.push_back({next_++, id, false});
    send(open_.back(), false);
  }
  void work() {
    if (!client_) {
      return;
    }
    for (const auto& packet : client_->take()) {
      on(packet);
    }
  }
  bool idle() const { return connected_ && open_.empty(); }
  const std::set<int>& acknowledged() const { return acknowledged_; }
  int published() const { return next_; }
  const std::string& id() const { return id_; }

 private:
  struct Open {
    int number;
    PacketId id;
    bool released;
  };
  void send(const Open& open, bool again) {
    if (open.released) {
      client_->acknowledge(PacketType::pubrel, open.id);
    } else {
      client_->publish(id_, id_ + ":" + std::to_string(open.number),
                       {.qos = qos_, .id = open.id, .dup = again});
    }
  }
  void on(const Packet& packet) {
    if (packet.type() == PacketType::connack) {
      connected_ = true;
      for (const auto open : std::vector<Open>(open_.begin(), open_.end())) {
        send(open, true);
      }
      return;
    }
    const auto ack = packet.acknowledge();
    const auto found = std::ranges::find(open_, ack.packet_id, &Open::id);
    if (found == open_.end()) {
      return;
    }
    if (packet.type() == PacketType::pubrec) {
      acknowledged_.insert(found->number);
      found->released = true;
      client_->acknowledge(PacketType::pubrel, ack.packet_id);
      return;
    }
    acknowledged_.insert(found->number);
    open_.erase(found);
  }

  std::string id_;
  QoS qos_;
  std::unique_ptr<Client> client_;
  bool connected_ = false;
  int next_ = 0;
  std::deque<Open> open_;
  std::set<int> acknowledged_;
};

class Receiver {
 public:
  explicit Receiver(std::string its_id) : id_(std::move(its_id)) {}
  void reconnect(World& world) {
    client_ = std::make_unique<Client>(world);
    client_->connect(id_, {.clean_start = false, .session_expiry = 1000, .receive_maximum = 5});
    if (!subscribed_) {
      Subscribe packet;
      packet.packet_id = 1;
      packet.entries.push_back({"#", {.qos = QoS::exactly_once}});
      Bytes out;
      append_subscribe(out, packet, Version::v5);
      client_->send(out);
    }
  }
  void work() {
    if (!client_) {
      return;
    }
    for (const auto& packet : client_->take()) {
      on(packet);
    }
  }
  bool subscribed() const { return subscribed_; }
  const Payloads& seen() const { return seen_; }

 private:
  void on(const Packet& packet) {
    switch (packet.type()) {
      case PacketType::suback:
        subscribed_ = true;
        break;
      case PacketType::publish: {
        const auto message = packet.publish();
        if (message.qos == QoS::at_least_once) {
          seen_.emplace_back(as_text(message.payload));
          client_->acknowledge(PacketType::puback, message.packet_id);
        } else {
          if (had_.insert(message.packet_id).second) {
            seen_.emplace_back(as_text(message.payload));
          }
          client_->acknowledge(PacketType::pubrec, message.packet_id);
        }
        break;
      }
      case PacketType::pubrel:
        had_.erase(packet.acknowledge().packet_id);
        client_->acknowledge(PacketType::pubcomp, packet.acknowledge().packet_id);
        break;
      default:
        break;
    }
  }
  std::string id_;
  std::unique_ptr<Client> client_;
  bool subscribed_ = false;
  Payloads seen_;
  std::set<PacketId> had_;
};

class Crashes : public testing::TestWithParam<int> {
 protected:
  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
  static void TearDownTestSuite() { EXPECT_GT(snapshots_, 0) << "no snapshot was ever made"; }
  void SetUp() override {
    for (auto& receiver : receivers_) {
      receiver.reconnect(world_);
    }
    settle();
    for (auto& publisher : publishers_) {
      publisher.reconnect(world_);
    }
  }
  void settle() {
    for (int i = 0; i < 400; ++i) {
      durable_ = world_.journal.records.size();
      world_.all_durable();
      work();
    }
  }
  void work() {
    for (auto& publisher : publishers_) {
      publisher.work();
    }
    for (auto& receiver : receivers_) {
      receiver.work();
    }
  }
  void reconnect_all() {
    for (auto& publisher : publishers_) {
      publisher.reconnect(world_);
    }
    for (auto& receiver : receivers_) {
      receiver.reconnect(world_);
    }
  }
  // A snapshot is made a part at a time. It counts once it is whole and what it stands for is
  // durable; a crash before that leaves the log as it is.
  void go_on_with_snapshot() {
    if (!snapshot_) {
      snapshot_.emplace(Snapshot{.position = world_.journal.records.size(), .records = {}});
      world_.broker->begin_snapshot();
      return;
    }
    if (const auto part = world_.broker->next_part(1 + below(10))) {
      part->write([this](ByteView record) { snapshot_->records.push_back(to_bytes(record)); });
      return;
    }
    if (durable_ >= snapshot_->position) {
      commit();
    }
  }
  void commit() {
    auto& log = world_.journal.records;
    committed_.emplace(std::move(*snapshot_));
    snapshot_.reset();
    ++snapshots_;
    EXPECT_LE(committed_->position, log.size());
  }
  // What the next start reads: the newest snapshot and the records after it.
  void replace_log() {
    if (!committed_) {
      return;
    }
    auto& log = world_.journal.records;
    durable_ = durable_ - committed_->position + committed_->records.size();
    std::vector<Bytes> records = std::move(committed_->records);
    for (auto at = committed_->position; at < log.size(); ++at) {
      records.push_back(std::move(log[at]));
    }
    log = std::move(records);
    committed_.reset();
  }
  // Somewhere after what is known to be on disk.
  void crash() {
    snapshot_.reset();
    replace_log();
    const auto total = world_.journal.records.size();
    world_.crash(durable_ + below(total - durable_ + 1));
    durable_ = world_.journal.records.size();
    world_.broker->durable(durable_, world_.now);
    reconnect_all();
  }
  void step() {
    switch (below(10)) {
      case 0:
        durable_ += below(world_.journal.records.size() - durable_ + 1);
        world_.broker->durable(durable_, world_.now);
        world_.broker->flush();
        break;
      case 1:
        if (below(6) == 0) {
          crash();
        }
        break;
      case 2:
        if (below(10) == 0) {
          receivers_[below(receivers_.size())].reconnect(world_);
        }
        break;
      case 3:
        work();
        break;
      case 4:
        go_on_with_snapshot();
        break;
      default:
        publishers_[below(publishers_.size())].publish_next();
    }
  }
  void check(const Receiver& receiver) const;

  testkit::SeededRandom random_{static_cast<std::uint64_t>(GetParam())};
  World world_{{.receive_maximum = 50}, true};
  std::vector<Publisher> publishers_ = [] {
    std::vector<Publisher> out;
    out.emplace_back("one", QoS::at_least_once);
    out.emplace_back("two", QoS::exactly_once);
    return out;
  }();
  std::vector<Receiver> receivers_ = [] {
    std::vector<Receiver> out;
    out.emplace_back("r1");
    out.emplace_back("r2");
    return out;
  }();
  std::size_t durable_ = 0;
  struct Snapshot {
    std::size_t position;
    std::vector<Bytes> records;
  };
  std::optional<Snapshot> snapshot_;   // being made
  std::optional<Snapshot> committed_;  // on disk
  static inline int snapshots_ = 0;
};

void Crashes::check(const Receiver& receiver) const {
  for (const auto& publisher : publishers_) {
    std::map<int, int> times;
    int last = -1;
    for (const auto& payload : receiver.seen()) {
      if (!payload.starts_with(publisher.id() + ":")) {
        continue;
      }
      const int number = std::stoi(payload.substr(publisher.id().size() + 1));
      if (++times[number] == 1) {
        EXPECT_GT(number, last) << publisher.id() << " out of order";
        last = number;
      }
    }
    for (const int number : publisher.acknowledged()) {
      EXPECT_GE(times[number], 1) << publisher.id() << " lost " << number;
    }
    if (publisher.id() == "two") {
      for (const auto& [number, count] : times) {
        EXPECT_LE(count, 1) << "QoS 2 message " << number << " came " << count << " times";
      }
    }
  }
}

TEST_P(Crashes, LoseNothingAcknowledgedAndDoubleNothingOfQos2) {
  for (int i = 0; i < 300; ++i) {
    step();
  }
  settle();
  for (const auto& publisher : publishers_) {
    EXPECT_TRUE(publisher.idle());
    EXPECT_EQ(publisher.acknowledged().size(), static_cast<std::size_t>(publisher.published()));
  }
  for (const auto& receiver : receivers_) {
    check(receiver);
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, Crashes, testing::Range(0, 1000));

}  // namespace
}  // namespace unhidra::mqtt
