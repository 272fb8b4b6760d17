// Random schedules between a controller and the device core: messages are lost, doubled, reordered
// and held back in both directions, the power goes at any byte of flash, the controller goes on
// from what it stored. UNHIDRA_TEST_SEED plays one schedule again.
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "channel_world.h"

namespace unhidra::firmware {
namespace {

constexpr int kSchedules = 60;
constexpr int kSteps = 250;

class Schedule {
 public:
  explicit Schedule(std::uint32_t seed) : dice_(seed), random_(seed), lamp_(make_lamp(seed)) {
    rotate();
  }

  void run() {
    for (int i = 0; i < kSteps && !testing::Test::HasFatalFailure(); ++i) {
      step();
    }
    settle();
  }

 private:
  CoreDevice make_lamp(std::uint32_t seed) { return {2, random_, owner_.key.public_key(), seed}; }
  bool one_in(unsigned n) { return dice_() % n == 0; }

  void rotate() { owner_.rotate({phone_.member(), {lamp_.device.keys(), GroupRole::device}}); }

  // ---- the controller: what it sends is stored before ----

  void send(const Result<Bytes>& payload) {
    if (payload) {
      to_device_.push_back(*payload);
    }
  }
  void send_epoch() {
    if (one_in(2)) {
      rotate();
    }
    send(phone_.epoch(owner_, owner_.policy(lamp_.device.device_id)));
  }
  void send_command() { send(phone_.command("do " + std::to_string(++orders_))); }
  void read_stored() {
    auto stored = phone_.channel.serialize();
    phone_.channel = e2ee::DeviceChannel::deserialize(provider(), stored.expose()).value();
  }
  void read_prekeys() {
    if (!published_.empty()) {
      // Mostly the newest; a broker that lies shows an older one.
      const auto back = one_in(4) ? dice_() % published_.size() : 0;
      (void)phone_.take(published_[published_.size() - 1 - back]);
    }
  }
  void read_answer() {
    if (from_device_.empty()) {
      return;
    }
    const auto at = dice_() % from_device_.size();
    const auto payload = from_device_[at];
    const auto answer = phone_.open(payload);
    if (answer) {
      EXPECT_TRUE(read_.insert(payload).second) << "an answer opened twice";
    }
    if (!one_in(4)) {
      from_device_.erase(from_device_.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }

  // ---- the device ----

  // The power may go while it does this; then it starts again.
  template <class Work>
  void powered(Work work) {
    if (one_in(3)) {
      lamp_.flash.cut_after(1 + dice_() % 4000);
    }
    work();
    if (lamp_.flash.is_dead()) {
      lamp_.start();
    }
    lamp_.flash.restart();
    collect();
  }

  void hear() {
    if (to_device_.empty()) {
      return;
    }
    const auto at = dice_() % std::min<std::size_t>(to_device_.size(), 6);
    const auto payload = to_device_[at];
    bool may_forget = !one_in(5);
    powered([&] { may_forget = hear(payload) && may_forget; });
    if (may_forget) {
      to_device_.erase(to_device_.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }
  bool hear(const Bytes& payload) {
    const auto before = lamp_.flash.bytes();
    const auto status = lamp_.hear(payload);
    if (status == UH_OK && lamp_.heard.is_command) {
      EXPECT_TRUE(obeyed_.insert(lamp_.command()).second) << lamp_.command() << " obeyed twice";
      (void)lamp_.answer("done");
    } else if (status == UH_DUPLICATE || status == UH_UNDECRYPTABLE || status == UH_UNKNOWN_EPOCH ||
               status == UH_TOO_FAR_AHEAD) {
      EXPECT_EQ(lamp_.flash.bytes(), before) << "a refusal changed flash";
    }
    if (status == UH_OK && !lamp_.heard.is_command) {
      EXPECT_GE(lamp_.group.current.number, epoch_) << "back to an epoch of before";
      epoch_ = lamp_.group.current.number;
    }
    return status != UH_STORAGE;
  }
  void publish() {
    powered([&] {
      lamp_.channel.has_news = lamp_.channel.has_news || one_in(4);
      (void)uh_agent_publish_prekeys(&lamp_.agent, kPrekeys, lamp_.uptime);
    });
  }
  // What was put into the ring goes to the broker.
  void collect() {
    for (; uh_ring_waiting(&lamp_.ring) > 0; uh_ring_done(&lamp_.ring, lamp_.ring.first)) {
      std::uint8_t entry[2048];
      std::size_t size = 0;
      if (uh_ring_read(&lamp_.ring, lamp_.ring.first, entry, sizeof entry, &size) != UH_OK) {
        continue;
      }
      const std::size_t topic_size = entry[1] * 256U + entry[2];
      const std::string_view topic(reinterpret_cast<const char*>(entry) + 3, topic_size);
      const Bytes payload(entry + 3 + topic_size, entry + size);
      if (topic == kPrekeys) {
        published_.push_back(payload);
        continue;
      }
      // Ratchet key and number: the key that the message is sealed with. None serves twice.
      const Bytes head(payload.begin(), payload.begin() + 17 + 1 + 32 + 2);
      const auto known = sealed_.emplace(head, payload);
      EXPECT_TRUE(known.second || known.first->second == payload) << "a key has served twice";
      from_device_.push_back(payload);
    }
  }

  void step() {
    switch (dice_() % 12) {
      case 0:
        return send_epoch();
      case 1:
      case 2:
        return send_command();
      case 3:
        return read_prekeys();
      case 4:
        return publish();
      case 5:
        return read_answer();
      case 6:
        if (!to_device_.empty() && one_in(2)) {
          to_device_.erase(to_device_.begin());  // lost
        }
        return;
      case 7:
        return one_in(4) ? phone_.channel.distrust() : read_stored();
      case 8:
        if (one_in(6)) {
          EXPECT_EQ(uh_channel_restart(&lamp_.channel), UH_OK);  // commissioned anew
        }
        return;
      default:
        return hear();
    }
  }

  // The broker is honest again: they find each other within a few messages.
  void settle() {
    to_device_.clear();
    lamp_.start();
    (void)phone_.take(lamp_.published());
    rotate();
    ASSERT_EQ(lamp_.hear(phone_.epoch(owner_, owner_.policy(lamp_.device.device_id)).value()),
              UH_OK);
    EXPECT_EQ(lamp_.group.current.number, owner_.group.epoch);
    const auto receipt = phone_.open(lamp_.last_answer());
    ASSERT_TRUE(receipt) << receipt.error().message();
    EXPECT_EQ(std::get<e2ee::ChannelReceipt>(*receipt).epoch, owner_.group.epoch);
    ASSERT_EQ(lamp_.hear(phone_.command("at last").value()), UH_OK);
    EXPECT_EQ(lamp_.command(), "at last");
    ASSERT_EQ(lamp_.answer("done"), UH_OK);
    EXPECT_TRUE(phone_.open(lamp_.last_answer()));
  }

  std::mt19937 dice_;
  testkit::SeededRandom random_;
  Owner owner_{random_};
  CoreDevice lamp_;
  Phone phone_{1, random_, lamp_.device.keys()};
  std::vector<Bytes> to_device_;
  std::vector<Bytes> from_device_;
  std::vector<Bytes> published_;
  std::map<Bytes, Bytes> sealed_;
  std::set<Bytes> read_;
  std::set<std::string> obeyed_;
  std::uint32_t epoch_ = 0;
  int orders_ = 0;
};

TEST(ChannelSchedule, NothingOpensTwiceNoKeyServesTwiceAndTheyFindEachOtherAgain) {
  const auto* wanted = std::getenv("UNHIDRA_TEST_SEED");
  const auto first = wanted != nullptr ? static_cast<std::uint32_t>(std::atoi(wanted)) : 1U;
  const auto count = wanted != nullptr ? 1U : static_cast<std::uint32_t>(kSchedules);
  for (auto seed = first; seed < first + count; ++seed) {
    SCOPED_TRACE("UNHIDRA_TEST_SEED=" + std::to_string(seed));
    Schedule(seed).run();
    if (testing::Test::HasFailure()) {
      return;
    }
  }
}

}  // namespace
}  // namespace unhidra::firmware
