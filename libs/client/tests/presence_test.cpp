// Who is online: what engines say of their people and hear of others.

#include "world.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;

class Presence : public ::testing::Test {
 protected:
  Phone& join(const std::string& name) { return world.join(name); }
  void set(Phone& phone, OwnPresence own) {
    EXPECT_TRUE(phone.engine->set_presence(own));
    world.settle();
  }
  void watch(Phone& phone, const std::vector<UserId>& users) {
    const auto watched = phone.engine->watch_presence(users);
    EXPECT_TRUE(watched) << watched.error().message();
    world.settle();
  }
  PresenceState seen(Phone& by, const Phone& whom) {
    for (const auto& one : by.engine->presence()) {
      if (one.user == whom.enrollment.user) {
        return one.state;
      }
    }
    return PresenceState::unknown;
  }
  wire::PresenceState told(const Phone& whom) {
    return world.server.presence(whom.enrollment.user);
  }
  static wire::Error refusal(std::uint32_t status) {
    return {.code = "access.denied", .message = "no", .status = status, .retry_after_ms = 0};
  }

  World world;
};

TEST_F(Presence, NothingIsSaidOfAPersonWhoDoesNotShowThemself) {
  auto& ann = join("ann");
  EXPECT_EQ(told(ann), wire::PresenceState::offline);
  set(ann, OwnPresence::hidden);
  EXPECT_EQ(world.server.presence_requests.set, 0U);
  set(ann, OwnPresence::online);
  EXPECT_EQ(told(ann), wire::PresenceState::online);
  set(ann, OwnPresence::away);
  EXPECT_EQ(told(ann), wire::PresenceState::away);
  set(ann, OwnPresence::hidden);
  EXPECT_EQ(told(ann), wire::PresenceState::offline);
  EXPECT_TRUE(world.server.connected(ann.enrollment.device));
}

// A new device knows of its conversations with whom they are, and not what they are called.
TEST_F(Presence, WhoIsWatchedHasAName) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  ASSERT_TRUE(ann.engine->send_text(bob.enrollment.user, "hello"));
  world.settle();
  auto& tablet = world.add_phone(ann.enrollment.user, "tablet");
  world.connect(tablet);
  world.settle();
  world.approve(ann, tablet);
  ASSERT_EQ(tablet.engine->conversations()->size(), 1U);
  const auto name = [&] {
    const auto known = tablet.engine->user(bob.enrollment.user).value();
    return known ? known->username : std::string();
  };
  EXPECT_EQ(name(), "");
  world.disconnect(tablet);
  watch(tablet, {bob.enrollment.user});
  world.connect(tablet);
  world.settle();
  EXPECT_EQ(name(), "bob");
}

TEST_F(Presence, WhoIsWatchedIsTold) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  set(cleo, OwnPresence::online);
  watch(ann, {bob.enrollment.user});
  EXPECT_TRUE(ann.engine->presence_answered());
  EXPECT_EQ(seen(ann, bob), PresenceState::offline);
  set(bob, OwnPresence::online);
  EXPECT_EQ(seen(ann, bob), PresenceState::online);
  set(bob, OwnPresence::away);
  const auto changes = ann.events_of<event::PresenceChanged>();
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_EQ(changes.back().presence.user, bob.enrollment.user);
  EXPECT_EQ(changes.back().presence.state, PresenceState::away);
  EXPECT_EQ(changes.back().presence.since, world.clock.now());
  EXPECT_EQ(ann.engine->presence().size(), 1U);
  // Nobody who is no longer watched.
  watch(ann, {cleo.enrollment.user});
  set(bob, OwnPresence::online);
  EXPECT_EQ(seen(ann, cleo), PresenceState::online);
  EXPECT_EQ(ann.events_of<event::PresenceChanged>().back().presence.user, cleo.enrollment.user);
}

TEST_F(Presence, ALostConnectionLeavesNobodyOnlineAndTheNextOneSaysItAllAgain) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  set(ann, OwnPresence::away);
  set(bob, OwnPresence::online);
  watch(ann, {bob.enrollment.user});
  ASSERT_EQ(seen(ann, bob), PresenceState::online);
  world.disconnect(ann);
  EXPECT_EQ(seen(ann, bob), PresenceState::unknown);
  EXPECT_EQ(ann.events_of<event::PresenceChanged>().back().presence.state, PresenceState::unknown);
  EXPECT_FALSE(ann.engine->presence_answered());
  EXPECT_EQ(told(ann), wire::PresenceState::offline);
  world.connect(ann);
  world.settle();
  EXPECT_EQ(seen(ann, bob), PresenceState::online);
  EXPECT_EQ(told(ann), wire::PresenceState::away);
}

TEST_F(Presence, NothingOfItIsStored) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  set(ann, OwnPresence::online);
  watch(ann, {bob.enrollment.user});
  const auto commits = ann.engine->generation();
  set(bob, OwnPresence::online);
  set(ann, OwnPresence::away);
  EXPECT_EQ(ann.engine->generation(), commits);
  world.server.disconnect(ann.enrollment.device);
  ann.reopen();
  world.connect(ann);
  world.settle();
  EXPECT_EQ(told(ann), wire::PresenceState::offline);
  EXPECT_TRUE(ann.engine->presence().empty());
}

TEST_F(Presence, OfQuickChangesOnlyTheNewestIsSent) {
  auto& ann = join("ann");
  std::vector<UserId> shown;
  for (int i = 0; i < 10; ++i) {
    shown.push_back(world.add_user("user" + std::to_string(i)));
    ASSERT_TRUE(ann.engine->watch_presence(shown));
    ASSERT_TRUE(ann.engine->set_presence(i % 2 == 0 ? OwnPresence::online : OwnPresence::away));
  }
  world.settle();
  EXPECT_EQ(world.server.presence_requests.watch, 2U);
  EXPECT_EQ(world.server.presence_requests.set, 2U);
  EXPECT_EQ(world.server.watched_by(ann.enrollment.device).size(), shown.size());
  EXPECT_EQ(told(ann), wire::PresenceState::away);
  watch(ann, shown);  // the same again
  EXPECT_EQ(world.server.presence_requests.watch, 2U);
}

TEST_F(Presence, AnOrganisationWithoutPresenceIsNoFailureAndNotAskedAgain) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  world.server.presence_error = refusal(403);
  set(ann, OwnPresence::online);
  watch(ann, {bob.enrollment.user});
  set(ann, OwnPresence::away);
  watch(ann, {bob.enrollment.user, ann.enrollment.user});
  world.settle_over(600s);
  EXPECT_EQ(world.server.presence_requests.set, 1U);
  EXPECT_EQ(world.server.presence_requests.watch, 1U);
  EXPECT_EQ(ann.count<event::RequestFailed>(), 0U);
  EXPECT_EQ(ann.count<event::Disconnected>(), 0U);
  EXPECT_TRUE(ann.engine->presence_answered());
  EXPECT_EQ(seen(ann, bob), PresenceState::unknown);
  // Perhaps it has thought better of it by the next connection.
  world.server.presence_error.reset();
  world.disconnect(ann);
  world.connect(ann);
  world.settle();
  EXPECT_EQ(seen(ann, bob), PresenceState::offline);
  EXPECT_EQ(told(ann), wire::PresenceState::away);
}

TEST_F(Presence, WhatTheServerCannotDoNowIsAskedAgainLater) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  world.server.presence_error = refusal(503);
  set(ann, OwnPresence::online);
  watch(ann, {bob.enrollment.user});
  EXPECT_EQ(world.server.presence_requests.watch, 1U);
  world.server.presence_error.reset();
  world.settle_over(10s);
  EXPECT_EQ(told(ann), wire::PresenceState::online);
  EXPECT_EQ(seen(ann, bob), PresenceState::offline);
  EXPECT_EQ(ann.count<event::RequestFailed>(), 0U);
}

TEST_F(Presence, WhoMayNotTakeItBackIsHiddenByANewConnection) {
  auto& ann = join("ann");
  set(ann, OwnPresence::online);
  world.server.presence_error = refusal(403);
  set(ann, OwnPresence::hidden);
  EXPECT_EQ(told(ann), wire::PresenceState::offline);
  EXPECT_EQ(ann.count<event::Disconnected>(), 1U);
  world.settle_over(60s);
  EXPECT_EQ(ann.count<event::Disconnected>(), 1U);
  EXPECT_EQ(world.server.presence_requests.set, 2U);
}

TEST_F(Presence, NotMorePeopleAreWatchedThanTheServerTakes) {
  world.limits.max_watched = 3;
  auto& ann = join("ann");
  std::vector<UserId> users;
  for (int i = 0; i < 4; ++i) {
    users.push_back(world.add_user("user" + std::to_string(i)));
  }
  watch(ann, {users.begin(), users.begin() + 3});
  const auto refused = ann.engine->watch_presence(users);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error() == Errc::too_many_watched);
  EXPECT_EQ(ann.engine->presence().size(), 3U);
}

TEST_F(Presence, NothingElseWaitsForIt) {
  auto& ann = join("ann");
  ASSERT_TRUE(ann.engine->idle());
  const auto before = ann.count<event::CaughtUp>();
  ASSERT_TRUE(ann.engine->set_presence(OwnPresence::online));
  ASSERT_TRUE(ann.engine->watch_presence(std::vector{ann.enrollment.user}));
  EXPECT_TRUE(ann.engine->idle());
  world.settle();
  EXPECT_EQ(ann.count<event::CaughtUp>(), before);
}

}  // namespace
}  // namespace unhidra::client::testing
