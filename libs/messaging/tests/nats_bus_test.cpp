#include "unhidra/messaging/nats_bus.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "bus_fixture.h"

namespace unhidra::messaging {
namespace {

using namespace std::chrono_literals;

Task<Result<Bytes>> echo(Bytes request) {
  co_return request;
}
Task<Result<Bytes>> too_much(Bytes /*request*/) {
  co_return Bytes(kMaxPayload + 1);
}

class NatsBus : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fixture_.available()) {
      GTEST_SKIP() << "nats-server is not installed";
    }
  }
  BusFixture fixture_{BusKind::nats};
};

TEST_F(NatsBus, two_processes_are_as_one) {
  const auto other = fixture_.connect();
  std::atomic<int> got{0};
  const auto subscription =
      fixture_.bus()
          .subscribe("device.01", fixture_.executor(), [&](const Message&) { ++got; })
          .value();
  const auto service =
      fixture_.bus().serve("chat.request", "chat", fixture_.executor(), echo).value();
  fixture_.settle();
  ASSERT_TRUE(other->publish("device.01", to_bytes("x")));
  EXPECT_TRUE(BusFixture::wait_until([&] { return got == 1; }));
  const auto reply = fixture_.run(other->request("chat.request", to_bytes("hi"), 20s));
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ(as_text(*reply), "hi");
}

TEST_F(NatsBus, two_processes_share_the_requests_of_a_queue_group) {
  const auto other = fixture_.connect();
  std::atomic<int> here{0};
  std::atomic<int> there{0};
  const auto counting = [](std::atomic<int>& count) {
    return [&count](Bytes request) {
      ++count;
      return echo(std::move(request));
    };
  };
  const auto a =
      fixture_.bus().serve("shared", "group", fixture_.executor(), counting(here)).value();
  const auto b = other->serve("shared", "group", fixture_.executor(), counting(there)).value();
  fixture_.settle();
  fixture_.settle(*other);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(fixture_.run(other->request("shared", {}, 20s)));
  }
  EXPECT_EQ(here + there, 100);
  EXPECT_GT(here, 10);
  EXPECT_GT(there, 10);
}

TEST_F(NatsBus, an_answer_that_is_too_large_is_an_error_and_no_timeout) {
  const auto service = fixture_.bus().serve("big", "b", fixture_.executor(), too_much).value();
  fixture_.settle();
  const auto reply = fixture_.run(fixture_.bus().request("big", {}, 20s));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error(), Errc::too_large);
}

TEST_F(NatsBus, says_that_the_server_is_gone_and_recovers_by_itself) {
  NatsServer server;
  ASSERT_TRUE(server.running());
  const auto bus = fixture_.connect(server);
  std::atomic<int> got{0};
  const auto subscription =
      bus->subscribe("news", fixture_.executor(), [&](const Message&) { ++got; }).value();
  const auto service = bus->serve("echo", "e", fixture_.executor(), echo).value();
  server.kill();
  ASSERT_TRUE(BusFixture::wait_until([&] { return !bus->healthy(); }));
  EXPECT_EQ(bus->healthy().error(), Errc::disconnected);
  EXPECT_EQ(fixture_.run(bus->request("echo", {}, 20s)).error(), Errc::disconnected);
  server.start();
  ASSERT_TRUE(BusFixture::wait_until([&] { return bus->healthy().has_value(); }));
  ASSERT_TRUE(BusFixture::wait_until(
      [&] { return fixture_.run(bus->request("echo", {}, 1s)).has_value(); }));
  ASSERT_TRUE(bus->publish("news", to_bytes("back")));
  EXPECT_TRUE(BusFixture::wait_until([&] { return got == 1; }));
}

TEST_F(NatsBus, starts_without_a_server_and_is_not_healthy) {
  const auto url = "nats://127.0.0.1:" + std::to_string(testkit::free_port());
  const auto bus = make_nats_bus({.urls = {url}, .name = "early"}, fixture_.executor());
  ASSERT_TRUE(bus) << bus.error().message();
  EXPECT_EQ((*bus)->healthy().error(), Errc::disconnected);
}

}  // namespace
}  // namespace unhidra::messaging
