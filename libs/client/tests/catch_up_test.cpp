// What a device reads when it comes back: what is on the screen first, then the others, newest
// first, and nothing of those in which nothing has happened.

#include "group_world.h"

namespace unhidra::client {
namespace {

using namespace testing;
using namespace std::chrono_literals;

class CatchUp : public Groups {
 protected:
  CatchUp() : ann(join("ann")), bob(join("bob")) {}

  std::vector<ConversationId> create_many(std::size_t count) {
    std::vector<ConversationId> out;
    for (std::size_t i = 0; i < count; ++i) {
      out.push_back(bob.engine->create_group("group", std::array{ann.enrollment.user}).value());
      if (i % 20 == 19) {
        world.settle();
      }
    }
    world.settle();
    return out;
  }
  void leave_ann_alone() {
    world.settle();
    world.disconnect(ann);
    ann.events.clear();
  }
  void say_in(const std::vector<ConversationId>& groups) {
    for (const auto& id : groups) {
      world.clock.advance(1s);
      say(bob, id, "news");
      world.settle();
    }
  }
  void bring_back() {
    world.server.logs_asked.clear();
    world.server.conversations_asked = 0;
    ann.store->states_read.clear();
    ann.store->loaded.clear();
    ann.reopen();
    world.connect(ann);
  }
  std::set<ConversationId> states_read() const {
    std::set<ConversationId> out;
    for (const auto& id : ann.store->states_read) {
      out.insert(ConversationId::from_bytes(id).value());
    }
    return out;
  }
  std::vector<ConversationId> received() const {
    std::vector<ConversationId> out;
    for (const auto& event : ann.events_of<event::MessageReceived>()) {
      out.push_back(event.message.conversation);
    }
    return out;
  }

  Phone& ann;
  Phone& bob;
};

TEST_F(CatchUp, OfAThousandConversationsOnlyThoseWithNewsAreRead) {
  const auto groups = create_many(1000);
  leave_ann_alone();
  const std::vector news{groups[700], groups[20]};
  say_in(news);
  const auto before = world.server.requests_seen();
  bring_back();
  world.settle();
  EXPECT_EQ(world.server.conversations_asked, 1U);
  EXPECT_EQ(world.server.logs_asked, (std::vector{groups[20], groups[700]}));
  EXPECT_LE(world.server.requests_seen() - before, 12U);
  EXPECT_EQ(received(), world.server.logs_asked);
  EXPECT_TRUE(ann.engine->idle());
  EXPECT_EQ(ann.count<event::CaughtUp>(), 1U);
  EXPECT_EQ(states_read(), std::set(news.begin(), news.end()));
  EXPECT_FALSE(ann.store->loaded.contains(Table::group_state));
}

TEST_F(CatchUp, TheKeysOfAGroupAreReadWhenTheyAreNeeded) {
  const auto groups = create_many(5);
  leave_ann_alone();
  bring_back();
  world.settle();
  EXPECT_EQ(states_read(), std::set<ConversationId>());
  say(ann, groups[1], "from the store");
  world.settle();
  EXPECT_EQ(bob.texts(groups[1]), Texts{"from the store"});
  EXPECT_EQ(states_read(), std::set{groups[1]});
  EXPECT_EQ(ann.engine->group(groups[3])->members.size(), 2U);
  EXPECT_EQ(states_read(), (std::set{groups[1], groups[3]}));
}

// It may concern any group: those that are not read yet have their turns.
TEST_F(CatchUp, ADeviceListThatIsNewIsLookedAtInOneGroupAfterTheOther) {
  const auto groups = create_many(4);
  auto& carol = join("carol");
  leave_ann_alone();
  bring_back();
  ASSERT_TRUE(ann.engine->send_text(carol.enrollment.user, "hello"));
  world.settle();
  for (std::size_t i = 0; i < groups.size(); ++i) {
    EXPECT_EQ(states_read().size(), i);
    world.clock.advance(1s);
    ASSERT_TRUE(ann.engine->tick());
    world.settle();
  }
  EXPECT_EQ(states_read().size(), groups.size());
}

// The program ended before all had their turns: those that were not looked at are not forgotten.
TEST_F(CatchUp, ADeviceListThatWasNewIsLookedAtAfterARestartToo) {
  const auto groups = create_many(4);
  auto& carol = join("carol");
  leave_ann_alone();
  bring_back();
  ASSERT_TRUE(ann.engine->send_text(carol.enrollment.user, "hello"));
  world.settle();
  world.clock.advance(1s);
  ASSERT_TRUE(ann.engine->tick());
  world.settle();
  ASSERT_EQ(states_read().size(), 1U);
  leave_ann_alone();
  bring_back();
  world.settle();
  for (std::size_t i = 0; i < groups.size(); ++i) {
    world.clock.advance(1s);
    ASSERT_TRUE(ann.engine->tick());
    world.settle();
  }
  EXPECT_EQ(states_read(), std::set(groups.begin(), groups.end()));
  leave_ann_alone();
  bring_back();
  world.clock.advance(1s);
  ASSERT_TRUE(ann.engine->tick());
  EXPECT_EQ(states_read(), std::set<ConversationId>()) << "all have been looked at";
}

// However many groups are used, few of their states are in memory; what went back is read again.
TEST_F(CatchUp, StatesThatWereNotUsedForLongGoBackToTheStore) {
  ann.limits.max_open_leaves = 4;  // two groups of two
  ann.reopen();
  world.connect(ann);
  world.settle();
  const auto groups = create_many(5);
  for (int round = 0; round < 3; ++round) {
    for (const auto& id : groups) {
      ann.store->states_read.clear();
      say(ann, id, "round " + std::to_string(round));
      world.settle();
      const auto read = states_read();
      EXPECT_TRUE(read.empty() || read == std::set{id});
      EXPECT_TRUE(round == 0 || read == std::set{id}) << "it was still in memory";
      say(bob, id, "answer");
      world.settle();
    }
  }
  for (const auto& id : groups) {
    const Texts expected{"round 0", "answer", "round 1", "answer", "round 2", "answer"};
    EXPECT_EQ(ann.texts(id), expected);
    EXPECT_EQ(bob.texts(id), expected);
    EXPECT_EQ(ann.count<event::MessageUnreadable>(), 0U);
  }
}

TEST_F(CatchUp, TheOthersFollowNewestFirst) {
  const auto groups = create_many(60);
  leave_ann_alone();
  say_in(groups);
  bring_back();
  world.settle();
  EXPECT_EQ(world.server.logs_asked, std::vector(groups.rbegin(), groups.rend()));
  EXPECT_EQ(received(), std::vector(groups.rbegin(), groups.rend()));
  for (const auto& id : groups) {
    EXPECT_EQ(ann.texts(id), Texts{"news"});
  }
  const auto conversations = ann.engine->conversations().value();
  for (const auto& conversation : conversations) {
    EXPECT_EQ(conversation.unread, 1U);
  }
}

TEST_F(CatchUp, WhatIsShownComesFirst) {
  const auto groups = create_many(60);
  leave_ann_alone();
  say_in(groups);
  bring_back();
  const std::vector shown{groups[3], groups[30], groups[17]};
  ASSERT_TRUE(ann.engine->put_first(shown));
  world.settle();
  auto expected = shown;
  std::copy_if(groups.rbegin(), groups.rend(), std::back_inserter(expected),
               [&](const auto& id) { return std::ranges::find(shown, id) == shown.end(); });
  EXPECT_EQ(received(), expected);
}

TEST_F(CatchUp, WhatIsOpenDoesNotWaitForTheList) {
  const auto groups = create_many(3);
  leave_ann_alone();
  say_in({groups[0], groups[1]});
  world.server.conversations_error = {.code = "busy", .message = "later", .status = 503};
  bring_back();
  ASSERT_TRUE(ann.engine->put_first(std::array{groups[0]}));
  world.settle();
  EXPECT_EQ(received(), std::vector{groups[0]});
  EXPECT_FALSE(ann.engine->idle());
  world.server.conversations_error.reset();
  world.settle_over(10s);
  EXPECT_TRUE(ann.engine->idle());
  EXPECT_EQ(world.server.logs_asked, (std::vector{groups[0], groups[1]}));  // each once
}

TEST_F(CatchUp, WhatIsOpenedMeanwhileNeedsNotWaitForTheRest) {
  const auto groups = create_many(100);
  leave_ann_alone();
  say_in(groups);
  bring_back();
  while (received().empty()) {
    ASSERT_TRUE(world.move_one());
  }
  const auto under_way = world.limits.max_group_logs;
  ASSERT_TRUE(ann.engine->put_first(std::array{groups[5]}));
  const auto before = received().size();
  while (ann.texts(groups[5]).empty()) {
    ASSERT_TRUE(world.move_one());
  }
  EXPECT_LE(received().size() - before, under_way + 2);
  world.settle();
  EXPECT_EQ(received().size(), groups.size());
}

TEST_F(CatchUp, OnlyAFewLogsAreAskedForAtOnce) {
  const auto groups = create_many(60);
  leave_ann_alone();
  say_in(groups);
  bring_back();
  auto& incoming = world.server.outgoing(ann.enrollment.device);
  std::size_t most = 0;
  do {
    const auto answers = std::ranges::count_if(incoming, [](const auto& frame) {
      return std::holds_alternative<wire::GroupLog>(frame.body);
    });
    most = std::max(most, static_cast<std::size_t>(answers));
  } while (world.move_one());
  EXPECT_GT(most, 1U);
  EXPECT_LE(most, world.limits.max_group_logs);
}

// A group that is on no page of the list may have been left: its log tells. One that is on a late
// page is asked about no more than any other.
TEST_F(CatchUp, TheWholeListIsReadSoThatNoGroupIsAskedOneByOne) {
  const auto groups = create_many(30);
  leave_ann_alone();
  say_in({groups[2]});
  world.server.most_conversations = 10;
  bring_back();
  world.settle();
  EXPECT_EQ(world.server.conversations_asked, 3U);
  EXPECT_EQ(world.server.logs_asked, std::vector{groups[2]});
}

TEST_F(CatchUp, AGroupThatIsListedNoMoreIsLeft) {
  const auto groups = create_many(12);
  leave_ann_alone();
  ASSERT_TRUE(bob.engine->remove_from_group(groups[4], std::array{ann.enrollment.user}));
  world.settle();
  world.server.most_conversations = 5;
  bring_back();
  world.settle();
  EXPECT_EQ(world.server.logs_asked, std::vector{groups[4]});
  EXPECT_EQ(ann.engine->group(groups[4])->state, GroupState::removed);
  EXPECT_EQ(ann.engine->group(groups[5])->state, GroupState::active);
}

// Whoever was away for long has every group's keys to renew: in no hurry, and none is left out.
TEST_F(CatchUp, KeysAreRenewedOneGroupAfterTheOther) {
  const auto groups = create_many(10);
  world.disconnect(bob);
  leave_ann_alone();
  world.clock.advance(world.limits.leaf_update_age + 1h);
  bring_back();
  world.settle();
  const auto renewed = [&] {
    return std::ranges::count_if(groups, [&](const auto& id) {
      return ann.engine->group(id)->epoch > bob.engine->group(id)->epoch;
    });
  };
  EXPECT_EQ(renewed(), 0);
  world.clock.advance(1s);
  ASSERT_TRUE(ann.engine->tick());
  world.settle();
  EXPECT_EQ(renewed(), 1);
  for (std::size_t i = 1; i < groups.size(); ++i) {
    world.clock.advance(1s);
    ASSERT_TRUE(ann.engine->tick());
    world.settle();
  }
  EXPECT_EQ(renewed(), 10);
}

}  // namespace
}  // namespace unhidra::client
