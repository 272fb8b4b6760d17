#include <numeric>

#include "world.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;
class DevicesTest : public ::testing::Test {
 protected:
  World world;
  UserId ann = world.add_user("ann");
  UserId bob = world.add_user("bob");
  Phone& a = world.add_phone(ann);
  Phone& b = world.add_phone(bob);

  void SetUp() override {
    world.connect(a);
    world.connect(b);
    world.settle();
  }
};

TEST_F(DevicesTest, ANewDeviceIsPendingUntilAnotherApprovesIt) {
  auto& tablet = world.add_phone(ann, "tablet");
  world.connect(tablet);
  world.settle();
  EXPECT_EQ(tablet.engine->account()->membership, Membership::pending);
  EXPECT_EQ(tablet.count<event::AccountCreated>(), 0U);
  ASSERT_TRUE(tablet.engine->send_text(bob, "too early"));
  world.settle();
  EXPECT_TRUE(b.texts(ann).empty());

  ASSERT_TRUE(a.engine->refresh_user(ann));
  world.settle();
  const auto pending = a.events_of<event::DevicePending>();
  ASSERT_EQ(pending.size(), 1U);
  EXPECT_EQ(pending[0].device.name, "tablet");
  EXPECT_EQ(pending[0].device.fingerprint, tablet.engine->account()->fingerprint);
  world.approve(a, tablet);
  EXPECT_EQ(a.engine->account()->list_version, 2U);
  ASSERT_TRUE(a.engine->refresh_user(ann));
  world.settle();
  EXPECT_EQ(a.count<event::DeviceRemoved>(), 0U);
  EXPECT_EQ(tablet.count<event::AccountKeyReceived>(), 1U);
  EXPECT_EQ(b.texts(ann), Texts{"too early"});
  EXPECT_EQ(b.engine->user(ann)->value().trust, Trust::first_use);
}

TEST_F(DevicesTest, WhatWasRejectedElsewhereWaitsNoMoreHere) {
  auto& tablet = world.add_phone(ann, "tablet");
  world.connect(tablet);
  world.settle();
  ASSERT_TRUE(a.engine->refresh_user(ann));
  world.settle();
  ASSERT_EQ(a.count<event::DevicePending>(), 1U);
  world.server.revoke_device(tablet.enrollment.device);
  ASSERT_TRUE(a.engine->refresh_user(ann));
  world.settle();
  const auto removed = a.events_of<event::DeviceRemoved>();
  ASSERT_EQ(removed.size(), 1U);
  EXPECT_EQ(removed[0].device, tablet.enrollment.device);
}

TEST_F(DevicesTest, AllDevicesOfBothSidesGetEveryMessage) {
  auto& tablet = world.add_phone(ann, "tablet");
  world.connect(tablet);
  world.settle();
  world.approve(a, tablet);
  ASSERT_TRUE(a.engine->send_text(bob, "from the phone"));
  world.settle();
  EXPECT_EQ(tablet.engine->user(bob)->value().username, "bob") << "known from a copy alone";
  ASSERT_TRUE(tablet.engine->send_text(bob, "from the tablet"));
  world.settle();
  ASSERT_TRUE(b.engine->send_text(ann, "to both"));
  world.settle();
  const Texts all{"from the phone", "from the tablet", "to both"};
  EXPECT_EQ(a.texts(bob), all);
  EXPECT_EQ(tablet.texts(bob), all);
  EXPECT_EQ(b.texts(ann), all);
}

// The new device was approved by one that is gone when it comes back.
class GoneApproverTest : public DevicesTest {
 protected:
  Phone& tablet = world.add_phone(ann, "tablet");
  Phone& watch = world.add_phone(ann, "watch");

  void SetUp() override {
    DevicesTest::SetUp();
    world.connect(tablet);
    world.settle();
    world.approve(a, tablet);
    world.connect(watch);
    world.settle();
    world.disconnect(watch);
    ASSERT_TRUE(a.engine->refresh_user(ann));
    world.settle();
    ASSERT_TRUE(a.engine->approve_device(watch.enrollment.device));
  }
  // The list is accepted, and before it tells the watch anything the phone is lost.
  void lose_phone_after_approval() {
    a.take();
    for (; !a.to_server.empty(); a.to_server.pop_front()) {
      world.server.handle(a.enrollment.device, a.to_server.front());
    }
    world.disconnect(a);
    world.settle();
    ASSERT_EQ(tablet.engine->account()->list_version, 3U);
  }
  void expect_a_whole_device() {
    EXPECT_EQ(watch.engine->account()->membership, Membership::approved);
    EXPECT_TRUE(watch.engine->account()->has_account_key);
    EXPECT_EQ(watch.count<event::MessageUnreadable>(), 0U);
    EXPECT_EQ(tablet.count<event::AccountKeyReceived>(), 1U) << "it had the key";
    auto& laptop = world.add_phone(ann, "laptop");
    world.connect(laptop);
    world.settle();
    world.approve(watch, laptop);
  }
};

// What the old one told the new one is read when the old one is on no list any more, which the new
// one never saw it on.
TEST_F(GoneApproverTest, WhatARemovedDeviceToldOthersBeforeIsNoUnreadableMessage) {
  world.settle();
  ASSERT_TRUE(tablet.engine->remove_device(a.enrollment.device));
  world.settle();
  world.server.revoke_device(a.enrollment.device);
  world.connect(watch);
  world.settle();
  expect_a_whole_device();
}

TEST_F(GoneApproverTest, ThatNobodyKnowsItIsLostKeepsNobodyWithoutTheAccountsKey) {
  lose_phone_after_approval();
  world.connect(watch);
  world.settle();
  expect_a_whole_device();
}

TEST_F(GoneApproverTest, WhoeverRemovesItHandsTheAccountsKeyOver) {
  lose_phone_after_approval();
  ASSERT_TRUE(tablet.engine->remove_device(a.enrollment.device));
  world.settle();
  world.connect(watch);
  world.settle();
  expect_a_whole_device();
}

TEST_F(GoneApproverTest, ThatTheServerRevokedItIsEnoughToBeHandedTheAccountsKey) {
  lose_phone_after_approval();
  world.server.revoke_device(a.enrollment.device);
  ASSERT_TRUE(tablet.engine->refresh_user(ann));
  world.settle();
  world.connect(watch);
  world.settle();
  expect_a_whole_device();
}

TEST_F(GoneApproverTest, ThatItIsRevokedMayBeLearntFromARefusedMessage) {
  lose_phone_after_approval();
  world.server.revoke_device(a.enrollment.device);
  ASSERT_TRUE(tablet.engine->send_text(bob, "who is left"));
  world.settle();
  world.connect(watch);
  world.settle();
  expect_a_whole_device();
}

TEST_F(DevicesTest, ASenderThatDoesNotKnowANewDeviceLearnsOfItAndSendsAgain) {
  ASSERT_TRUE(b.engine->send_text(ann, "before"));
  world.settle();
  world.disconnect(b);
  auto& tablet = world.add_phone(ann, "tablet");
  world.connect(tablet);
  world.settle();
  world.approve(a, tablet);
  world.connect(b);
  ASSERT_TRUE(b.engine->send_text(ann, "after"));
  world.settle();
  EXPECT_EQ(a.texts(bob), (Texts{"before", "after"}));
  EXPECT_EQ(tablet.texts(bob), Texts{"after"});
  EXPECT_EQ(b.count<event::GhostDevice>(), 0U);
  EXPECT_EQ(b.history(ann).back().state, MessageState::sent);
}

// As of somebody who comes into a large group.
class ManyListsTest : public DevicesTest {
 protected:
  std::vector<UserId> people;

  void SetUp() override {
    DevicesTest::SetUp();
    for (int i = 0; i < 250; ++i) {
      people.push_back(world.add_user("user" + std::to_string(i)));
    }
    world.server.lists_asked.clear();
  }
  void ask_for_all() {
    for (const auto& user : people) {
      ASSERT_TRUE(a.engine->refresh_user(user));
    }
  }
  std::size_t lists_asked() const {
    return std::accumulate(world.server.lists_asked.begin(), world.server.lists_asked.end(),
                           std::size_t{0});
  }
};

TEST_F(ManyListsTest, AHundredListsAreAskedForInOneRequest) {
  world.disconnect(a);
  ask_for_all();
  world.connect(a);
  world.settle();
  auto asked = world.server.lists_asked;
  std::erase(asked, 1U);  // the own
  EXPECT_EQ(asked, (std::vector<std::size_t>{100, 100, 50}));
  EXPECT_TRUE(a.engine->idle());
}

TEST_F(ManyListsTest, NoMoreRequestsAreUnderWayThanTheServerTakes) {
  ask_for_all();
  a.take();
  EXPECT_EQ(a.to_server.size(), a.limits.max_requests);
  world.settle();
  EXPECT_EQ(lists_asked(), people.size());
  EXPECT_TRUE(a.engine->idle());
}

TEST_F(ManyListsTest, WhatTheServerPutOffIsAskedForAgain) {
  world.server.lists_error = wire::Error{.code = "busy", .message = "", .status = 429};
  world.disconnect(a);
  ask_for_all();
  world.connect(a);
  world.settle();
  EXPECT_FALSE(a.engine->idle());
  world.server.lists_error.reset();
  world.settle_over(10s);
  EXPECT_TRUE(a.engine->idle());
  EXPECT_GE(lists_asked(), 2 * people.size());
}

TEST_F(ManyListsTest, AnAnswerThatIsToldToBeOldIsNotTakenForThatPerson) {
  world.disconnect(a);
  ask_for_all();
  ASSERT_TRUE(a.engine->refresh_user(bob));
  world.connect(a);
  while (world.server.lists_asked.size() < 3) {
    ASSERT_TRUE(world.move_one());
  }
  const auto before = lists_asked();
  ASSERT_TRUE(a.engine->refresh_user(bob));
  world.settle();
  EXPECT_GT(lists_asked(), before);
  EXPECT_TRUE(a.engine->idle());
}

TEST_F(DevicesTest, TwoOfOneNameAreToldApartByTheirNumbersAndApprovedOneByOne) {
  auto& mine = world.add_phone(ann, "tablet");
  auto& intruder = world.add_phone(ann, "tablet");
  for (auto* one : {&mine, &intruder}) {
    world.connect(*one);
    world.settle();
  }
  ASSERT_TRUE(a.engine->refresh_user(ann));
  world.settle();
  const auto pending = a.events_of<event::DevicePending>();
  ASSERT_EQ(pending.size(), 2U);
  EXPECT_EQ(pending[0].device.name, pending[1].device.name);
  EXPECT_NE(pending[0].device.fingerprint, pending[1].device.fingerprint);
  for (const auto& one : pending) {
    const auto& shown = one.device.id == mine.enrollment.device ? mine : intruder;
    EXPECT_EQ(one.device.fingerprint, shown.engine->account()->fingerprint);
  }
  world.approve(a, mine);
  EXPECT_EQ(intruder.engine->account()->membership, Membership::pending);
  ASSERT_TRUE(b.engine->send_text(ann, "for hers alone"));
  world.settle();
  EXPECT_EQ(mine.texts(bob), Texts{"for hers alone"});
  EXPECT_TRUE(intruder.texts(bob).empty());
  // Both approved: one of them goes, and the other one of that name stays.
  world.approve(a, intruder);
  ASSERT_TRUE(a.engine->remove_device(intruder.enrollment.device));
  world.settle_over(60s);
  EXPECT_EQ(intruder.engine->account()->membership, Membership::removed);
  EXPECT_EQ(mine.engine->account()->membership, Membership::approved);
}

TEST_F(DevicesTest, TheSecondDeviceMayApproveAThird) {
  auto& tablet = world.add_phone(ann, "tablet");
  world.connect(tablet);
  world.settle();
  world.approve(a, tablet);
  auto& laptop = world.add_phone(ann, "laptop");
  world.connect(laptop);
  world.settle();
  world.approve(tablet, laptop);
  EXPECT_EQ(a.engine->account()->list_version, 3U);
  ASSERT_TRUE(b.engine->send_text(ann, "to three"));
  world.settle();
  for (auto* phone : {&a, &tablet, &laptop}) {
    EXPECT_EQ(phone->texts(bob), Texts{"to three"});
  }
}

TEST_F(DevicesTest, ARemovedDeviceGetsNothingMore) {
  auto& tablet = world.add_phone(ann, "tablet");
  world.connect(tablet);
  world.settle();
  world.approve(a, tablet);
  ASSERT_TRUE(a.engine->remove_device(tablet.enrollment.device));
  world.settle();
  EXPECT_EQ(tablet.engine->account()->membership, Membership::removed);
  ASSERT_TRUE(b.engine->send_text(ann, "not for the tablet"));
  world.settle();
  EXPECT_EQ(a.texts(bob), Texts{"not for the tablet"});
  EXPECT_TRUE(tablet.texts(bob).empty());
}

TEST_F(DevicesTest, ADeviceThatTheServerRevokedStopsNobody) {
  auto& tablet = world.add_phone(ann, "tablet");
  world.connect(tablet);
  world.settle();
  world.approve(a, tablet);
  ASSERT_TRUE(b.engine->send_text(ann, "one"));
  world.settle();
  world.server.revoke_device(tablet.enrollment.device);
  ASSERT_TRUE(b.engine->send_text(ann, "two"));
  ASSERT_TRUE(a.engine->send_text(bob, "three"));
  world.settle();
  EXPECT_EQ(a.texts(bob).size(), 3U);
  EXPECT_EQ(b.texts(ann).size(), 3U);
}

TEST_F(DevicesTest, OnlyAnApprovedDeviceWithTheKeyApproves) {
  auto& tablet = world.add_phone(ann, "tablet");
  auto& laptop = world.add_phone(ann, "laptop");
  world.connect(tablet);
  world.connect(laptop);
  world.settle();
  EXPECT_EQ(tablet.engine->approve_device(laptop.enrollment.device).error(), Errc::not_approved);
  EXPECT_EQ(a.engine->approve_device(b.enrollment.device).error(), Errc::not_found);
  EXPECT_EQ(a.engine->remove_device(a.enrollment.device).error(), Errc::not_found);
}

TEST_F(DevicesTest, TwoFirstDevicesAtOnceEndWithOneAccount) {
  const auto cleo = world.add_user("cleo");
  auto& one = world.add_phone(cleo, "one");
  auto& two = world.add_phone(cleo, "two");
  world.connect(one);
  world.connect(two);
  while (world.move_one()) {
  }
  world.settle();
  auto& winner = one.engine->account()->membership == Membership::approved ? one : two;
  auto& loser = &winner == &one ? two : one;
  EXPECT_EQ(winner.engine->account()->membership, Membership::approved);
  EXPECT_EQ(loser.engine->account()->membership, Membership::pending);
  EXPECT_FALSE(loser.engine->account()->has_account_key);
  world.approve(winner, loser);
}

TEST_F(DevicesTest, SafetyNumbersAgreeAndStayWhenADeviceIsAdded) {
  ASSERT_TRUE(a.engine->refresh_user(bob));
  ASSERT_TRUE(b.engine->refresh_user(ann));
  world.settle();
  const auto before = a.engine->safety_number(bob);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->digits, b.engine->safety_number(ann)->digits);
  EXPECT_EQ(before->qr_text, b.engine->safety_number(ann)->qr_text);
  ASSERT_TRUE(a.engine->set_verified(bob, true));
  auto& tablet = world.add_phone(bob, "tablet");
  world.connect(tablet);
  world.settle();
  world.approve(b, tablet);
  ASSERT_TRUE(a.engine->refresh_user(bob));
  world.settle();
  EXPECT_EQ(a.engine->safety_number(bob)->digits, before->digits);
  EXPECT_EQ(a.engine->user(bob)->value().trust, Trust::verified);
}

// The list was asked for before the device was on it, and the answer comes after its message.
TEST_F(DevicesTest, AListThatWasOnItsWayDoesNotAnswerForADeviceThatCameLater) {
  ASSERT_TRUE(a.engine->send_text(bob, "from the phone"));
  world.settle();
  auto& tablet = world.add_phone(ann, "tablet");
  world.connect(tablet);
  world.settle();
  ASSERT_TRUE(b.engine->refresh_user(ann));
  b.take();
  for (; !b.to_server.empty(); b.to_server.pop_front()) {
    world.server.handle(b.enrollment.device, b.to_server.front());
  }
  auto& coming = world.server.outgoing(b.enrollment.device);
  ASSERT_EQ(coming.size(), 1U);
  const auto late = std::move(coming.front());
  coming.clear();

  world.approve(a, tablet);
  ASSERT_TRUE(tablet.engine->send_text(bob, "from the tablet"));
  world.settle();
  ASSERT_TRUE(b.engine->receive(wire::encode(late)));
  b.take();
  world.settle();
  EXPECT_EQ(b.texts(ann), (Texts{"from the phone", "from the tablet"}));
  EXPECT_EQ(b.count<event::MessageUnreadable>(), 0U);
}

}  // namespace
}  // namespace unhidra::client::testing
