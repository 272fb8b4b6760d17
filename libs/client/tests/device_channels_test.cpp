// Pairwise channels with devices, as a person's client keeps them: when keys and commands go over
// them, what is stored, and what a broker that lies cannot do.
#include "unhidra/identity/errc.h"

#include "channel_device.h"
#include "world.h"

namespace unhidra::client::testing {
namespace {

using identity::GroupRole;

class DeviceChannelsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    world.connect(a);
    world.settle();
    own = a.engine->own_device_keys().value();
    group = a.engine->create_device_group("kitchen", {"devices/#"}).value();
    ASSERT_TRUE(rotate());
  }
  Status rotate() {
    return a.engine->set_device_group_members(group, {{lamp.keys(), GroupRole::device}});
  }
  MemberDelivery delivery() {
    auto all = a.engine->device_group_deliveries(group).value();
    EXPECT_EQ(all.size(), 1U);
    return all.front();
  }
  Result<bool> take(ByteView prekeys) {
    return a.engine->take_device_prekeys(lamp.device_id, prekeys);
  }
  void begin() {
    const auto begun = take(lamp.publish());
    ASSERT_TRUE(begun) << begun.error().message();
    EXPECT_TRUE(*begun);
  }
  void meet() {
    begin();
    ASSERT_TRUE(lamp.open(own, delivery().bytes));
    ASSERT_TRUE(answer({1, 0}));
  }
  Result<e2ee::ChannelAnswer> answer(const e2ee::ChannelReceipt& receipt) {
    return a.engine->open_from_device(lamp.device_id, lamp.receipt(own.device_id, receipt));
  }
  Result<Bytes> command() {
    return a.engine->seal_for_device(lamp.device_id,
                                     {.sent_at = world.clock.now(),
                                      .not_after = world.clock.now() + std::chrono::seconds(10),
                                      .request_id = e2ee::RequestId{7},
                                      .challenge = {},
                                      .body = to_bytes(as_bytes("on"))});
  }
  bool lamp_hears(const Result<Bytes>& payload) {
    return payload && lamp.open(own, *payload).has_value();
  }

  World world;
  UserId ann = world.add_user("ann");
  Phone& a = world.add_phone(ann);
  e2ee::ChannelDevice lamp{DeviceId::make(world.clock, world.random), world.random};
  identity::DeviceKeys own;
  DeviceGroupId group;
};

TEST_F(DeviceChannelsTest, KeysGoSealedUntilTheDeviceHasPublishedPrekeysAndByItsChannelThen) {
  const auto sealed = delivery();
  EXPECT_FALSE(sealed.by_channel);
  EXPECT_EQ(sealed.topic, delivery_topic(lamp.device_id, group));
  EXPECT_FALSE(a.engine->has_device_channel(lamp.device_id).value());
  EXPECT_EQ(command().error(), Errc::not_found);
  begin();
  EXPECT_TRUE(a.engine->has_device_channel(lamp.device_id).value());
  const auto secret = delivery();
  EXPECT_TRUE(secret.by_channel);
  EXPECT_EQ(secret.topic, channel_topic(lamp.device_id, own.device_id));
  ASSERT_TRUE(lamp.open(own, secret.bytes));
  const auto receipt = answer({1, 0});
  ASSERT_TRUE(receipt) << receipt.error().message();
  EXPECT_EQ(std::get<e2ee::ChannelReceipt>(*receipt), (e2ee::ChannelReceipt{1, 0}));
  EXPECT_TRUE(lamp_hears(command()));
}

TEST_F(DeviceChannelsTest, WhatIsStoredGoesOnAndAFailedCommitGivesNothingOut) {
  meet();
  std::set<Bytes> seen;
  for (int i = 0; i < 4; ++i) {
    a.reopen();
    const auto payload = command();
    ASSERT_TRUE(payload);
    EXPECT_TRUE(seen.insert(Bytes(payload->begin(), payload->begin() + 17 + 35)).second)
        << "a key has served twice";
    EXPECT_TRUE(lamp_hears(payload));
  }
  const auto receipt = lamp.receipt(own.device_id, {1, 0});
  ASSERT_TRUE(a.engine->open_from_device(lamp.device_id, receipt));
  a.reopen();
  EXPECT_EQ(a.engine->open_from_device(lamp.device_id, receipt).error(), e2ee::Errc::duplicate);
  a.store->fail_at = a.store->commits + 1;
  EXPECT_EQ(command().error(), Errc::store_failed);
  a.reopen();
  EXPECT_TRUE(lamp_hears(command()));
}

// The broker withholds the prekeys, and a session that was never answered is too old to be sent on:
// the way of before would be open.
TEST_F(DeviceChannelsTest, NothingGoesSealedAnyMoreOnceASessionWasBegun) {
  begin();
  EXPECT_FALSE(delivery().bytes.empty());
  world.clock.advance(std::chrono::hours(24 * 31));
  ASSERT_TRUE(rotate());
  const auto withheld = delivery();
  EXPECT_TRUE(withheld.by_channel);
  EXPECT_TRUE(withheld.bytes.empty());
  EXPECT_EQ(command().error(), e2ee::Errc::no_session);
  EXPECT_TRUE(take(lamp.publish()).value());
  EXPECT_TRUE(lamp.open(own, delivery().bytes));
}

// A backup: what the later copy has sent is not sent with the same keys again.
TEST_F(DeviceChannelsTest, ARestoredCopySendsNothingOnSessionsThatALaterOneMayHaveUsed) {
  meet();
  MemoryStore backup;
  copy_store(a.memory, backup);
  ASSERT_TRUE(lamp_hears(command()));
  const auto generation = a.engine->generation();
  a.engine.reset();
  copy_store(backup, a.memory);
  auto opened = Engine::open({*a.store, world.crypto, world.random, world.clock}, {}, generation);
  ASSERT_TRUE(opened);
  a.engine.emplace(std::move(*opened));
  EXPECT_EQ(command().error(), e2ee::Errc::no_session);
  EXPECT_TRUE(delivery().bytes.empty());
  EXPECT_TRUE(take(lamp.publish()).value());
  EXPECT_TRUE(lamp.open(own, delivery().bytes));
}

TEST_F(DeviceChannelsTest, ForgedAndOlderPrekeysAreRefused) {
  const auto first = lamp.publish();
  e2ee::ChannelDevice impostor(lamp.device_id, world.random);
  EXPECT_EQ(take(impostor.publish()).error(), identity::Errc::device_changed);
  meet();
  EXPECT_FALSE(take(lamp.publish()).value());
  EXPECT_EQ(take(first).error(), e2ee::Errc::stale);
  a.reopen();
  EXPECT_EQ(take(first).error(), e2ee::Errc::stale);
  e2ee::ChannelDevice stranger(DeviceId::make(world.clock, world.random), world.random);
  EXPECT_EQ(a.engine->take_device_prekeys(stranger.device_id, stranger.publish()).error(),
            Errc::not_in_group);
}

TEST_F(DeviceChannelsTest, ADeviceThatWasCommissionedAnewIsToldThePresentEpochAgain) {
  meet();
  lamp.restart();
  EXPECT_FALSE(lamp_hears(command()));
  EXPECT_TRUE(take(lamp.publish()).value());
  ASSERT_TRUE(lamp.open(own, delivery().bytes));
  EXPECT_TRUE(answer({1, 0}));
  EXPECT_FALSE(take(lamp.publish()).value());
}

TEST_F(DeviceChannelsTest, ADeviceWithOtherKeysIsAnotherDevice) {
  meet();
  e2ee::ChannelDevice replaced(lamp.device_id, world.random);
  ASSERT_TRUE(a.engine->set_device_group_members(group, {}));
  ASSERT_TRUE(a.engine->set_device_group_members(group, {{replaced.keys(), GroupRole::device}}));
  EXPECT_FALSE(delivery().by_channel) << "nothing was ever said to these keys";
  EXPECT_TRUE(a.engine->take_device_prekeys(lamp.device_id, replaced.publish()).value());
  EXPECT_TRUE(replaced.open(own, delivery().bytes));
}

}  // namespace
}  // namespace unhidra::client::testing
