// Whoever has lost all devices comes back with the account key in writing, as the same person.

#include "chat_case.h"
#include "recovery_code.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;

std::string text_of(const SecretBytes& code) {
  return std::string(as_text(code.expose()));
}

TEST(RecoveryCode, IsReadAsItWasWritten) {
  const auto& crypto = crypto::native_provider();
  testkit::SeededRandom random(7);
  for (int i = 0; i < 200; ++i) {
    SecretArray<32> key;
    random.fill(key.expose_mutable());
    auto code = text_of(recovery_code_of(crypto, key));
    EXPECT_EQ(code.size(), 69U);
    EXPECT_EQ(read_recovery_code(crypto, code), key);
    std::ranges::replace(code, '-', ' ');
    std::ranges::replace(code, '0', 'o');
    std::ranges::replace(code, '1', 'l');
    EXPECT_EQ(read_recovery_code(crypto, " " + code + "\n"), key);
  }
}

TEST(RecoveryCode, HasOneFormat) {
  SecretArray<32> key;
  for (std::size_t i = 0; i < 32; ++i) {
    key.expose_mutable()[i] = static_cast<std::uint8_t>(i);
  }
  EXPECT_EQ(text_of(recovery_code_of(crypto::native_provider(), key)),
            "000G-40R4-0M30-E209-185G-R38E-1W81-24GK-2GAH-C5RR-34D1-P70X-3RFJ-W7WY");
}

TEST(RecoveryCode, OneWrongCharacterIsNoticed) {
  const auto& crypto = crypto::native_provider();
  const auto code = text_of(recovery_code_of(crypto, SecretArray<32>()));
  int unnoticed = 0;
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (code[i] == '-') {
      continue;
    }
    for (const char c : std::string_view("0123456789ABCDEFGHJKMNPQRSTVWXYZ")) {
      auto wrong = code;
      wrong[i] = c;
      unnoticed += c != code[i] && read_recovery_code(crypto, wrong) ? 1 : 0;
    }
    auto wrong = code;
    wrong[i] = 'U';
    EXPECT_FALSE(read_recovery_code(crypto, wrong));
    wrong.erase(i, 1);
    EXPECT_FALSE(read_recovery_code(crypto, wrong));
  }
  EXPECT_EQ(unnoticed, 0);
  EXPECT_FALSE(read_recovery_code(crypto, code + "0"));
  EXPECT_FALSE(read_recovery_code(crypto, ""));
}

class Recovery : public ChatCase {
 protected:
  // A device that waits, of somebody whose first one is gone.
  Phone& newcomer(Phone& lost) {
    auto& phone = world.add_phone(lost.enrollment.user, "new");
    world.disconnect(lost);
    world.connect(phone);
    world.settle();
    EXPECT_EQ(phone.engine->account()->membership, Membership::pending);
    return phone;
  }
};

TEST_F(Recovery, ADeviceSignsItselfOntoTheList) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto pair = pair_of(ann, bob);
  const auto group = group_of(ann, {&bob});
  ASSERT_TRUE(bob.engine->set_verified(ann.enrollment.user, true));
  const auto code = text_of(ann.engine->recovery_code().value());
  auto& fresh = newcomer(ann);
  EXPECT_EQ(fresh.engine->recovery_code().error(), Errc::no_account_key);
  ASSERT_TRUE(fresh.engine->recover(code));
  world.settle_over(60s);
  EXPECT_EQ(fresh.engine->account()->membership, Membership::approved);
  EXPECT_EQ(text_of(fresh.engine->recovery_code().value()), code);
  EXPECT_EQ(fresh.count<event::AccountKeyReceived>(), 1U);
  // To the others it is a further device of the same person.
  EXPECT_EQ(bob.engine->user(ann.enrollment.user).value()->trust, Trust::verified);
  for (const auto where : {pair, group}) {
    const auto ref = say(bob, where, {.text = "welcome back"});
    world.settle_over(60s);
    EXPECT_EQ(seen_by(fresh, where, ref).text, "welcome back");
    const auto answer = say(fresh, where, {.text = "thanks"});
    world.settle_over(60s);
    EXPECT_EQ(seen_by(bob, where, answer).text, "thanks");
  }
  // And removes the one that was lost.
  ASSERT_TRUE(fresh.engine->remove_device(ann.enrollment.device));
  world.settle_over(60s);
  world.connect(ann);
  world.settle_over(60s);
  EXPECT_EQ(ann.engine->account()->membership, Membership::removed);
}

TEST_F(Recovery, WhatIsNoCodeOfThisAccountDoesNothing) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto code = text_of(ann.engine->recovery_code().value());
  const auto other = text_of(bob.engine->recovery_code().value());
  EXPECT_NE(code, other);
  auto& fresh = newcomer(ann);
  EXPECT_EQ(fresh.engine->recover(other).error(), Errc::wrong_code);
  auto mistyped = code;
  mistyped.back() = mistyped.back() == '7' ? '8' : '7';
  EXPECT_EQ(fresh.engine->recover(mistyped).error(), Errc::mistyped_code);
  EXPECT_EQ(fresh.engine->recover("").error(), Errc::mistyped_code);
  world.settle_over(60s);
  EXPECT_EQ(fresh.engine->account()->membership, Membership::pending);
  EXPECT_FALSE(fresh.engine->account()->has_account_key);
}

TEST_F(Recovery, GoesOnAfterABreak) {
  auto& ann = join("ann");
  const auto code = text_of(ann.engine->recovery_code().value());
  auto& fresh = newcomer(ann);
  world.disconnect(fresh);
  ASSERT_TRUE(fresh.engine->recover(code));
  fresh.reopen();
  world.connect(fresh);
  world.settle_over(60s);
  EXPECT_EQ(fresh.engine->account()->membership, Membership::approved);
  EXPECT_TRUE(fresh.engine->account()->has_account_key);
}

TEST_F(Recovery, WithoutTheCodeItIsAnotherIdentity) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto pair = pair_of(ann, bob);
  ASSERT_TRUE(bob.engine->set_verified(ann.enrollment.user, true));
  const auto code = text_of(ann.engine->recovery_code().value());
  auto& fresh = newcomer(ann);
  EXPECT_EQ(fresh.engine->begin_anew().error(), Errc::not_approved) << "a device is left";
  EXPECT_EQ(ann.engine->begin_anew().error(), Errc::not_approved);
  world.server.revoke_device(ann.enrollment.device);
  ASSERT_TRUE(fresh.engine->refresh_user(ann.enrollment.user));
  world.settle();
  ASSERT_TRUE(fresh.engine->begin_anew());
  world.settle_over(60s);
  EXPECT_EQ(fresh.engine->account()->membership, Membership::approved);
  EXPECT_NE(text_of(fresh.engine->recovery_code().value()), code);
  EXPECT_EQ(fresh.engine->recover(code).error(), Errc::wrong_code);
  EXPECT_EQ(bob.engine->user(ann.enrollment.user).value()->trust, Trust::changed);
  ASSERT_TRUE(bob.engine->accept_identity(ann.enrollment.user));
  world.settle_over(60s);
  const auto ref = say(bob, pair, {.text = "is that you?"});
  world.settle_over(60s);
  EXPECT_EQ(seen_by(fresh, pair, ref).text, "is that you?");
}

// The new device cannot know that a newer list exists; everybody who has seen it does.
TEST_F(Recovery, OnAnOldListThatTheServerGaveOutNobodyElseGoesOn) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto pair = pair_of(ann, bob);
  const auto code = text_of(ann.engine->recovery_code().value());
  auto& stolen = world.add_phone(ann.enrollment.user, "stolen");
  world.connect(stolen);
  world.settle();
  world.approve(ann, stolen);
  ASSERT_TRUE(ann.engine->remove_device(stolen.enrollment.device));
  world.settle_over(60s);
  say(bob, pair, {.text = "without the stolen one"});
  auto& of_ann = world.server.user(ann.enrollment.user);
  const auto newest = of_ann.list;
  const auto old = of_ann.older_lists.back();

  // Honest but for what it says to the newcomer: it refuses what comes of that.
  world.server.lied_about = ann.enrollment.user;
  world.server.list_lie = old;
  auto& fresh = newcomer(ann);
  ASSERT_TRUE(fresh.engine->recover(code));
  world.settle_over(20s);
  EXPECT_EQ(of_ann.list, newest);
  EXPECT_NE(fresh.engine->account()->membership, Membership::approved);
  // Hostile: it takes it, and gives it to everybody.
  of_ann.list = old;
  ASSERT_TRUE(fresh.engine->recover(code));
  world.settle_over(60s);
  EXPECT_NE(of_ann.list, old) << "the newcomer has signed itself onto the old list";
  world.server.list_lie.reset();
  world.server.user(ann.enrollment.user).members.insert(stolen.enrollment.device);
  ASSERT_TRUE(bob.engine->refresh_user(ann.enrollment.user));
  world.settle_over(60s);
  const auto refused = bob.events_of<event::DeviceListRefused>();
  ASSERT_FALSE(refused.empty());
  EXPECT_EQ(refused.back().user, ann.enrollment.user);
  ASSERT_TRUE(bob.engine->send(pair, {.text = "not for the stolen one"}));
  world.connect(stolen);
  world.settle_over(60s);
  EXPECT_EQ(std::ranges::count(stolen.texts(bob.enrollment.user), "not for the stolen one"), 0);
}

TEST_F(Recovery, ADeviceThatWasRemovedIsNotBroughtBack) {
  auto& ann = join("ann");
  const auto code = text_of(ann.engine->recovery_code().value());
  auto& tablet = world.add_phone(ann.enrollment.user, "tablet");
  world.connect(tablet);
  world.settle();
  world.approve(ann, tablet);
  ASSERT_TRUE(ann.engine->remove_device(tablet.enrollment.device));
  world.settle_over(60s);
  EXPECT_EQ(tablet.engine->recover(code).error(), Errc::not_approved);
}

}  // namespace
}  // namespace unhidra::client::testing
