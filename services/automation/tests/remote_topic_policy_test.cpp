// A policy elsewhere: who is woken when, and how often.
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "unhidra/testkit/fake_clock.h"
#include "unhidra/testkit/seeded_random.h"

#include "broker/open_questions.h"
#include "broker/topic_policy.h"

namespace unhidra::automation {
namespace {

using Woken = std::vector<mqtt::ConnectionId>;

TEST(OpenQuestions, AConnectionIsWokenOnceWhenItsLastAnswerHasCome) {
  OpenQuestions open;
  EXPECT_TRUE(open.add("a", 1));
  EXPECT_TRUE(open.add("b", 1));
  EXPECT_FALSE(open.add("a", 1));  // looked at again: the same is missing
  EXPECT_FALSE(open.add("b", 1));
  EXPECT_EQ(open.close("a"), Woken());
  EXPECT_EQ(open.close("b"), Woken{1});
  EXPECT_EQ(open.close("b"), Woken());
}

TEST(OpenQuestions, WhoWaitsForTheSameIsWokenTogether) {
  OpenQuestions open;
  EXPECT_TRUE(open.add("a", 1));
  EXPECT_FALSE(open.add("a", 2));
  EXPECT_TRUE(open.add("b", 2));
  EXPECT_EQ(open.close("a"), Woken{1});
  EXPECT_EQ(open.close("b"), Woken{2});
}

TEST(OpenQuestions, WhoDoesNotWaitIsNotWoken) {
  OpenQuestions open;
  EXPECT_TRUE(open.add("a", std::nullopt));
  EXPECT_EQ(open.close("a"), Woken());
  EXPECT_TRUE(open.add("a", 1));  // asked anew
  open.clear();
  EXPECT_EQ(open.close("a"), Woken());
}

// A connection as the broker keeps it: each of its packets needs several answers, and is looked at
// again, from the start, whenever the connection is woken.
struct Publisher {
  static constexpr mqtt::ConnectionId kId = 7;
  static constexpr int kPackets = 40;
  static constexpr int kQuestions = 3;

  TopicPolicy& policy;
  const Subject& subject;
  int done = 0;
  int woken = 0;

  bool must_wait() const {
    policy.begin(kId);
    for (int i = 0; i < kQuestions; ++i) {
      const auto topic = std::to_string(done) + "/" + std::to_string(i);
      EXPECT_FALSE(policy.allows(subject, {.action = "publish", .topic = topic}));
    }
    return policy.is_missing();
  }
  void go_on() {
    while (done < kPackets && !must_wait()) {
      ++done;
    }
  }
};

TEST(RemoteTopicPolicy, ABurstOfPacketsIsWokenOncePerPacket) {
  testkit::FakeClock clock;
  testkit::SeededRandom random(1);
  boost::asio::io_context context;
  runtime::TaskScope scope(context.get_executor(), "test");
  TopicPolicy policy(clock, random);
  const auto subject = std::make_shared<Subject>();
  Publisher publisher{.policy = policy, .subject = *subject};
  // Nobody listens there: each answer comes, and is a denial.
  policy.ask_elsewhere(
      {.url = "http://127.0.0.1:1/", .token = {}, .timeout = std::chrono::seconds(5)}, scope,
      [&](mqtt::ConnectionId who) {
        EXPECT_EQ(who, Publisher::kId);
        boost::asio::post(context, [&publisher] {
          ++publisher.woken;
          publisher.go_on();
        });
      });
  publisher.go_on();
  context.run_for(std::chrono::seconds(30));
  EXPECT_EQ(publisher.done, Publisher::kPackets);
  EXPECT_EQ(publisher.woken, Publisher::kPackets);
  EXPECT_EQ(policy.stats().decisions, Publisher::kPackets * Publisher::kQuestions);
}

}  // namespace
}  // namespace unhidra::automation
