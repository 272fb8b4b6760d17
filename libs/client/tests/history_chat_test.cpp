// Channels on their way to a new own device: threads, edits, reactions, what is read and by whom.

#include <algorithm>

#include "chat_case.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;

class HistoryOfChannels : public ChatCase {
 protected:
  Phone& add_device(Phone& approver, const std::string& name) {
    auto& phone = world.add_phone(approver.enrollment.user, name);
    world.connect(phone);
    world.settle();
    world.approve(approver, phone);
    world.settle_over(60s);
    return phone;
  }
  void give(Phone& fresh, Phone& old) {
    ASSERT_TRUE(fresh.engine->request_history(old.enrollment.device));
    world.settle();
    const auto code = fresh.engine->history_transfers().value().front().code;
    ASSERT_TRUE(old.engine->approve_history(fresh.enrollment.device, code));
    world.settle_over(10s);
    ASSERT_EQ(fresh.engine->history_transfers().value().front().state, HistoryState::done);
  }
  // The same messages with all that belongs to them, and the same left to read.
  void expect_alike(Phone& a, Phone& b, ConversationId where) {
    const auto left = a.engine->history(where, UINT64_MAX, 100).value();
    const auto right = b.engine->history(where, UINT64_MAX, 100).value();
    ASSERT_EQ(left.size(), right.size());
    for (std::size_t i = 0; i < left.size(); ++i) {
      const auto& one = left[i];
      const auto& other = right[i];
      SCOPED_TRACE(one.text);
      EXPECT_EQ(one.ref(), other.ref());
      EXPECT_EQ(other.index, i);
      EXPECT_EQ(one.text, other.text);
      EXPECT_EQ(
          std::tuple(one.edits, one.edited_at, one.deleted, one.mentions, one.reply_to),
          std::tuple(other.edits, other.edited_at, other.deleted, other.mentions, other.reply_to));
      ASSERT_EQ(one.reactions.size(), other.reactions.size());
      for (std::size_t k = 0; k < one.reactions.size(); ++k) {
        EXPECT_EQ(one.reactions[k].emoji, other.reactions[k].emoji);
        EXPECT_EQ(one.reactions[k].users, other.reactions[k].users);
      }
      ASSERT_EQ(one.thread.has_value(), other.thread.has_value());
      if (one.thread) {
        expect_alike(*one.thread, *other.thread);
      }
      EXPECT_EQ(std::pair(one.delivered_to, one.read_by),
                std::pair(other.delivered_to, other.read_by));
    }
    const auto here = conversation(a, where);
    const auto there = conversation(b, where);
    EXPECT_EQ(std::tuple(here.unread, here.mentions, here.unread_threads, here.read_seq),
              std::tuple(there.unread, there.mentions, there.unread_threads, there.read_seq));
  }
  static void expect_alike(const ThreadSummary& one, const ThreadSummary& other) {
    EXPECT_EQ(std::tuple(one.replies, one.unread, one.mentions, one.last_reply_at, one.following),
              std::tuple(other.replies, other.unread, other.mentions, other.last_reply_at,
                         other.following));
    const auto people = [](auto users) {
      std::ranges::sort(users);
      return users;
    };
    EXPECT_EQ(people(one.participants), people(other.participants));
  }
};

TEST_F(HistoryOfChannels, AllThatBelongsToMessagesComesWithThem) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  NewChannel channel;
  channel.name = "plans";
  channel.topic = "of the year";
  channel.users = {bob.enrollment.user, cleo.enrollment.user};
  const auto where = ann.engine->create_channel(channel).value();
  world.settle();
  const auto own = say(ann, where, {.text = "mine"});
  const auto root = say(bob, where, {.text = "teh root"});
  const auto gone = say(cleo, where, {.text = "said too much"});
  say(cleo, where, {.text = "under it", .thread_root = root});
  const auto other_root = say(cleo, where, {.text = "another root"});
  say(bob, where, {.text = "under the other", .thread_root = other_root});
  ASSERT_TRUE(bob.engine->edit(where, root, {.text = "the root"}));
  ASSERT_TRUE(cleo.engine->remove(where, gone));
  ASSERT_TRUE(ann.engine->react(where, root, "👍", true));
  ASSERT_TRUE(cleo.engine->react(where, root, "👍", true));
  world.settle();
  ASSERT_TRUE(bob.engine->react(where, own, "🎉", true));
  ASSERT_TRUE(ann.engine->mark_read(where, 1));
  ASSERT_TRUE(ann.engine->follow_thread(where, root, true));
  ASSERT_TRUE(ann.engine->mark_thread_read(where, root));
  ASSERT_TRUE(bob.engine->mark_read(where, UINT64_MAX));
  world.settle_over(10s);
  ASSERT_GT(seen_by(ann, where, own).read_by, 0U);
  ASSERT_GT(conversation(ann, where).unread, 0U);

  auto& fresh = add_device(ann, "tablet");
  // Comes to the new device before its root does, and stands in the timeline until then.
  const auto live = say(cleo, where, {.text = "live, under it", .thread_root = root});
  EXPECT_FALSE(*fresh.engine->message(where, root));
  EXPECT_EQ(fresh.texts(where), std::vector<std::string>{"live, under it"});
  give(fresh, ann);

  expect_alike(ann, fresh, where);
  EXPECT_EQ(seen_by(fresh, where, root).text, "the root");
  EXPECT_EQ(seen_by(fresh, where, root).thread->replies, 2U);
  EXPECT_TRUE(seen_by(fresh, where, gone).deleted);
  const auto under = fresh.engine->thread_messages(where, root).value();
  ASSERT_EQ(under.size(), 2U);
  EXPECT_EQ(under.back().ref(), live);

  // And lives on there.
  ASSERT_TRUE(cleo.engine->react(where, root, "👍", false));
  ASSERT_TRUE(bob.engine->edit(where, root, {.text = "the very root"}));
  say(bob, where, {.text = "later, under it", .thread_root = root});
  say(fresh, where, {.text = "from the tablet", .thread_root = other_root});
  ASSERT_TRUE(fresh.engine->mark_all_read(where));
  world.settle_over(20s);
  expect_alike(ann, fresh, where);
  EXPECT_EQ(conversation(ann, where).unread, 0U);
  EXPECT_EQ(conversation(ann, where).unread_threads, 0U);
  fresh.reopen();
  world.connect(fresh);
  world.settle();
  expect_alike(ann, fresh, where);
}

// What is done to a message while it is on its way: the new device hears of it before it has it.
TEST_F(HistoryOfChannels, WhatHappensToMessagesOnTheirWayIsNotLost) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto where = ann.engine->create_group("the group", std::array{bob.enrollment.user}).value();
  world.settle();
  std::vector<MessageRef> all;
  for (int i = 0; i < 12; ++i) {
    all.push_back(say(bob, where, {.text = std::to_string(i) + std::string(9000, 'x')}));
  }
  auto& fresh = add_device(ann, "tablet");
  ASSERT_TRUE(fresh.engine->request_history(ann.enrollment.device));
  world.settle();
  const auto code = fresh.engine->history_transfers().value().front().code;
  ASSERT_TRUE(ann.engine->approve_history(fresh.enrollment.device, code));
  std::size_t next = 0;
  for (int step = 0; step < 4000 && world.move_one(); ++step) {
    if (step % 5 == 0 && next < all.size()) {
      ASSERT_TRUE(bob.engine->edit(where, all[next], {.text = "edited " + std::to_string(next)}));
      ASSERT_TRUE(bob.engine->react(where, all[next++], "👀", true));
    }
  }
  world.settle_over(60s);
  ASSERT_EQ(fresh.engine->history_transfers().value().front().state, HistoryState::done);
  expect_alike(ann, fresh, where);
  EXPECT_EQ(seen_by(fresh, where, all.front()).text, "edited 0");
}

}  // namespace
}  // namespace unhidra::client::testing
