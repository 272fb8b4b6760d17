// People who are to come into a group and have no device yet.

#include "group_world.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;

class GroupAdditions : public Groups {
 protected:
  Phone& ann = join("ann");
  Phone& bob = join("bob");
  // Signs in when the test connects it.
  Phone& cleo = world.add_phone(world.add_user("cleo"));

  std::vector<event::GroupChangeDone> outcomes() const {
    return ann.events_of<event::GroupChangeDone>();
  }
};

TEST_F(GroupAdditions, TheOthersComeInAtOnceAndWhoSignsInAMomentLaterThen) {
  const auto id =
      ann.engine->create_group("the group", std::array{bob.enrollment.user, cleo.enrollment.user})
          .value();
  world.settle();
  expect_together(id, {&ann, &bob});
  EXPECT_TRUE(outcomes().empty());
  say(bob, id, "is cleo there?");
  world.settle_over(3s);
  world.connect(cleo);
  world.settle_over(10s);
  expect_together(id, {&ann, &bob, &cleo});
  ASSERT_EQ(outcomes().size(), 1U);
  EXPECT_EQ(outcomes().front().failure, "");
  EXPECT_TRUE(outcomes().front().left_out.empty());
  say(cleo, id, "now I am");
  world.settle();
  EXPECT_EQ(bob.texts(id).back(), "now I am");
}

TEST_F(GroupAdditions, WhoStaysWithoutADeviceIsLeftOutAndNamed) {
  const auto id =
      ann.engine->create_group("the group", std::array{bob.enrollment.user, cleo.enrollment.user})
          .value();
  world.settle_over(60s);
  expect_together(id, {&ann, &bob});
  ASSERT_EQ(outcomes().size(), 1U);
  EXPECT_EQ(outcomes().front().failure, "client.no_recipient_device");
  EXPECT_EQ(outcomes().front().left_out, std::vector{cleo.enrollment.user});
  // The group is none the worse for it, and the wish can be repeated.
  world.connect(cleo);
  world.settle();
  ASSERT_TRUE(ann.engine->add_to_group(id, std::array{cleo.enrollment.user}));
  world.settle_over(10s);
  expect_together(id, {&ann, &bob, &cleo});
  EXPECT_EQ(outcomes().back().failure, "");
}

TEST_F(GroupAdditions, AnotherChangeDoesNotWaitForThem) {
  const auto id = ann.engine->create_group("the group", std::array{cleo.enrollment.user}).value();
  world.settle();
  ASSERT_TRUE(ann.engine->add_to_group(id, std::array{bob.enrollment.user}));
  world.settle_over(2s);
  expect_together(id, {&ann, &bob});
  ASSERT_EQ(outcomes().size(), 1U);
  EXPECT_EQ(outcomes().front().failure, "");
}

TEST_F(GroupAdditions, WhatTheRoleDoesNotAllowIsGivenUpAtOnce) {
  world.connect(cleo);
  world.settle();
  const auto id = ann.engine->create_group("the group", std::array{bob.enrollment.user}).value();
  world.settle();
  world.server.commit_error = wire::Error{.code = "chat.not_allowed", .status = 403};
  ASSERT_TRUE(ann.engine->add_to_group(id, std::array{cleo.enrollment.user}));
  world.settle();
  ASSERT_EQ(outcomes().size(), 2U);
  EXPECT_EQ(outcomes().back().failure, "chat.not_allowed");
  world.server.commit_error.reset();
  ASSERT_TRUE(ann.engine->add_to_group(id, std::array{cleo.enrollment.user}));
  world.settle_over(5s);
  expect_together(id, {&ann, &bob, &cleo});
}

// A commit of everybody at once would be more than the server takes.
TEST_F(GroupAdditions, ManyComeInByCommitsOfSoMany) {
  world.limits.max_additions = 2;
  auto& dora = join("dora");
  std::vector<Phone*> members{&dora, &ann, &bob};
  std::vector<UserId> people{ann.enrollment.user, bob.enrollment.user};
  for (const auto* name : {"eva", "finn", "gil", "hans", "ida"}) {
    members.push_back(&join(name));
    people.push_back(members.back()->enrollment.user);
  }
  const auto id = dora.engine->create_group("the group", people).value();
  world.settle_over(10s);
  expect_together(id, members);
  const auto done = dora.events_of<event::GroupChangeDone>();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(done.front().failure, "");
  for (const auto* phone : members) {
    EXPECT_GE(phone->engine->group(id)->epoch, 4U) << "seven people, two at a time";
  }
}

TEST_F(GroupAdditions, AnInterruptionDoesNotEndTheWaiting) {
  const auto id =
      ann.engine->create_group("the group", std::array{bob.enrollment.user, cleo.enrollment.user})
          .value();
  world.settle_over(5s);
  world.disconnect(ann);
  world.settle_over(30s);
  world.connect(cleo);
  world.settle();
  world.connect(ann);
  world.settle_over(10s);
  expect_together(id, {&ann, &bob, &cleo});
  ASSERT_EQ(outcomes().size(), 1U);
  EXPECT_EQ(outcomes().front().failure, "");
}

}  // namespace
}  // namespace unhidra::client::testing
