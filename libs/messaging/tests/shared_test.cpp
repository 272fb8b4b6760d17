// Several processes on one bus look like one: presence, rate limits, questions to all.

#include <gtest/gtest.h>

#include "unhidra/messaging/gather.h"
#include "unhidra/messaging/shared_presence.h"
#include "unhidra/messaging/shared_rate_limiter.h"
#include "unhidra/testkit/fake_clock.h"

#include "bus_fixture.h"

namespace unhidra::messaging {
namespace {

using namespace std::chrono_literals;

const UserId kAlice(Uuid{1});
const DeviceId kPhone(Uuid{2});

PresenceLease lease(Byte connection) {
  return {kAlice, kPhone, ConnectionId(Uuid{connection})};
}

class SharedTest : public ::testing::TestWithParam<BusKind> {
 protected:
  void SetUp() override {
    if (!fixture_.available()) {
      GTEST_SKIP() << "no server for this bus on this machine";
    }
    other_ = GetParam() == BusKind::nats ? fixture_.connect() : nullptr;
  }
  void TearDown() override {
    if (other_) {
      (void)fixture_.run(other_->close(0ms));
    }
  }
  Bus& first() { return fixture_.bus(); }
  // As another process sees it.
  Bus& second() { return other_ ? *other_ : fixture_.bus(); }

  testkit::FakeClock clock_;
  BusFixture fixture_{GetParam()};
  std::unique_ptr<Bus> other_;
};
INSTANTIATE_TEST_SUITE_P(Buses, SharedTest, ::testing::ValuesIn(kBusKinds),
                         [](const auto& test) { return bus_name(test.param); });

// One process: its table and what shares it.
struct Process {
  Process(Bus& bus, const Clock& clock) : table({}, clock), presence(table, bus) {}
  PresenceTable table;
  SharedPresence presence;
};

TEST_P(SharedTest, a_user_of_one_process_is_present_in_the_other) {
  Process a(first(), clock_);
  Process b(second(), clock_);
  ASSERT_TRUE(a.presence.start(fixture_.executor()));
  ASSERT_TRUE(b.presence.start(fixture_.other_executor()));
  fixture_.settle();
  fixture_.settle(second());
  const auto seen_by_b = [&] {
    return fixture_.run(b.presence.look_up({kAlice})).value().at(0).state;
  };
  ASSERT_TRUE(fixture_.run(a.presence.set(lease(1), PresenceState::away)));
  EXPECT_TRUE(BusFixture::wait_until([&] { return seen_by_b() == PresenceState::away; }));
  ASSERT_TRUE(fixture_.run(a.presence.remove(lease(1))));
  EXPECT_TRUE(BusFixture::wait_until([&] { return b.table.connections() == 0; }));
  a.presence.stop();
  b.presence.stop();
}

TEST_P(SharedTest, who_starts_later_learns_what_was_before) {
  Process a(first(), clock_);
  ASSERT_TRUE(a.presence.start(fixture_.executor()));
  fixture_.settle();
  ASSERT_TRUE(fixture_.run(a.presence.set(lease(1), PresenceState::online)));
  Process b(second(), clock_);
  ASSERT_TRUE(b.presence.start(fixture_.other_executor()));
  EXPECT_TRUE(BusFixture::wait_until([&] { return b.table.connections() == 1; }));
  a.presence.stop();
  b.presence.stop();
}

TEST_P(SharedTest, a_refresh_keeps_a_lease_alive_everywhere_and_a_dead_process_goes_offline) {
  Process a(first(), clock_);
  Process b(second(), clock_);
  ASSERT_TRUE(a.presence.start(fixture_.executor()));
  ASSERT_TRUE(b.presence.start(fixture_.other_executor()));
  fixture_.settle();
  fixture_.settle(second());
  ASSERT_TRUE(fixture_.run(a.presence.set(lease(1), PresenceState::online)));
  ASSERT_TRUE(BusFixture::wait_until([&] { return b.table.connections() == 1; }));
  clock_.advance(80s);
  ASSERT_TRUE(fixture_.run(a.presence.refresh({lease(1)})));
  // What comes behind the refresh shows that it has been heard.
  ASSERT_TRUE(fixture_.run(a.presence.set(lease(2), PresenceState::online)));
  ASSERT_TRUE(BusFixture::wait_until([&] { return b.table.connections() == 2; }));
  clock_.advance(80s);
  b.table.sweep();
  EXPECT_EQ(b.table.connections(), 2U);
  clock_.advance(20s);  // nobody refreshes any more
  b.table.sweep();
  EXPECT_EQ(b.table.connections(), 0U);
  a.presence.stop();
  b.presence.stop();
}

TEST_P(SharedTest, what_one_process_gave_out_the_other_does_not_give_out_again) {
  LocalRateLimiter local_a(clock_);
  LocalRateLimiter local_b(clock_);
  SharedRateLimiter a(local_a, first());
  SharedRateLimiter b(local_b, second());
  const RateLimit limit{.limit = 10, .window = 60s};
  const auto login_a = a.define("login.ip", limit);
  const auto frames_a = a.define("messages.connection", limit);
  const auto login_b = b.define("login.ip", limit);
  const auto frames_b = b.define("messages.connection", limit);
  ASSERT_TRUE(a.start(fixture_.executor()));
  ASSERT_TRUE(b.start(fixture_.other_executor()));
  fixture_.settle();
  fixture_.settle(second());
  const auto key = as_bytes("192.0.2.1");
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(a.take_now(login_a, key)->allowed);
    EXPECT_TRUE(a.take_now(frames_a, key)->allowed);
  }
  a.tell();
  EXPECT_TRUE(BusFixture::wait_until([&] { return local_b.keys() == 1; }));
  EXPECT_FALSE(b.take_now(login_b, key)->allowed);
  EXPECT_TRUE(b.take_now(login_b, as_bytes("192.0.2.2"))->allowed) << "another key";
  EXPECT_TRUE(b.take_now(frames_b, key)->allowed) << "a connection has one gateway";
  clock_.advance(6s);  // one token
  EXPECT_TRUE(b.take_now(login_b, key)->allowed);
  EXPECT_FALSE(b.take_now(login_b, key)->allowed);
  a.stop();
  b.stop();
}

TEST_P(SharedTest, everybody_who_listens_answers_a_question) {
  const auto answer = [](std::string_view name) {
    return [name](ByteView question) {
      auto out = to_bytes(as_bytes(name));
      append(out, question);
      return out;
    };
  };
  const auto one =
      answer_gathering(first(), "roll.call", fixture_.executor(), answer("one ")).value();
  const auto two =
      answer_gathering(second(), "roll.call", fixture_.other_executor(), answer("two ")).value();
  fixture_.settle();
  fixture_.settle(second());
  auto answers =
      fixture_.run(gather(first(), "roll.call", to_bytes(as_bytes("here")), {.window = 2s}));
  ASSERT_TRUE(answers) << answers.error().message();
  std::ranges::sort(*answers);
  ASSERT_EQ(answers->size(), 2U);
  EXPECT_EQ(as_text(answers->at(0)), "one here");
  EXPECT_EQ(as_text(answers->at(1)), "two here");
}

TEST_P(SharedTest, a_question_to_nobody_says_so) {
  const auto answers = fixture_.run(gather(first(), "nobody.here", {}, {.window = 50ms}));
  ASSERT_FALSE(answers);
  EXPECT_EQ(answers.error(), Errc::no_responder);
}

}  // namespace
}  // namespace unhidra::messaging
