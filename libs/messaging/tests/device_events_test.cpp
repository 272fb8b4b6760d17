// Frames find the connections of their devices, in whichever process, at a cost that does not grow
// with their number.

#include "unhidra/messaging/device_events.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <future>
#include <mutex>
#include <vector>

#include <gtest/gtest.h>

#include "unhidra/base/codec.h"

#include "bus_fixture.h"

namespace unhidra::messaging {
namespace {

using namespace std::chrono_literals;

DeviceId device(std::uint32_t number) {
  Uuid out{};
  for (std::size_t i = 0; i < 4; ++i) {
    out[i] = static_cast<Byte>(number >> (8 * i));
  }
  return DeviceId(out);
}
std::vector<DeviceId> devices(std::uint32_t count) {
  std::vector<DeviceId> out;
  for (std::uint32_t i = 0; i < count; ++i) {
    out.push_back(device(i));
  }
  return out;
}

// A connection of a device: what it has heard, and whether it was told that it missed something.
class Connection {
 public:
  Connection(DeviceEvents& events, DeviceId id, Executor executor, std::size_t max_pending = 4096)
      : subscription_(events
                          .listen(id, executor,
                                  [heard = heard_](const Message& message) {
                                    const std::lock_guard lock(heard->mutex);
                                    heard->texts.emplace_back(as_text(message.payload.view()));
                                  },
                                  {.max_pending = max_pending,
                                   .on_lagged =
                                       [heard = heard_](std::uint64_t lost) {
                                         const std::lock_guard lock(heard->mutex);
                                         heard->lost += lost;
                                       }})
                          .value()) {}

  std::vector<std::string> heard() const {
    const std::lock_guard lock(heard_->mutex);
    return heard_->texts;
  }
  std::uint64_t lost() const {
    const std::lock_guard lock(heard_->mutex);
    return heard_->lost;
  }
  void end() { subscription_.reset(); }

 private:
  struct Heard {
    std::mutex mutex;
    std::vector<std::string> texts;
    std::uint64_t lost = 0;
  };
  std::shared_ptr<Heard> heard_ = std::make_shared<Heard>();
  Subscription subscription_;
};

using Texts = std::vector<std::string>;

class DeviceEventsTest : public ::testing::TestWithParam<BusKind> {
 protected:
  void SetUp() override {
    if (!fixture_.available()) {
      GTEST_SKIP() << "no server for this bus on this machine";
    }
    other_ = GetParam() == BusKind::nats ? fixture_.connect() : nullptr;
    here_.emplace(fixture_.bus());
    there_.emplace(other_ ? *other_ : fixture_.bus());
    ASSERT_TRUE(here_->start(fixture_.executor()));
    ASSERT_TRUE(there_->start(fixture_.other_executor()));
  }
  void TearDown() override {
    here_.reset();
    there_.reset();
    if (other_) {
      (void)fixture_.run(other_->close(0ms));
    }
  }
  Connection connect(DeviceEvents& events, std::uint32_t number, std::size_t max_pending = 4096) {
    return {events, device(number), fixture_.executor(), max_pending};
  }
  void settle() {
    fixture_.settle();
    if (other_) {
      fixture_.settle(*other_);
    }
  }
  // Messages of the bus that this took.
  std::uint64_t tell(std::span<const DeviceId> to, std::string_view text) {
    const auto before = fixture_.bus().stats().published;
    EXPECT_TRUE(tell_devices(fixture_.bus(), to, as_bytes(text)));
    return fixture_.bus().stats().published - before;
  }
  static void expect_heard(const Connection& connection, const Texts& texts) {
    BusFixture::wait_until([&] { return connection.heard().size() >= texts.size(); });
    EXPECT_EQ(connection.heard(), texts);
  }

  BusFixture fixture_{GetParam()};
  std::unique_ptr<Bus> other_;
  std::optional<DeviceEvents> here_;
  std::optional<DeviceEvents> there_;
};
INSTANTIATE_TEST_SUITE_P(Buses, DeviceEventsTest, ::testing::ValuesIn(kBusKinds),
                         [](const auto& test) { return bus_name(test.param); });

TEST_P(DeviceEventsTest, many_devices_cost_one_message_and_each_process_takes_its_own) {
  const auto all = devices(1000);
  auto first = connect(*here_, 0);
  auto last = connect(*there_, 999);
  auto tablet = connect(*there_, 999);  // a second connection of the same device
  auto stranger = connect(*there_, 1000);
  settle();
  EXPECT_EQ(tell(all, "to all"), 1U);
  EXPECT_EQ(tell(std::array{device(1000)}, "to the stranger"), 1U);
  expect_heard(first, {"to all"});
  expect_heard(last, {"to all"});
  expect_heard(tablet, {"to all"});
  expect_heard(stranger, {"to the stranger"});
}

TEST_P(DeviceEventsTest, a_few_devices_get_a_message_each) {
  auto first = connect(*here_, 0);
  auto last = connect(*there_, kFewDevices - 1);
  settle();
  EXPECT_EQ(tell(devices(kFewDevices), "to each"), kFewDevices);
  EXPECT_EQ(tell(devices(kFewDevices + 1), "to all"), 1U);
  BusFixture::wait_until([&] { return first.heard().size() + last.heard().size() == 4; });
  EXPECT_EQ(first.heard().size(), 2U);
  EXPECT_EQ(last.heard().size(), 2U);
}

TEST_P(DeviceEventsTest, frames_keep_their_order) {
  auto connection = connect(*there_, 42);
  settle();
  const auto all = devices(100);
  Texts texts;
  for (int i = 0; i < 300; ++i) {
    texts.push_back(std::to_string(i));
    tell(all, texts.back());
  }
  expect_heard(connection, texts);
}

TEST_P(DeviceEventsTest, frames_keep_their_order_wherever_their_device_stands_among_the_others) {
  auto all = devices(1000);
  std::deque<Connection> crowd;
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    crowd.push_back(connect(*here_, i));
  }
  settle();
  Texts texts;
  for (int i = 0; i < 20; ++i) {
    texts.push_back(std::to_string(i));
    tell(all, texts.back());
    std::ranges::reverse(all);
  }
  for (const auto& connection : crowd) {
    expect_heard(connection, texts);
  }
}

// What the first have written goes out before the last are told.
TEST_P(DeviceEventsTest, while_many_are_told_other_work_of_their_thread_goes_on) {
  const std::uint32_t count = 1000;
  std::atomic<std::uint32_t> heard{0};
  std::atomic<std::uint32_t> heard_meanwhile{0};
  std::vector<Subscription> crowd;
  for (const auto& id : devices(count)) {
    crowd.push_back(here_
                        ->listen(id, fixture_.executor(),
                                 [&](const Message&) {
                                   if (heard.fetch_add(1) == 0) {
                                     boost::asio::post(fixture_.executor(),
                                                       [&] { heard_meanwhile = heard.load(); });
                                   }
                                 },
                                 {})
                        .value());
  }
  settle();
  tell(devices(count), "to all");
  EXPECT_TRUE(BusFixture::wait_until([&] { return heard == count; }));
  EXPECT_GT(heard_meanwhile, 0U);
  EXPECT_LT(heard_meanwhile, count / 2);
  crowd.clear();
  settle();
}

TEST_P(DeviceEventsTest, more_devices_than_a_message_holds_take_several) {
  const std::uint32_t count = 70'000;
  auto first = connect(*here_, 0);
  auto last = connect(*there_, count - 1);
  settle();
  EXPECT_EQ(tell(devices(count), "a frame"), 2U);
  expect_heard(first, {"a frame"});
  expect_heard(last, {"a frame"});
}

TEST_P(DeviceEventsTest, a_frame_that_leaves_no_room_for_ids_goes_to_each) {
  auto connection = connect(*there_, 11);
  settle();
  const std::string frame(kMaxPayload, 'x');
  EXPECT_EQ(tell(devices(12), frame), 12U);
  expect_heard(connection, {frame});
  const std::string larger(kMaxPayload + 1, 'x');
  EXPECT_EQ(tell_devices(fixture_.bus(), devices(12), as_bytes(larger)).error(), Errc::too_large);
}

TEST_P(DeviceEventsTest, who_has_gone_hears_nothing_and_the_others_go_on) {
  auto gone = connect(*here_, 5);
  auto stays = connect(*here_, 5);
  settle();
  tell(devices(20), "one");
  expect_heard(gone, {"one"});
  gone.end();
  tell(devices(20), "two");
  expect_heard(stays, {"one", "two"});
  EXPECT_EQ(gone.heard(), Texts{"one"});
}

TEST_P(DeviceEventsTest, a_message_of_another_release_or_a_broken_one_is_left) {
  auto connection = connect(*here_, 1);
  settle();
  Bytes unknown = to_bytes("\x02 whatever a later release says");
  Bytes lying = std::move(ByteWriter().u8(1).u32(0xffffffff).raw(device(1).bytes())).take();
  for (auto& message : {Bytes{}, Bytes{1, 0}, unknown, lying}) {
    ASSERT_TRUE(fixture_.bus().publish("devices.many", message));
  }
  tell(devices(20), "good");
  expect_heard(connection, {"good"});
}

TEST_P(DeviceEventsTest, a_connection_that_falls_behind_is_told) {
  auto slow = connect(*there_, 3, 2);
  settle();
  std::promise<void> release;
  boost::asio::post(fixture_.executor(), [&] { release.get_future().wait(); });
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(tell_devices(fixture_.bus(), devices(20), as_bytes(std::to_string(i))));
  }
  EXPECT_TRUE(BusFixture::wait_until([&] { return there_->lost() == 3; }));
  release.set_value();
  BusFixture::wait_until([&] { return slow.heard().size() >= 2; });
  tell(devices(20), "after");
  BusFixture::wait_until([&] { return slow.lost() > 0; });
  EXPECT_EQ(slow.lost(), 3U);
  expect_heard(slow, {"0", "1", "after"});
}

TEST_P(DeviceEventsTest, when_frames_for_many_were_lost_everybody_is_told) {
  auto idle = connect(*there_, 5000);  // for whom none of them was
  settle();
  std::promise<void> release;
  boost::asio::post(fixture_.other_executor(), [&] { release.get_future().wait(); });
  const auto all = devices(kFewDevices + 1);
  std::size_t sent = 0;
  for (; sent < 17'000; ++sent) {
    ASSERT_TRUE(tell_devices(fixture_.bus(), all, as_bytes("flood")));
  }
  auto& taken = other_ ? *other_ : fixture_.bus();
  BusFixture::wait_until([&] { return taken.stats().lost > 0; });
  release.set_value();
  ASSERT_TRUE(tell_devices(fixture_.bus(), all, as_bytes("after the flood")));
  EXPECT_TRUE(BusFixture::wait_until([&] { return idle.lost() > 0; }));
}

}  // namespace
}  // namespace unhidra::messaging
