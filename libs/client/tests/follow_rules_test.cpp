// Which threads are followed by themselves: the rule of all, exceptions, decisions, own devices.

#include "chat_case.h"
#include "record_codec.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;

constexpr AutoFollow kNone{false, false};
constexpr AutoFollow kReplies{true, false};
constexpr AutoFollow kMentions{false, true};

class FollowRules : public ChatCase {
 protected:
  // Ann and bob in a group, with a thread of each kind from her point of view.
  void prepare() {
    ann = &join("ann");
    bob = &join("bob");
    where = group_of(*ann, {bob});
    under_hers = thread(*ann, {});
    mentioning = thread(*bob, {.text = "@ann", .mentions = {ann->enrollment.user}});
    foreign = thread(*bob, {.text = "to nobody"});
  }
  // A root of somebody, and a reply of bob's.
  MessageRef thread(Phone& by, Draft reply) {
    const auto root = say(by, where, {.text = "root"});
    reply.text = "reply";
    reply.thread_root = root;
    say(*bob, where, reply);
    return root;
  }
  bool follows(Phone& phone, const MessageRef& root) {
    const auto message = seen_by(phone, where, root);
    EXPECT_TRUE(message.thread);
    return message.thread && message.thread->following;
  }
  std::vector<bool> all(Phone& phone) {
    return {follows(phone, under_hers), follows(phone, mentioning), follows(phone, foreign)};
  }
  Phone& add_device(const std::string& name) {
    auto& phone = world.add_phone(ann->enrollment.user, name);
    world.connect(phone);
    world.settle();
    world.approve(*ann, phone);
    world.settle_over(60s);
    return phone;
  }

  Phone* ann = nullptr;
  Phone* bob = nullptr;
  ConversationId where;
  MessageRef under_hers;
  MessageRef mentioning;
  MessageRef foreign;
};

TEST_F(FollowRules, DecideForAllThreadsThatNothingElseIsSaidOf) {
  prepare();
  EXPECT_EQ(all(*ann), (std::vector{true, true, false}));
  EXPECT_EQ(conversation(*ann, where).unread_threads, 2U);
  ASSERT_TRUE(ann->engine->set_auto_follow(kReplies));
  EXPECT_EQ(all(*ann), (std::vector{true, false, false}));
  EXPECT_EQ(conversation(*ann, where).unread_threads, 1U);
  EXPECT_EQ(ann->engine->threads({}, true)->size(), 1U);
  ASSERT_TRUE(ann->engine->set_auto_follow(kMentions));
  EXPECT_EQ(all(*ann), (std::vector{false, true, false}));
  ASSERT_TRUE(ann->engine->set_auto_follow(kNone));
  EXPECT_EQ(all(*ann), (std::vector{false, false, false}));
  EXPECT_EQ(conversation(*ann, where).unread_threads, 0U);
  // What comes while nothing is followed is followed by a later rule as well.
  const auto later = thread(*bob, {.text = "@ann", .mentions = {ann->enrollment.user}});
  EXPECT_FALSE(follows(*ann, later));
  ann->reopen();
  world.connect(*ann);
  world.settle();
  EXPECT_EQ(ann->engine->auto_follow(), kNone);
  ASSERT_TRUE(ann->engine->set_auto_follow(AutoFollow()));
  EXPECT_EQ(all(*ann), (std::vector{true, true, false}));
  EXPECT_TRUE(follows(*ann, later));
  ann->take();
  EXPECT_EQ(ann->count<event::AutoFollowChanged>(), 4U);
  EXPECT_EQ(ann->events_of<event::UnreadChanged>().back().unread_threads, 3U);
}

TEST_F(FollowRules, OneConversationMayDifferFromTheOthers) {
  prepare();
  EXPECT_EQ(ann->engine->auto_follow(where), std::nullopt);
  ASSERT_TRUE(ann->engine->set_auto_follow(where, kMentions));
  ASSERT_TRUE(ann->engine->set_auto_follow(kNone));
  EXPECT_EQ(all(*ann), (std::vector{false, true, false}));
  EXPECT_EQ(ann->engine->auto_follow(where), kMentions);
  ASSERT_TRUE(ann->engine->set_auto_follow(where, std::nullopt));
  EXPECT_EQ(all(*ann), (std::vector{false, false, false}));
  EXPECT_EQ(ann->engine->auto_follow(where), std::nullopt);
  EXPECT_EQ(ann->engine->set_auto_follow(ConversationId(Uuid{9}), kNone).error(), Errc::not_found);
  EXPECT_EQ(ann->engine->set_auto_follow(ConversationId(), std::nullopt).error(), Errc::not_found);
}

TEST_F(FollowRules, WhatThePersonHasDecidedCountsBeforeThem) {
  prepare();
  ASSERT_TRUE(ann->engine->follow_thread(where, foreign, true));
  ASSERT_TRUE(ann->engine->follow_thread(where, under_hers, false));
  EXPECT_EQ(all(*ann), (std::vector{false, true, true}));
  ASSERT_TRUE(ann->engine->set_auto_follow(kNone));
  EXPECT_EQ(all(*ann), (std::vector{false, false, true}));
  ASSERT_TRUE(ann->engine->set_auto_follow(AutoFollow()));
  say(*ann, where, {.text = "and I answer", .thread_root = under_hers});
  EXPECT_EQ(all(*ann), (std::vector{false, true, true}));
}

TEST_F(FollowRules, OwnDevicesAgreeWhateverTheyHearFirst) {
  prepare();
  auto& tablet = add_device("tablet");
  const auto root = thread(*bob, {.text = "@ann", .mentions = {ann->enrollment.user}});
  EXPECT_TRUE(follows(tablet, root));
  world.disconnect(tablet);
  ASSERT_TRUE(ann->engine->set_auto_follow(kReplies));
  ASSERT_TRUE(ann->engine->set_auto_follow(where, kNone));
  const auto mine = thread(*ann, {});
  world.settle_over(10s);
  world.connect(tablet);
  world.settle_over(10s);
  for (auto* phone : {ann, &tablet}) {
    EXPECT_EQ(phone->engine->auto_follow(), kReplies) << phone->enrollment.username;
    EXPECT_EQ(phone->engine->auto_follow(where), kNone);
    EXPECT_FALSE(follows(*phone, root));
    EXPECT_FALSE(follows(*phone, mine));
  }
  EXPECT_EQ(tablet.count<event::AutoFollowChanged>(), 2U);
  ASSERT_TRUE(tablet.engine->set_auto_follow(where, std::nullopt));
  world.settle_over(10s);
  EXPECT_EQ(ann->engine->auto_follow(where), std::nullopt);
  EXPECT_TRUE(follows(*ann, mine));
  EXPECT_FALSE(follows(*ann, root));

  // Both change it while they do not hear each other: the later one counts on both.
  world.disconnect(tablet);
  world.disconnect(*ann);
  ASSERT_TRUE(tablet.engine->set_auto_follow(kMentions));
  world.clock.advance(1s);
  ASSERT_TRUE(ann->engine->set_auto_follow(kNone));
  world.connect(*ann);
  world.settle_over(10s);
  world.connect(tablet);
  world.settle_over(10s);
  EXPECT_EQ(ann->engine->auto_follow(), kNone);
  EXPECT_EQ(tablet.engine->auto_follow(), kNone);
  // Nobody else hears of it.
  EXPECT_EQ(bob->engine->auto_follow(), AutoFollow());
  EXPECT_EQ(bob->count<event::AutoFollowChanged>(), 0U);
}

TEST_F(FollowRules, ADeviceThatComesLaterHasThem) {
  prepare();
  ASSERT_TRUE(ann->engine->set_auto_follow(kReplies));
  ASSERT_TRUE(ann->engine->set_auto_follow(where, kMentions));
  world.settle_over(10s);
  auto& tablet = add_device("tablet");
  EXPECT_EQ(tablet.engine->auto_follow(), kReplies);
  EXPECT_EQ(tablet.engine->auto_follow(where), kMentions);
}

// A clock that was wrong may not hold a rule for ever.
TEST_F(FollowRules, AClockThatWentBackDoesNotFreezeThem) {
  prepare();
  auto& tablet = add_device("tablet");
  world.clock.advance(24h);
  ASSERT_TRUE(ann->engine->set_auto_follow(kReplies));
  world.settle_over(10s);
  world.clock.set_now(world.clock.now() - 48h);
  ASSERT_TRUE(tablet.engine->set_auto_follow(kNone));
  world.settle_over(10s);
  EXPECT_EQ(ann->engine->auto_follow(), kNone);
}

TEST(ThreadRecords, OfBeforeThereWereRulesAreFollowedAsTheyWere) {
  for (const bool following : {true, false}) {
    ThreadRecord record;
    record.following = following;
    record.replies = {1};
    auto bytes = to_bytes(record.encode().expose());
    bytes.front() = 1;
    bytes.resize(bytes.size() - 2);
    const auto back = ThreadRecord::decode(bytes);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->replied, following);
    EXPECT_EQ(back->mentioned, following);
    EXPECT_FALSE(back->decided);
  }
}

}  // namespace
}  // namespace unhidra::client::testing
