// Groups among engines around a server that keeps the delivery service's whole contract.

#include <algorithm>

#include "group_world.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;

TEST_F(Groups, MembersComeInAndTalk) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  const auto id = create(ann, {&bob, &cleo});
  expect_together(id, {&ann, &bob, &cleo});
  EXPECT_EQ(ann.engine->group(id)->members.size(), 3U);
  EXPECT_EQ(bob.count<event::GroupJoined>(), 1U);
  say(ann, id, "hello");
  say(bob, id, "hi");
  world.settle();
  say(cleo, id, "good morning");
  world.settle();
  for (auto* phone : {&ann, &bob, &cleo}) {
    auto texts = phone->texts(id);
    EXPECT_EQ(texts.size(), 3U) << phone->enrollment.username;
    EXPECT_EQ(texts.back(), "good morning");
    EXPECT_EQ(phone->engine->group(id)->name, "the group");
  }
  const auto listed = cleo.engine->conversations().value();
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed.front().kind, ConversationKind::group);
  EXPECT_EQ(listed.front().name, "the group");
}

TEST_F(Groups, NamesOfMembersWhoNeverSpokeAreLearntOnRequest) {
  auto& ann = join("ann");
  std::vector<Phone*> others;
  for (int i = 0; i < 40; ++i) {
    others.push_back(&join("quiet" + std::to_string(i)));
  }
  auto& cleo = join("cleo");
  others.push_back(&cleo);
  const auto id = create(ann, others);
  std::vector<UserId> all;
  const auto group = cleo.engine->group(id).value();
  for (const auto& member : group.members) {
    all.push_back(member.user);
  }
  const auto name = [&](const Phone* phone) {
    const auto known = cleo.engine->user(phone->enrollment.user).value();
    return known ? known->username : std::string();
  };
  EXPECT_EQ(name(others.front()), "");
  ASSERT_TRUE(cleo.engine->learn_names(all));
  world.settle();
  for (const auto* phone : others) {
    EXPECT_EQ(name(phone), phone->enrollment.username);
  }
  world.disconnect(cleo);
  EXPECT_EQ(cleo.engine->learn_names(all).error(), unhidra::Errc::unavailable);
}

TEST_F(Groups, WhoComesLaterReadsOnFromThere) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  const auto id = create(ann, {&bob});
  say(ann, id, "before");
  world.settle();
  ASSERT_TRUE(bob.engine->add_to_group(id, std::array{cleo.enrollment.user}));
  world.settle();
  say(ann, id, "after");
  world.settle();
  expect_together(id, {&ann, &bob, &cleo});
  EXPECT_EQ(cleo.texts(id), Texts{"after"});
  EXPECT_EQ(bob.texts(id), (Texts{"before", "after"}));
  const auto changes = ann.events_of<event::GroupChanged>();
  ASSERT_FALSE(changes.empty());
  EXPECT_EQ(changes.back().by, bob.enrollment.user);
  EXPECT_EQ(changes.back().added, std::vector{cleo.enrollment.user});
}

TEST_F(Groups, AGroupBeginsAnewWithTheSamePeople) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  const auto id = create(ann, {&bob, &cleo});
  say(ann, id, "before");
  world.settle();
  world.disconnect(cleo);
  const auto before = ann.engine->group(id)->epoch_code;
  const auto change = ann.engine->reset_group(id);
  ASSERT_TRUE(change) << change.error().message();
  say(ann, id, "after");
  world.settle_over(120s);
  ASSERT_FALSE(ann.events_of<event::GroupChangeDone>().empty());
  EXPECT_EQ(ann.events_of<event::GroupChangeDone>().back().failure, "");
  EXPECT_EQ(ann.events_of<event::GroupChangeDone>().back().change, *change);
  world.connect(cleo);
  world.settle_over(120s);
  say(cleo, id, "all together");
  world.settle();
  for (auto* phone : {&ann, &bob, &cleo}) {
    EXPECT_EQ(phone->engine->group(id)->state, GroupState::active);
    EXPECT_EQ(phone->engine->group(id)->members.size(), 3U) << phone->enrollment.username;
    EXPECT_EQ(phone->engine->group(id)->name, "the group");
    EXPECT_NE(phone->engine->group(id)->epoch_code, before);
    EXPECT_EQ(phone->texts(id).back(), "all together");
    ASSERT_EQ(phone->count<event::GroupReset>(), 1U) << phone->enrollment.username;
    EXPECT_EQ(phone->events_of<event::GroupReset>().back().by, ann.enrollment.user);
    EXPECT_EQ(phone->count<event::GhostDevice>(), 0U);
  }
  EXPECT_EQ(bob.texts(id), (Texts{"before", "after", "all together"}));
  // And once more, by another one.
  ASSERT_TRUE(bob.engine->reset_group(id));
  world.settle_over(120s);
  say(ann, id, "again");
  world.settle();
  EXPECT_EQ(cleo.texts(id).back(), "again");
}

TEST_F(Groups, WhoIsRemovedRightAfterANewBeginningIsNotWaitedFor) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  const auto id = create(ann, {&bob, &cleo});
  world.settle();
  ASSERT_TRUE(ann.engine->reset_group(id));
  world.settle_over(15s);
  expect_together(id, {&ann, &bob, &cleo});
  ASSERT_TRUE(ann.engine->remove_from_group(id, std::array{cleo.enrollment.user}));
  world.settle_over(5s);
  say(ann, id, "without cleo");
  world.settle();
  EXPECT_EQ(bob.texts(id), Texts{"without cleo"});
}

TEST_F(Groups, WhatIsWrittenRightAfterANewBeginningReachesThoseWhoComeInLater) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  auto& tablet = world.add_phone(cleo.enrollment.user, "tablet");
  world.connect(tablet);
  world.settle();
  world.approve(cleo, tablet);
  world.settle_over(120s);
  const auto id = create(ann, {&bob, &cleo});
  world.settle_over(120s);
  world.disconnect(tablet);
  ASSERT_TRUE(ann.engine->reset_group(id));
  world.settle();
  say(bob, id, "at once");
  say(cleo, id, "me too");
  world.settle();
  EXPECT_TRUE(ann.texts(id).empty()) << "written before everybody was in";
  world.connect(tablet);
  world.settle_over(60s);
  for (auto* phone : {&ann, &bob, &cleo, &tablet}) {
    EXPECT_EQ(phone->texts(id).size(), 2U) << phone->enrollment.username;
    EXPECT_EQ(phone->count<event::MessageUnreadable>(), 0U);
  }
  // Who stays away is not waited for without end.
  world.disconnect(tablet);
  ASSERT_TRUE(bob.engine->reset_group(id));
  world.settle();
  say(cleo, id, "without the tablet");
  world.settle_over(60s);
  EXPECT_EQ(ann.texts(id).back(), "without the tablet");
}

TEST_F(Groups, OnlyWhoIsInAGroupBeginsItAnew) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto id = create(ann, {&bob});
  ASSERT_TRUE(ann.engine->remove_from_group(id, std::array{bob.enrollment.user}));
  world.settle();
  EXPECT_EQ(bob.engine->reset_group(id).error(), Errc::not_in_group);
  EXPECT_EQ(bob.engine->reset_group(ConversationId()).error(), Errc::not_found);
}

TEST_F(Groups, ABeginningThatComesTooLateIsGivenUp) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  const auto id = create(ann, {&bob});
  world.disconnect(ann);
  const auto change = ann.engine->reset_group(id);
  ASSERT_TRUE(change);
  ASSERT_TRUE(bob.engine->add_to_group(id, std::array{cleo.enrollment.user}));
  world.settle();
  world.connect(ann);
  world.settle_over(120s);
  EXPECT_EQ(ann.events_of<event::GroupChangeDone>().back().failure, "client.stale_group");
  say(ann, id, "back in the old one");
  world.settle_over(60s);
  EXPECT_EQ(cleo.texts(id).back(), "back in the old one");
  EXPECT_EQ(cleo.count<event::GroupReset>(), 0U);
}

TEST_F(Groups, WhoIsRemovedReadsNoMoreAndIsTold) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  const auto id = create(ann, {&bob, &cleo});
  ASSERT_TRUE(ann.engine->remove_from_group(id, std::array{bob.enrollment.user}));
  world.settle();
  say(cleo, id, "without bob");
  world.settle();
  EXPECT_EQ(bob.engine->group(id)->state, GroupState::removed);
  ASSERT_EQ(bob.count<event::GroupLeft>(), 1U);
  EXPECT_TRUE(bob.texts(id).empty());
  EXPECT_EQ(bob.engine->send_text(id, "hello?").error(), Errc::not_in_group);
  expect_together(id, {&ann, &cleo});
  EXPECT_EQ(ann.texts(id), Texts{"without bob"});
}

TEST_F(Groups, WhoIsRemovedWhileAwayLearnsItLater) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  const auto id = create(ann, {&bob, &cleo});
  world.disconnect(bob);
  say(ann, id, "bob may read this");
  world.settle();
  ASSERT_TRUE(ann.engine->remove_from_group(id, std::array{bob.enrollment.user}));
  world.settle();
  say(ann, id, "and not this");
  world.settle();
  world.connect(bob);
  world.settle();
  EXPECT_EQ(bob.texts(id), Texts{"bob may read this"});
  EXPECT_EQ(bob.engine->group(id)->state, GroupState::removed);
}

TEST_F(Groups, LeavingTakesAllOwnDevicesOut) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& second = world.add_phone(bob.enrollment.user, "second");
  world.connect(second);
  world.settle();
  world.approve(bob, second);
  const auto id = create(ann, {&bob});
  expect_together(id, {&ann, &bob, &second});
  ASSERT_TRUE(bob.engine->leave_group(id));
  world.settle_over(40s);
  EXPECT_EQ(bob.engine->group(id)->state, GroupState::left);
  EXPECT_NE(second.engine->group(id)->state, GroupState::active);
  EXPECT_EQ(ann.engine->group(id)->members.size(), 1U);
  say(ann, id, "alone");
  world.settle();
  EXPECT_TRUE(second.texts(id).empty());
}

TEST_F(Groups, TheLastOneClosesTheDoor) {
  auto& ann = join("ann");
  const auto id = create(ann, {});
  ASSERT_TRUE(ann.engine->leave_group(id));
  world.settle();
  EXPECT_EQ(ann.engine->group(id)->state, GroupState::left);
  EXPECT_TRUE(world.server.groups().at(id).closed);
}

TEST_F(Groups, ANewDeviceOfAMemberComesInByItself) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto id = create(ann, {&bob});
  say(ann, id, "before");
  world.settle();
  auto& second = world.add_phone(bob.enrollment.user, "second");
  world.connect(second);
  world.settle();
  EXPECT_FALSE(second.engine->group(id)) << "not approved yet";
  world.approve(bob, second);
  world.settle_over(40s);
  expect_together(id, {&ann, &bob, &second});
  say(ann, id, "after");
  say(second, id, "from the new one");
  world.settle();
  EXPECT_EQ(second.texts(id).size(), 2U);
  EXPECT_EQ(ann.texts(id).size(), 3U);
}

TEST_F(Groups, ARevokedDeviceIsTakenOutBeforeAnythingIsSaid) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& second = world.add_phone(bob.enrollment.user, "second");
  world.connect(second);
  world.settle();
  world.approve(bob, second);
  const auto id = create(ann, {&bob});
  expect_together(id, {&ann, &bob, &second});
  world.server.revoke_device(second.enrollment.device);
  say(ann, id, "not for a thief");
  world.settle_over(40s);
  expect_together(id, {&ann, &bob});
  EXPECT_EQ(bob.texts(id), Texts{"not for a thief"});
  const auto& state = world.server.groups().at(id);
  const auto& message = state.log.back();
  ASSERT_EQ(message.kind, wire::GroupEntryKind::message);
  EXPECT_LT(state.stays.at(second.enrollment.device).back().to_seq, message.seq);
}

TEST_F(Groups, RacesAreSettledUnseen) {
  std::vector<Phone*> phones;
  for (int i = 0; i < 6; ++i) {
    phones.push_back(&join("member " + std::to_string(i)));
  }
  std::vector<Phone*> newcomers;
  for (int i = 0; i < 6; ++i) {
    newcomers.push_back(&join("newcomer " + std::to_string(i)));
  }
  const auto id = create(*phones[0], {phones.begin() + 1, phones.end()});
  for (std::size_t i = 0; i < phones.size(); ++i) {
    ASSERT_TRUE(phones[i]->engine->add_to_group(id, std::array{newcomers[i]->enrollment.user}));
    say(*phones[i], id, "in the race");
  }
  world.settle_over(60s);
  EXPECT_GT(world.server.races_lost(), 0U) << "there was no race";
  auto all = phones;
  all.insert(all.end(), newcomers.begin(), newcomers.end());
  expect_together(id, all);
  EXPECT_EQ(phones[0]->engine->group(id)->members.size(), 12U);
  for (auto* phone : phones) {
    EXPECT_EQ(phone->texts(id).size(), 6U);
    EXPECT_EQ(phone->count<event::RequestFailed>(), 0U);
    for (const auto& done : phone->events_of<event::GroupChangeDone>()) {
      EXPECT_EQ(done.failure, "");
    }
  }
}

TEST_F(Groups, RenamingReachesThoseWhoCameLaterToo) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  const auto id = create(ann, {&bob});
  ASSERT_TRUE(bob.engine->rename_group(id, "renamed"));
  world.settle();
  ASSERT_TRUE(ann.engine->add_to_group(id, std::array{cleo.enrollment.user}));
  world.settle();
  for (auto* phone : {&ann, &bob, &cleo}) {
    EXPECT_EQ(phone->engine->group(id)->name, "renamed") << phone->enrollment.username;
    EXPECT_TRUE(phone->texts(id).empty());
  }
  EXPECT_EQ(ann.engine->rename_group(id, "").error(), Errc::bad_name);
  EXPECT_EQ(ann.engine->rename_group(id, "\xff").error(), Errc::bad_name);
}

TEST_F(Groups, LeavesAreRenewedOnSchedule) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto id = create(ann, {&bob});
  const auto before = ann.engine->group(id)->epoch;
  world.clock.advance(24h * 8);
  world.settle_over(40s);
  EXPECT_GE(ann.engine->group(id)->epoch, before + 2) << "both have renewed theirs";
  expect_together(id, {&ann, &bob});
}

TEST_F(Groups, KeyPackagesAreReplenished) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  for (int i = 0; i < 9; ++i) {
    create(ann, {&bob});
  }
  EXPECT_GE(world.server.device(bob.enrollment.device).key_packages.size(), 2U);
  EXPECT_EQ(bob.count<event::GroupJoined>(), 9U);
}

TEST_F(Groups, ARestartBetweenAnyTwoStepsLosesNothing) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  const auto id = create(ann, {&bob});
  for (std::size_t at = 1; at < 14; ++at) {
    for (const bool after : {false, true}) {
      SCOPED_TRACE(std::to_string(at) + (after ? " after" : " before"));
      ann.store->fail_at = ann.store->commits + at;
      ann.store->after = after;
      const auto wish = ann.engine->add_to_group(id, std::array{cleo.enrollment.user});
      ann.crashed = !wish;
      world.settle_over(20s);
      const auto text = "text " + std::to_string(at) + (after ? "a" : "b");
      const auto sent = ann.engine->send_text(id, text);
      ann.crashed = !sent;
      world.settle_over(20s);
      ann.store->fail_at = 0;
      if (cleo.engine->group(id) && cleo.engine->group(id)->state == GroupState::active) {
        expect_together(id, {&ann, &bob, &cleo});
        ASSERT_TRUE(bob.engine->remove_from_group(id, std::array{cleo.enrollment.user}));
        world.settle_over(20s);
      }
      expect_together(id, {&ann, &bob});
      EXPECT_EQ(ann.texts(id), bob.texts(id));
    }
  }
  EXPECT_GT(ann.crashes, 10U);
}

TEST_F(Groups, ACopyOfAnOldStoreComesInAnewBeforeItEncrypts) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto id = create(ann, {&bob});
  world.disconnect(ann);
  MemoryStore old;
  copy_store(ann.memory, old);
  world.connect(ann);
  world.settle();
  say(ann, id, "of the lost future");
  world.settle();
  world.disconnect(ann);
  copy_store(old, ann.memory);
  ann.reopen();
  world.connect(ann);
  world.settle_over(90s);
  EXPECT_EQ(ann.count<event::StateRolledBack>(), 1U);
  EXPECT_EQ(ann.count<event::GroupRepaired>(), 1U);
  say(ann, id, "with new keys");
  world.settle();
  EXPECT_EQ(bob.texts(id), (Texts{"of the lost future", "with new keys"}));
  EXPECT_EQ(bob.count<event::MessageUnreadable>(), 0U);
}

// Noticed before anything in the group needed its state: that is forgotten all the same, in the
// store too, from where it would come back.
TEST_F(Groups, TheKeysOfAnOldCopyAreForgottenUnread) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto id = create(ann, {&bob});
  say(ann, id, "hello");
  world.settle();
  world.disconnect(ann);
  ASSERT_FALSE(ann.memory.load(Table::group_state)->empty());
  auto opened = Engine::open({*ann.store, world.crypto, world.random, world.clock}, {}, UINT64_MAX);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->group(id)->state, GroupState::joining);
  EXPECT_TRUE(ann.memory.load(Table::group_state)->empty());
}

}  // namespace
}  // namespace unhidra::client::testing
