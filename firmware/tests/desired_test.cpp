// What is wanted of a device, as a server keeps it that may bring back what it likes.
#include "agent_world.h"

namespace unhidra::firmware {
namespace {

TEST_F(Agent, TakesWhatAControllerWantsOnce) {
  allow_wishes();
  const auto wish = wished("{\"target\":21}", kNow);
  ASSERT_EQ(desire(wish), UH_OK);
  EXPECT_TRUE(desired_.is_new);
  EXPECT_EQ(std::string(desired_.document, desired_.size), "{\"target\":21}");
  EXPECT_EQ(desired_.sent_at, millis(kNow));
  ASSERT_EQ(desire(wish), UH_OK);
  EXPECT_FALSE(desired_.is_new);
  power_cut();
  ASSERT_EQ(desire(wish), UH_OK);
  EXPECT_FALSE(desired_.is_new);
  ASSERT_EQ(desire(wished("{}", kNow + 1s)), UH_OK);
  EXPECT_TRUE(desired_.is_new);
}

TEST_F(Agent, AnOlderWishThatAServerBringsBackIsRefused) {
  allow_wishes();
  const auto old = wished("{\"target\":30}", kNow);
  const auto twin = wished("{\"target\":29}", kNow + 1s);
  const auto present = wished("{\"target\":21}", kNow + 1s);
  ASSERT_EQ(desire(old), UH_OK);
  ASSERT_EQ(desire(present), UH_OK);
  EXPECT_EQ(desire(old), UH_STALE);
  EXPECT_EQ(desire(twin), UH_STALE);
  power_cut();
  EXPECT_EQ(desire(old), UH_STALE);
  ASSERT_EQ(desire(present), UH_OK);
  EXPECT_FALSE(desired_.is_new);
}

TEST_F(Agent, AnOlderWishOfAnotherControllerIsRefusedToo) {
  allow_wishes(0);
  auto hub_keys = member_keys(hub_);
  const auto old = sealed_wish(hub_keys, hub_, "{\"target\":30}", kNow);
  const auto unseen = sealed_wish(hub_keys, hub_, "{\"target\":31}", kNow + 1s);
  ASSERT_EQ(desire(old), UH_OK);
  ASSERT_EQ(desire(wished("{\"target\":21}", kNow + 2s)), UH_OK);
  EXPECT_EQ(desire(old), UH_STALE);
  EXPECT_EQ(desire(unseen), UH_STALE);
}

TEST_F(Agent, WishesOfTheEpochBeforeAreNoNewerForIt) {
  allow_wishes();
  const auto old = wished("{\"target\":30}", kNow);
  const auto present = wished("{\"target\":21}", kNow + 1s);
  ASSERT_EQ(desire(present), UH_OK);
  ASSERT_EQ(adopt(delivery(next_roster(), 9)), UH_OK);
  EXPECT_EQ(desire(old), UH_STALE);
  ASSERT_EQ(desire(present), UH_OK);
  EXPECT_FALSE(desired_.is_new);
}

TEST_F(Agent, WishesAreTheOwnersPolicysBusiness) {
  const auto wish = wished("{}", kNow);
  EXPECT_EQ(desire(wish), UH_DENIED);  // no rule names it
  allow_wishes();
  auto hub_keys = member_keys(hub_);
  EXPECT_EQ(desire(sealed_wish(hub_keys, hub_, "{}", kNow)), UH_DENIED);
  ASSERT_EQ(desire(wish), UH_OK);
  ASSERT_EQ(set_policy(3, {{.role = UH_CONTROLLER,
                            .sender = {},
                            .flags = UH_RULE_CHALLENGE,
                            .command = UH_DESIRED_COMMAND}}),
            UH_OK);
  EXPECT_EQ(desire(wished("{}", kNow + 1s)), UH_DENIED);  // there is nobody to ask back
}

TEST_F(Agent, OnlyAWishIsAWish) {
  allow_wishes();
  EXPECT_EQ(desire(command("set 1")), UH_STALE);  // not sealed to be kept
  auto moved = wished("{}", kNow);
  EXPECT_EQ(uh_agent_desired(&agent_, kCommands, std::strlen(kCommands), moved.data(), moved.size(),
                             uptime_, &desired_),
            UH_UNDECRYPTABLE);
  auto changed = wished("{}", kNow);
  changed[changed.size() / 2] ^= 1;
  EXPECT_EQ(desire(changed), UH_UNDECRYPTABLE);
}

TEST_F(Agent, AWishThatFlashDidNotTakeComesAgainAsNew) {
  allow_wishes();
  const auto wish = wished("{}", kNow);
  flash_.cut_after(100);
  EXPECT_EQ(desire(wish), UH_STORAGE);
  power_cut();
  ASSERT_EQ(desire(wish), UH_OK);
  EXPECT_TRUE(desired_.is_new);
}

}  // namespace
}  // namespace unhidra::firmware
