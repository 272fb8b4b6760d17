// What every bus must do; bus_fixture.h says which ones are tested.
#include <atomic>
#include <condition_variable>
#include <mutex>

#include <gtest/gtest.h>

#include "unhidra/runtime/task_scope.h"

#include "bus_fixture.h"

namespace unhidra::messaging {
namespace {

using namespace std::chrono_literals;
using runtime::sleep_for;

Task<Result<Bytes>> echo(Bytes request) {
  co_return request;
}
Task<Result<Bytes>> echo_later(Bytes request) {
  co_await sleep_for(1ms);
  co_return request;
}
Task<Result<Bytes>> never(Bytes /*request*/) {
  co_await sleep_for(1h);
  co_return Bytes{};
}
Task<Result<Bytes>> refuse(Bytes /*request*/) {
  co_return fail(Error(ErrorCode{"chat.stale_devices", ErrorKind::conflict}, "look again")
                     .with_retry_after(1234ms));
}
Task<Result<Bytes>> throws(Bytes /*request*/) {
  co_await runtime::yield();
  throw std::runtime_error("a bug's secret");
}

// Collects what handlers got, and waits for it.
class Inbox {
 public:
  void add(std::string text) {
    const std::lock_guard lock(mutex_);
    texts_.push_back(std::move(text));
    changed_.notify_all();
  }
  std::vector<std::string> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 20s, [&] { return texts_.size() >= count; });
    return texts_;
  }
  Bus::Handler handler() {
    return [this](const Message& message) { add(std::string(as_text(message.payload.view()))); };
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> texts_;
};

class BusTest : public ::testing::TestWithParam<BusKind> {
 protected:
  BusTest() : fixture_(GetParam()) {}
  void SetUp() override {
    if (!fixture_.available()) {
      GTEST_SKIP() << "no server for this bus on this machine";
    }
  }
  Bus& bus() { return fixture_.bus(); }
  Result<Bytes> ask(Bus& from, std::string subject, std::string_view text,
                    std::chrono::milliseconds timeout = 20s) {
    return fixture_.run(from.request(std::move(subject), to_bytes(text), timeout));
  }

  BusFixture fixture_;
};

TEST_P(BusTest, a_message_reaches_every_subscriber_of_its_subject_and_no_other) {
  Inbox one;
  Inbox two;
  Inbox other;
  const auto a = bus().subscribe("device.01", fixture_.executor(), one.handler()).value();
  const auto b = bus().subscribe("device.01", fixture_.executor(), two.handler()).value();
  const auto c = bus().subscribe("device.02", fixture_.executor(), other.handler()).value();
  fixture_.settle();
  ASSERT_TRUE(bus().publish("device.01", to_bytes("hello")));
  ASSERT_TRUE(bus().publish("device.02", to_bytes("end")));
  EXPECT_EQ(one.wait_for(1), std::vector<std::string>{"hello"});
  EXPECT_EQ(two.wait_for(1), std::vector<std::string>{"hello"});
  EXPECT_EQ(other.wait_for(1), std::vector<std::string>{"end"});
}

TEST_P(BusTest, messages_keep_their_order) {
  Inbox inbox;
  const auto subscription =
      bus().subscribe("ordered", fixture_.executor(), inbox.handler()).value();
  fixture_.settle();
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(bus().publish("ordered", to_bytes(std::to_string(i))));
  }
  const auto texts = inbox.wait_for(500);
  ASSERT_EQ(texts.size(), 500U);
  for (std::size_t i = 0; i < 500; ++i) {
    EXPECT_EQ(texts[i], std::to_string(i));
  }
}

TEST_P(BusTest, nothing_comes_after_the_subscription_has_gone) {
  Inbox inbox;
  Inbox marker;
  auto subscription = bus().subscribe("news", fixture_.executor(), inbox.handler()).value();
  const auto other = bus().subscribe("marker", fixture_.executor(), marker.handler()).value();
  fixture_.settle();
  subscription.reset();
  fixture_.settle();
  ASSERT_TRUE(bus().publish("news", to_bytes("x")));
  ASSERT_TRUE(bus().publish("marker", to_bytes("x")));
  marker.wait_for(1);
  EXPECT_TRUE(inbox.wait_for(0).empty());
}

TEST_P(BusTest, a_slow_subscriber_loses_messages_alone_and_is_told) {
  std::mutex gate;
  Inbox slow;
  Inbox quick;
  std::atomic<std::uint64_t> lost{0};
  gate.lock();
  const auto a =
      bus()
          .subscribe("busy", fixture_.executor(),
                     [&](const Message& message) {
                       const std::lock_guard lock(gate);
                       slow.add(std::string(as_text(message.payload.view())));
                     },
                     {.max_pending = 10, .on_lagged = [&](std::uint64_t n) { lost += n; }})
          .value();
  const auto b = bus().subscribe("busy", fixture_.other_executor(), quick.handler()).value();
  fixture_.settle();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(bus().publish("busy", to_bytes(std::to_string(i))));
  }
  EXPECT_EQ(quick.wait_for(100).size(), 100U);
  gate.unlock();
  slow.wait_for(10);
  // A further message brings the news of the loss.
  std::size_t published = 100;
  while (lost == 0) {
    ASSERT_TRUE(bus().publish("busy", to_bytes("after")));
    ++published;
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_GE(lost, 85U);
  EXPECT_EQ(slow.wait_for(published - lost).size() + lost, published) << "each is one or the other";
  EXPECT_GE(bus().stats().lost, 85U);
}

TEST_P(BusTest, a_request_is_answered) {
  const auto service = bus().serve("chat.request", "chat", fixture_.executor(), echo_later).value();
  fixture_.settle();
  const auto reply = ask(bus(), "chat.request", "ping");
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ(as_text(*reply), "ping");
  EXPECT_EQ(as_text(ask(bus(), "chat.request", "").value()), "");
}

TEST_P(BusTest, a_served_error_arrives_as_it_was) {
  const auto service = bus().serve("chat.request", "chat", fixture_.executor(), refuse).value();
  fixture_.settle();
  const auto reply = ask(bus(), "chat.request", "x");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code().name, "chat.stale_devices");
  EXPECT_EQ(reply.error().kind(), ErrorKind::conflict);
  EXPECT_EQ(reply.error().message(), "look again");
  EXPECT_EQ(reply.error().retry_after(), 1234ms);
}

TEST_P(BusTest, without_a_responder_the_asker_is_told_at_once) {
  const auto started = std::chrono::steady_clock::now();
  const auto reply = ask(bus(), "nobody.home", "x");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error(), Errc::no_responder);
  EXPECT_EQ(reply.error().kind(), ErrorKind::unavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - started, 10s);
}

TEST_P(BusTest, an_answer_that_does_not_come_is_a_timeout) {
  const auto service = bus().serve("slow", "s", fixture_.executor(), never).value();
  fixture_.settle();
  const auto reply = ask(bus(), "slow", "x", 30ms);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error(), unhidra::Errc::timeout);
}

TEST_P(BusTest, an_exception_in_a_service_is_an_internal_error_without_its_text) {
  const auto service = bus().serve("bug", "b", fixture_.executor(), throws).value();
  fixture_.settle();
  const auto reply = ask(bus(), "bug", "x");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind(), ErrorKind::internal);
  EXPECT_EQ(reply.error().message().find("secret"), std::string::npos);
}

TEST_P(BusTest, responders_of_one_group_share_the_requests) {
  std::atomic<int> first{0};
  std::atomic<int> second{0};
  const auto a = bus()
                     .serve("shared", "group", fixture_.executor(),
                            [&](Bytes request) {
                              ++first;
                              return echo(std::move(request));
                            })
                     .value();
  const auto b = bus()
                     .serve("shared", "group", fixture_.other_executor(),
                            [&](Bytes request) {
                              ++second;
                              return echo(std::move(request));
                            })
                     .value();
  fixture_.settle();
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(ask(bus(), "shared", "x"));
  }
  EXPECT_EQ(first + second, 60);
  EXPECT_GT(first, 5);
  EXPECT_GT(second, 5);
}

TEST_P(BusTest, a_full_responder_refuses_with_a_retry_hint) {
  const auto service =
      bus().serve("full", "f", fixture_.executor(), never, {.max_in_flight = 1}).value();
  fixture_.settle();
  runtime::TaskScope scope(fixture_.executor(), "askers");
  struct Ask {
    static Task<void> go(Bus& bus) { co_await bus.request("full", {}, 20s); }
  };
  scope.spawn("first", Ask::go(bus()));
  Result<Bytes> reply = Bytes{};
  do {  // until the first one has arrived
    reply = ask(bus(), "full", "x", 50ms);
  } while (!reply && reply.error() == unhidra::Errc::timeout && scope.active() == 1 &&
           bus().stats().in_flight == 0);
  ASSERT_FALSE(reply);
  if (reply.error() == unhidra::Errc::timeout) {
    reply = ask(bus(), "full", "x");  // ours was the one being served
  }
  EXPECT_EQ(reply.error(), Errc::overloaded);
  EXPECT_TRUE(reply.error().retry_after());
  scope.request_stop();
  EXPECT_TRUE(fixture_.run(scope.join(20s)));
}

TEST_P(BusTest, refuses_bad_subjects_and_payloads_that_are_too_large) {
  for (const auto* bad : {"", ".", "a.", ".a", "a..b", "a b", "a.*", "a.>", "a\r\nPUB"}) {
    const auto status = bus().publish(bad, {});
    ASSERT_FALSE(status) << bad;
    EXPECT_EQ(status.error(), Errc::bad_subject);
  }
  EXPECT_FALSE(bus().publish(std::string(201, 'a'), {}));
  const auto status = bus().publish("a", Bytes(kMaxPayload + 1));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error(), Errc::too_large);
}

TEST_P(BusTest, many_requests_at_once_each_get_their_own_answer) {
  const auto a = bus().serve("many", "m", fixture_.executor(), echo_later).value();
  const auto b = bus().serve("many", "m", fixture_.other_executor(), echo_later).value();
  fixture_.settle();
  std::atomic<int> right{0};
  struct Ask {
    static Task<void> go(Bus& bus, int from, std::atomic<int>& count) {
      for (int i = 0; i < 20; ++i) {
        const auto text = std::to_string(from * 1000 + i);
        const auto reply = co_await bus.request("many", to_bytes(text), 20s);
        count += reply && as_text(*reply) == text ? 1 : 0;
      }
    }
  };
  runtime::TaskScope scope(fixture_.executor(), "askers");
  for (int i = 0; i < 20; ++i) {
    scope.spawn_on(i % 2 == 0 ? fixture_.executor() : fixture_.other_executor(), "asker",
                   Ask::go(bus(), i, right));
  }
  EXPECT_TRUE(fixture_.run(scope.join(60s)));
  EXPECT_EQ(right, 400);
}

TEST_P(BusTest, close_waits_for_what_is_being_served_and_takes_nothing_new) {
  const auto service = bus().serve("work", "w", fixture_.executor(), echo_later).value();
  fixture_.settle();
  ASSERT_TRUE(ask(bus(), "work", "x"));
  EXPECT_TRUE(bus().healthy());
  EXPECT_TRUE(fixture_.run(bus().close(20s)));
  EXPECT_FALSE(bus().healthy());
  EXPECT_EQ(bus().publish("a", {}).error(), Errc::closed);
  EXPECT_EQ(ask(bus(), "work", "x").error(), Errc::closed);
}

TEST_P(BusTest, close_cancels_what_does_not_end_by_the_deadline) {
  const auto service = bus().serve("stuck", "s", fixture_.executor(), never).value();
  fixture_.settle();
  runtime::TaskScope scope(fixture_.other_executor(), "askers");
  struct Ask {
    static Task<void> go(Bus& bus) { co_await bus.request("stuck", {}, 20s); }
  };
  scope.spawn("asker", Ask::go(bus()));
  while (bus().stats().in_flight == 0) {
    std::this_thread::sleep_for(1ms);
  }
  const auto closed = fixture_.run(bus().close(20ms));
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error(), unhidra::Errc::timeout);
  EXPECT_EQ(bus().stats().in_flight, 0U);
  scope.request_stop();
  EXPECT_TRUE(fixture_.run(scope.join(20s)));
}

INSTANTIATE_TEST_SUITE_P(Buses, BusTest, ::testing::ValuesIn(kBusKinds),
                         [](const auto& kind) { return bus_name(kind.param); });

TEST(InProcessBus, carries_a_hundred_thousand_exact_subjects) {
  BusFixture fixture(BusKind::in_process);
  std::vector<Subscription> subscriptions;
  std::atomic<int> got{0};
  for (int i = 0; i < 100'000; ++i) {
    subscriptions.push_back(fixture.bus()
                                .subscribe("device." + std::to_string(i), fixture.executor(),
                                           [&](const Message&) { ++got; })
                                .value());
  }
  EXPECT_EQ(fixture.bus().stats().subscriptions, 100'000U);
  for (int i = 0; i < 100'000; i += 10) {
    ASSERT_TRUE(fixture.bus().publish("device." + std::to_string(i), {}));
  }
  while (got < 10'000) {
    std::this_thread::sleep_for(1ms);
  }
  subscriptions.clear();
  EXPECT_EQ(fixture.bus().stats().subscriptions, 0U);
  ASSERT_TRUE(fixture.bus().publish("device.10", {}));
}

TEST(InProcessBus, refuses_a_second_queue_group_on_one_subject) {
  BusFixture fixture(BusKind::in_process);
  const auto first = fixture.bus().serve("a", "one", fixture.executor(), echo).value();
  EXPECT_FALSE(fixture.bus().serve("a", "two", fixture.executor(), echo));
}

TEST(InProcessBus, subscriptions_may_come_and_go_while_others_publish) {
  BusFixture fixture(BusKind::in_process);
  std::atomic<bool> stop{false};
  std::thread publisher([&] {
    while (!stop) {
      EXPECT_TRUE(fixture.bus().publish("hot", to_bytes("x")));
      std::this_thread::yield();
    }
  });
  for (int i = 0; i < 300; ++i) {
    Inbox inbox;
    auto subscription = fixture.bus().subscribe("hot", fixture.executor(), inbox.handler()).value();
    inbox.wait_for(1);
    // Ended on its executor, so that no handler runs once `inbox` goes.
    fixture.run_on_loop([&] { subscription.reset(); });
  }
  stop = true;
  publisher.join();
}

}  // namespace
}  // namespace unhidra::messaging
