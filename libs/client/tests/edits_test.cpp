// Edits and deletions among engines: by their author, in the order of the log.

#include "chat_case.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;

class Edits : public ChatCase {};

TEST_F(Edits, AnEditComesFromTheAuthorAndInTime) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  for (const auto where : {group_of(ann, {&bob}), pair_of(ann, bob)}) {
    const auto ref = say(ann, where, {.text = "teh plan"});
    EXPECT_EQ(bob.engine->edit(where, ref, {.text = "mine"}).error(), Errc::not_yours);
    ASSERT_TRUE(ann.engine->edit(where, ref, {.text = "the plan"}));
    world.settle();
    for (auto* phone : {&ann, &bob}) {
      EXPECT_EQ(seen_by(*phone, where, ref).text, "the plan");
      EXPECT_EQ(seen_by(*phone, where, ref).edits, 1U);
    }
    world.clock.advance(6min);
    ASSERT_TRUE(ann.engine->edit(where, ref, {.text = "another plan"}));
    world.settle();
    EXPECT_EQ(last_failure(ann), "chat.edit_window_closed");
    EXPECT_EQ(seen_by(bob, where, ref).text, "the plan");
    EXPECT_EQ(seen_by(ann, where, ref).text, "the plan");
  }
}

TEST_F(Edits, NobodyBelievesAnEditOrDeletionOfAnothersMessage) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  for (const auto where : {group_of(ann, {&bob}), pair_of(ann, bob)}) {
    const auto ref = say(ann, where, {.text = "as Ann said it"});
    claim(bob, where, ref);
    world.server.authors_checked = false;
    ASSERT_TRUE(bob.engine->edit(where, ref, {.text = "as Bob has it"}));
    world.settle();
    EXPECT_EQ(seen_by(bob, where, ref).text, "as Bob has it") << "it was sent and taken";
    EXPECT_EQ(seen_by(ann, where, ref).text, "as Ann said it");
    EXPECT_EQ(seen_by(ann, where, ref).edits, 0U);
    ASSERT_TRUE(bob.engine->remove(where, ref));
    world.settle();
    EXPECT_TRUE(seen_by(bob, where, ref).deleted);
    EXPECT_FALSE(seen_by(ann, where, ref).deleted);
    world.server.authors_checked = true;
  }
}

TEST_F(Edits, OfEditsAtTheSameTimeTheLaterInTheLogCountsEverywhere) {
  auto& ann = join("ann");
  auto& laptop = world.add_phone(ann.enrollment.user, "laptop");
  world.connect(laptop);
  world.settle();
  world.approve(ann, laptop);
  auto& bob = join("bob");
  for (const auto where : {group_of(ann, {&bob}), pair_of(ann, bob)}) {
    const auto ref = say(ann, where, {.text = "as it was"});
    world.disconnect(ann);
    world.disconnect(laptop);
    ASSERT_TRUE(ann.engine->edit(where, ref, {.text = "from the phone"}));
    ASSERT_TRUE(laptop.engine->edit(where, ref, {.text = "from the laptop"}));
    world.connect(laptop);
    world.settle();
    EXPECT_EQ(seen_by(bob, where, ref).text, "from the laptop");
    world.connect(ann);
    world.settle();
    for (auto* phone : {&ann, &laptop, &bob}) {
      EXPECT_EQ(seen_by(*phone, where, ref).text, "from the phone");
      EXPECT_EQ(seen_by(*phone, where, ref).edits, 2U);
    }
  }
}

TEST_F(Edits, AMessageMayBeEditedBeforeItIsSent) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto where = group_of(ann, {&bob});
  world.disconnect(ann);
  const auto id = ann.engine->send(where, {.text = "one"});
  ASSERT_TRUE(id);
  ASSERT_TRUE(ann.engine->edit(where, {*id, ann.enrollment.device}, {.text = "two"}));
  world.connect(ann);
  world.settle();
  EXPECT_EQ(seen_by(bob, where, {*id, ann.enrollment.device}).text, "two");
  EXPECT_EQ(seen_by(ann, where, {*id, ann.enrollment.device}).text, "two");
}

TEST_F(Edits, ADeletionLeavesATombstone) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto where = group_of(ann, {&bob});
  const auto ref = say(ann, where, {.text = "secret"});
  ASSERT_TRUE(bob.engine->react(where, ref, "👀", true));
  world.settle();
  EXPECT_EQ(conversation(bob, where).unread, 1U);
  EXPECT_EQ(bob.engine->remove(where, ref).error(), Errc::not_yours);
  ASSERT_TRUE(ann.engine->remove(where, ref));
  world.settle();
  for (auto* phone : {&ann, &bob}) {
    const auto message = seen_by(*phone, where, ref);
    EXPECT_TRUE(message.deleted);
    EXPECT_TRUE(message.text.empty());
    EXPECT_TRUE(message.reactions.empty());
    EXPECT_TRUE(phone->engine->search({.words = "secret"}).value().empty());
  }
  EXPECT_EQ(conversation(bob, where).unread, 0U);
  EXPECT_EQ(bob.engine->react(where, ref, "x", true).error(), Errc::not_found);
}

}  // namespace
}  // namespace unhidra::client::testing
