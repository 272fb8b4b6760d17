// A device may die at any commit, before it took effect or right after: nothing is lost, nothing is
// shown twice, and no message key is used for two messages.

#include "world.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;
// The whole life: sign-up, messages both ways, a second device. Returns the commits of the phone.
std::size_t play(std::size_t victim, std::size_t fail_at, bool after) {
  World world(fail_at * 2 + (after ? 1 : 0) + 1000);
  const auto ann = world.add_user("ann");
  const auto bob = world.add_user("bob");
  world.add_phone(ann);
  world.add_phone(bob);
  auto& a = *world.phones[0];
  auto& b = *world.phones[1];
  auto& doomed = *world.phones[victim];
  doomed.store->commits = 0;
  doomed.store->fail_at = fail_at;
  doomed.store->after = after;
  const auto say = [&](Phone& from, UserId to, const std::string& text) {
    // A failed commit of the command itself: the user sees the error and writes again.
    for (bool sent = false; !sent;) {
      const auto before = from.crashes;
      const auto known = from.engine->account()->outbox_size;
      const auto result = from.engine->send_text(to, text);
      sent = result.has_value();
      if (!sent) {
        EXPECT_EQ(result.error(), Errc::store_failed);
        from.crashed = true;
        world.check_crash(from);
        EXPECT_EQ(from.crashes, before + 1);
        sent = from.engine->account()->outbox_size > known;  // it had been stored after all
      }
    }
  };
  world.connect(a);
  world.connect(b);
  world.settle();
  say(a, bob, "one");
  say(a, bob, "two");
  world.settle();
  say(b, ann, "three");
  world.settle();
  auto& tablet = world.add_phone(ann, "tablet");
  world.connect(tablet);
  world.settle();
  EXPECT_TRUE(a.engine->refresh_user(ann) || (a.crashed = true));
  world.settle();
  if (!a.engine->approve_device(tablet.enrollment.device)) {
    a.crashed = true;
    world.settle();
    static_cast<void>(a.engine->approve_device(tablet.enrollment.device));
  }
  world.settle_over(30s);
  say(a, bob, "four");
  world.settle();
  say(b, ann, "five");
  world.settle_over(120s);
  EXPECT_EQ(a.texts(bob), (Texts{"one", "two", "three", "four", "five"}));
  EXPECT_EQ(b.texts(ann), (Texts{"one", "two", "three", "four", "five"}));
  EXPECT_EQ(tablet.engine->account()->membership, Membership::approved);
  EXPECT_TRUE(tablet.engine->account()->has_account_key);
  EXPECT_EQ(tablet.texts(bob), (Texts{"four", "five"}));
  for (const auto& phone : world.phones) {
    EXPECT_EQ(phone->count<event::MessageUnreadable>(), 0U);
    EXPECT_EQ(phone->count<event::StateRolledBack>(), 0U);
    EXPECT_EQ(phone->count<event::OwnKeysReplaced>(), 0U);
    EXPECT_EQ(phone->engine->account()->outbox_size, 0U);
    EXPECT_LE(phone->crashes, 1U);
  }
  return doomed.store->commits;
}

class CrashTest : public ::testing::TestWithParam<std::size_t> {};

TEST_P(CrashTest, AtEveryCommitNothingIsLostAndNothingShownTwice) {
  const auto victim = GetParam();
  const auto commits = play(victim, 0, false);
  ASSERT_GT(commits, 10U);
  for (std::size_t at = 1; at <= commits; ++at) {
    for (const bool after : {false, true}) {
      SCOPED_TRACE("commit " + std::to_string(at) + (after ? " after" : " before"));
      play(victim, at, after);
      if (::testing::Test::HasFailure()) {
        return;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, CrashTest, ::testing::Values(0U, 1U));

class RollbackTest : public ::testing::Test {
 protected:
  World world{77};
  UserId ann = world.add_user("ann");
  UserId bob = world.add_user("bob");
  Phone& a = world.add_phone(ann);
  Phone& b = world.add_phone(bob);

  void SetUp() override {
    world.connect(a);
    world.connect(b);
    ASSERT_TRUE(a.engine->send_text(bob, "one"));
    world.settle();
    ASSERT_TRUE(b.engine->send_text(ann, "two"));
    world.settle();
  }
  // Ann's store as it is now; later given back to her.
  void save_backup() { copy_store(a.memory, backup); }
  void restore_backup() {
    world.disconnect(a);
    copy_store(backup, a.memory);
    a.reopen();
  }
  MemoryStore backup;
};

TEST_F(RollbackTest, ARestoredBackupIsNoticedByTheInboxAndTalksOn) {
  save_backup();
  ASSERT_TRUE(b.engine->send_text(ann, "three"));
  ASSERT_TRUE(a.engine->send_text(bob, "four"));
  world.settle();
  restore_backup();
  ASSERT_TRUE(a.engine->send_text(bob, "five"));
  world.connect(a);
  world.settle_over(30s);
  EXPECT_GE(a.count<event::StateRolledBack>(), 1U);
  EXPECT_EQ(b.texts(ann).back(), "five");
  EXPECT_EQ(b.count<event::MessageUnreadable>(), 0U);
  ASSERT_TRUE(b.engine->send_text(ann, "six"));
  world.settle();
  EXPECT_EQ(a.texts(bob).back(), "six");
}

TEST_F(RollbackTest, ARestoredBackupIsNoticedByTheLogWhenItHadOnlySent) {
  save_backup();
  ASSERT_TRUE(a.engine->send_text(bob, "three"));
  world.settle();
  restore_backup();
  ASSERT_TRUE(a.engine->send_text(bob, "four"));
  world.connect(a);
  world.settle_over(30s);
  EXPECT_EQ(a.count<event::StateRolledBack>(), 1U);
  EXPECT_EQ(b.texts(ann).back(), "four");
  EXPECT_EQ(b.count<event::MessageUnreadable>(), 0U);
}

TEST_F(RollbackTest, ARememberedGenerationTellsBeforeAnyConnection) {
  save_backup();
  ASSERT_TRUE(a.engine->send_text(bob, "three"));
  world.settle();
  const auto generation = a.engine->generation();
  restore_backup();
  auto opened = Engine::open({*a.store, world.crypto, world.random, world.clock}, {}, generation);
  ASSERT_TRUE(opened);
  bool told = false;
  for (const auto& event : opened->take_actions().events) {
    told = told || std::holds_alternative<event::StateRolledBack>(event);
  }
  EXPECT_TRUE(told);
  auto again = Engine::open({*a.store, world.crypto, world.random, world.clock}, {}, 0);
  EXPECT_TRUE(again->take_actions().events.empty());
}

TEST_F(RollbackTest, ARestoredBackupStillRefillsItsPrekeys) {
  save_backup();
  auto& keys = world.server.device(a.enrollment.device);
  const auto drain = [&] {
    keys.one_time.clear();
    world.disconnect(a);
    world.connect(a);
    world.settle_over(30s);
  };
  drain();
  EXPECT_EQ(keys.one_time.size(), 100U);
  restore_backup();
  drain();
  EXPECT_EQ(keys.one_time.size(), 100U) << "under ids that were never used";
}

TEST_F(RollbackTest, ADeadStoreRefusesEverythingUntilItIsOpenedAgain) {
  a.store->fail_at = a.store->commits + 1;
  EXPECT_EQ(a.engine->send_text(bob, "x").error(), Errc::store_failed);
  EXPECT_EQ(a.engine->tick().error(), Errc::store_failed);
  EXPECT_TRUE(a.engine->take_actions().frames.empty());
  a.reopen();
  EXPECT_TRUE(a.engine->send_text(bob, "x"));
}

}  // namespace
}  // namespace unhidra::client::testing
