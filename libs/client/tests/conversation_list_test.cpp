// A list of conversations is kept by asking for what has changed: all of that comes, and nothing
// else.

#include "chat_case.h"
#include "list_mirror.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;
using Changed = std::vector<ConversationId>;

class ConversationList : public ChatCase {
 protected:
  ConversationList() {
    ann = &join("ann");
    bob = &join("bob");
    pair = pair_of(*ann, *bob);
    group = group_of(*ann, {bob});
    other = group_of(*ann, {bob});
    world.settle_over(10s);
    mirror.update(*ann);
  }
  // What has changed for ann since she was asked last; and her list is whole.
  Changed changed() {
    world.settle();
    auto out = mirror.update(*ann);
    mirror.expect_whole(*ann);
    return out;
  }

  Phone* ann = nullptr;
  Phone* bob = nullptr;
  ConversationId pair;
  ConversationId group;
  ConversationId other;
  ListMirror mirror;
};

TEST_F(ConversationList, TellsWhatHappenedWhere) {
  EXPECT_EQ(changed(), Changed{});
  const auto first = say(*bob, group, {.text = "one"});
  EXPECT_EQ(changed(), Changed{group});
  EXPECT_EQ(changed(), Changed{}) << "told once";
  ASSERT_TRUE(bob->engine->edit(group, first, {.text = "two"}));
  EXPECT_EQ(changed(), Changed{group});
  ASSERT_TRUE(bob->engine->react(group, first, "👍", true));
  EXPECT_EQ(changed(), Changed{group});
  const auto index = seen_by(*ann, group, first).index;
  ASSERT_TRUE(ann->engine->mark_read(group, index));
  EXPECT_EQ(changed(), Changed{group});
  say(*bob, group, {.text = "reply", .thread_root = first});
  EXPECT_EQ(changed(), Changed{group});
  ASSERT_TRUE(ann->engine->follow_thread(group, first, true));
  EXPECT_EQ(changed(), Changed{group});
  ASSERT_TRUE(bob->engine->remove(group, first));
  EXPECT_EQ(changed(), Changed{group});
  say(*ann, pair, {.text = "mine"});
  EXPECT_EQ(changed(), Changed{pair});
  world.settle_over(60s);  // receipts of all that was before
  changed();
  ASSERT_TRUE(bob->engine->mark_all_read(pair));
  world.settle_over(60s);
  EXPECT_EQ(changed(), Changed{pair}) << "a receipt of his";
  ASSERT_TRUE(ann->engine->rename_group(other, "another name"));
  EXPECT_EQ(changed(), Changed{other});
  ASSERT_TRUE(bob->engine->leave_group(other));
  world.settle_over(60s);
  EXPECT_EQ(changed(), Changed{other});
}

TEST_F(ConversationList, TellsOfPeopleInTheirPairs) {
  ASSERT_TRUE(ann->engine->set_verified(bob->enrollment.user, true));
  EXPECT_EQ(changed(), Changed{pair});
}

TEST_F(ConversationList, TellsOfAllWhenARuleForThreadsHasChanged) {
  ASSERT_TRUE(ann->engine->set_auto_follow({.on_reply = false, .on_mention = false}));
  EXPECT_EQ(changed().size(), 3U);
}

TEST_F(ConversationList, BeginsAnewWithTheEngine) {
  ann->reopen();
  world.connect(*ann);
  ListMirror fresh;
  world.settle();
  EXPECT_EQ(fresh.update(*ann).size(), 3U);
  fresh.expect_whole(*ann);
}

// Of a step that failed nothing stays, and what is told afterwards is what the store says.
TEST_F(ConversationList, IsWholeAfterAStepThatFailed) {
  say(*bob, group, {.text = "one"});
  EXPECT_FALSE(ann->engine->receive(Bytes(3, 0xff)));
  mirror.expect_whole(*ann);
  changed();
}

}  // namespace
}  // namespace unhidra::client::testing
