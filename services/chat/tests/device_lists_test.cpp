#include "unhidra/chat/errc.h"

#include "chat_fixture.h"

namespace unhidra::chat {
namespace {

using storage::Transaction;

class DeviceLists : public ChatTest {};

TEST_P(DeviceLists, AFirstListAndItsSuccessorAreStored) {
  const auto org = make_org("acme");
  const auto user = make_user(org, "alice");
  const auto laptop = ready_device(org, user);
  const auto phone = ready_device(org, user);
  ASSERT_TRUE(approve(user, {&laptop}));
  const auto pending = read([&](Transaction& tx) { return pending_devices(tx, laptop.asker); });
  ASSERT_EQ(pending->devices.size(), 1U);
  EXPECT_EQ(pending->devices[0].device_id, phone.asker.device_id);
  ASSERT_TRUE(approve(user, {&laptop, &phone}));
  EXPECT_TRUE(
      read([&](Transaction& tx) { return pending_devices(tx, laptop.asker); })->devices.empty());

  const auto lists =
      read([&](Transaction& tx) { return fetch_device_lists(tx, phone.asker, {{user}}); });
  ASSERT_EQ(lists->lists.size(), 1U);
  EXPECT_EQ(lists->lists[0].document, identity::encode(lists_.at(user)));
}

TEST_P(DeviceLists, ARepeatedOrSkippedVersionIsStale) {
  const auto org = make_org("acme");
  const auto user = make_user(org, "alice");
  const auto laptop = ready_device(org, user);
  ASSERT_TRUE(approve(user, {&laptop}));
  const auto first = lists_.at(user);
  lists_.erase(user);
  const auto again = approve(user, {&laptop});
  ASSERT_FALSE(again);
  EXPECT_TRUE(again.error() == Errc::stale_device_list);
  auto far = first;
  far.version = 7;
  lists_.insert_or_assign(user, far);
  EXPECT_FALSE(approve(user, {&laptop}));
}

TEST_P(DeviceLists, AForeignOrUnknownDeviceIsRefused) {
  const auto org = make_org("acme");
  const auto alice = make_user(org, "alice");
  const auto laptop = ready_device(org, alice);
  const auto foreign = ready_device(org, make_user(org, "bob"));
  auto status = approve(alice, {&laptop, &foreign});
  ASSERT_FALSE(status);
  EXPECT_TRUE(status.error() == Errc::bad_device_list);
  const auto without_keys = make_device(org, alice);
  EXPECT_FALSE(approve(alice, {&laptop, &without_keys}));
  auto other_keys = ready_device(org, alice);
  other_keys.identity = crypto::X25519KeyPair::generate(provider_, random_);
  EXPECT_FALSE(approve(alice, {&laptop, &other_keys}));
}

TEST_P(DeviceLists, ANewAccountKeyNeedsEveryOldDeviceRevoked) {
  const auto org = make_org("acme");
  const auto user = make_user(org, "alice");
  const auto lost = ready_device(org, user);
  ASSERT_TRUE(approve(user, {&lost}));
  const auto fresh = ready_device(org, user);
  account_keys_.insert_or_assign(user, crypto::Ed25519KeyPair::generate(provider_, random_));
  lists_.erase(user);
  EXPECT_FALSE(approve(user, {&fresh}));
  revoke(lost);
  EXPECT_TRUE(approve(user, {&fresh}));
}

TEST_P(DeviceLists, AListSignedForAnotherUserIsRefused) {
  const auto org = make_org("acme");
  const auto alice = make_user(org, "alice");
  const auto laptop = ready_device(org, alice);
  ASSERT_TRUE(approve(alice, {&laptop}));
  const auto bob = ready_device(org, make_user(org, "bob"));
  const auto stolen = open_own_list(provider_, bob.asker, identity::encode(lists_.at(alice)));
  ASSERT_FALSE(stolen);
  EXPECT_TRUE(stolen.error() == Errc::bad_device_list);
}

TEST_P(DeviceLists, UsersOfOtherOrganisationsDoNotExist) {
  const auto acme = make_org("acme");
  const auto other = make_org("other");
  const auto alice = make_user(acme, "alice");
  const auto laptop = ready_device(acme, alice);
  ASSERT_TRUE(approve(alice, {&laptop}));
  const auto mallory = ready_device(other, make_user(other, "mallory"));
  EXPECT_TRUE(read([&](Transaction& tx) {
                return fetch_device_lists(tx, mallory.asker, {{alice}});
              })->lists.empty());
  EXPECT_FALSE(read(
      [&](Transaction& tx) { return look_up_user(tx, mallory.asker, {std::string("alice")}); }));
  EXPECT_FALSE(read([&](Transaction& tx) { return look_up_user(tx, mallory.asker, {alice}); }));
  EXPECT_TRUE(read(
      [&](Transaction& tx) { return look_up_user(tx, laptop.asker, {std::string("ALICE")}); }));
}

TEST_P(DeviceLists, TheListThatNamedADeviceWhichIsGoneIsStillThere) {
  const auto acme = make_org("acme");
  const auto alice = make_user(acme, "alice");
  const auto laptop = ready_device(acme, alice);
  const auto phone = ready_device(acme, alice);
  ASSERT_TRUE(approve(alice, {&laptop, &phone}));
  const auto earlier = [&](const TestDevice& device) {
    return read([&](Transaction& tx) {
             return fetch_device_lists(tx, laptop.asker, {{alice}, device.asker.device_id});
           })
        ->lists.front()
        .earlier_document;
  };
  EXPECT_TRUE(earlier(phone).empty());
  const auto with_both = identity::encode(lists_.at(alice));
  ASSERT_TRUE(approve(alice, {&laptop}));
  ASSERT_TRUE(approve(alice, {&laptop}));
  EXPECT_EQ(earlier(phone), with_both);
  EXPECT_TRUE(earlier(laptop).empty());
}

INSTANTIATE_TEST_SUITE_P(Databases, DeviceLists, testing::Values("sqlite", "postgres"),
                         [](const auto& database) { return database.param; });

}  // namespace
}  // namespace unhidra::chat
