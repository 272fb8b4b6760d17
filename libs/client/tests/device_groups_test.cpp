// A person's devices as controllers and hubs of device groups; the devices are libs/e2ee alone.
#include "unhidra/client/device_groups.h"

#include "world.h"

namespace unhidra::client::testing {
namespace {

using identity::GroupRole;
using identity::PayloadKind;

// An IoT device: keys that never leave it, and the group's.
struct Lamp {
  Lamp(World& its_world)
      : world(its_world),
        id(DeviceId::make(world.clock, world.random)),
        agreement(crypto::X25519KeyPair::generate(world.crypto, world.random)),
        signing(crypto::Ed25519KeyPair::generate(world.crypto, world.random)) {}

  identity::GroupMember member(GroupRole role = GroupRole::device) const {
    return {{id, agreement.public_key(), signing.public_key()}, role};
  }
  Status take(const crypto::Ed25519PublicKey& owner, ByteView delivery) {
    UNHIDRA_TRY(auto opened, e2ee::open_epoch(world.crypto, delivery, id, agreement));
    if (keys) {
      return keys->advance(world.crypto, std::move(opened.roster), std::move(opened.secret));
    }
    UNHIDRA_TRY(auto joined,
                e2ee::DeviceGroupKeys::join(world.crypto, owner, std::move(opened.roster),
                                            std::move(opened.secret), id));
    keys.emplace(std::move(joined));
    return {};
  }
  Result<e2ee::OpenedPayload> open(ByteView payload) {
    return keys->open(world.crypto, command_topic(id), payload, false);
  }
  Bytes answer(const e2ee::RequestId& request, std::string_view text) {
    EXPECT_TRUE(keys->reserve_counters());
    return keys
        ->seal(
            world.crypto, signing, result_topic(id), PayloadKind::result, false,
            {.sent_at = world.clock.now(), .request_id = request, .body = to_bytes(as_bytes(text))})
        .value();
  }

  World& world;
  DeviceId id;
  crypto::X25519KeyPair agreement;
  crypto::Ed25519KeyPair signing;
  std::optional<e2ee::DeviceGroupKeys> keys;
};

class DeviceGroupsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    world.connect(a);
    world.settle();
    owner = a.engine->device_owner_key().value();
    group = a.engine->create_device_group("kitchen", {"devices/#"}).value();
  }
  void deliver(Phone& from, std::vector<Lamp*> to) {
    const auto deliveries = from.engine->device_group_deliveries(group).value();
    for (auto* device : to) {
      const auto found = std::ranges::find(deliveries, device->id, &MemberDelivery::member);
      ASSERT_NE(found, deliveries.end());
      const auto taken = device->take(owner, found->bytes);
      ASSERT_TRUE(taken) << taken.error().message();
    }
  }
  Result<Bytes> command(Phone& from, const Lamp& to, std::string_view text) {
    return from.engine->seal_for_devices(group, command_topic(to.id), PayloadKind::command, false,
                                         {.sent_at = world.clock.now(),
                                          .not_after = world.clock.now() + std::chrono::seconds(10),
                                          .request_id = e2ee::RequestId{7},
                                          .body = to_bytes(as_bytes(text))});
  }

  World world;
  UserId ann = world.add_user("ann");
  Phone& a = world.add_phone(ann);
  Lamp lamp{world};
  Lamp lock{world};
  crypto::Ed25519PublicKey owner;
  DeviceGroupId group;
};

TEST_F(DeviceGroupsTest, CommandsGoAndResultsComeBack) {
  ASSERT_TRUE(a.engine->set_device_group_members(group, {lamp.member(), lock.member()}));
  deliver(a, {&lamp, &lock});
  const auto payload = command(a, lamp, "on").value();
  const auto opened = lamp.open(payload);
  ASSERT_TRUE(opened) << opened.error().message();
  EXPECT_EQ(as_text(opened->content.body), "on");
  EXPECT_EQ(opened->sender.keys, a.engine->own_device_keys().value());
  const auto result = lamp.answer(*opened->content.request_id, "done");
  const auto heard = a.engine->open_from_devices(result_topic(lamp.id), result, false);
  ASSERT_TRUE(heard) << heard.error().message();
  EXPECT_EQ(heard->group, group);
  EXPECT_EQ(heard->opened.sender.keys.device_id, lamp.id);
  EXPECT_EQ(as_text(heard->opened.content.body), "done");
  EXPECT_EQ(a.engine->open_from_devices(result_topic(lamp.id), result, false).error(),
            e2ee::Errc::duplicate);
}

TEST_F(DeviceGroupsTest, NoCounterIsUsedTwiceAndNothingOpensTwiceAfterACrash) {
  ASSERT_TRUE(a.engine->set_device_group_members(group, {lamp.member()}));
  deliver(a, {&lamp});
  std::set<std::uint32_t> seen;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 3; ++i) {
      const auto opened = lamp.open(command(a, lamp, "on").value());
      ASSERT_TRUE(opened) << opened.error().message();
      EXPECT_TRUE(seen.insert(opened->header.counter).second);
    }
    a.reopen();
  }
  const auto result = lamp.answer(e2ee::RequestId{7}, "done");
  ASSERT_TRUE(a.engine->open_from_devices(result_topic(lamp.id), result, false));
  a.reopen();
  EXPECT_EQ(a.engine->open_from_devices(result_topic(lamp.id), result, false).error(),
            e2ee::Errc::duplicate);
  // A commit that fails gives no payload out.
  a.store->fail_at = a.store->commits + 1;
  EXPECT_EQ(command(a, lamp, "on").error(), Errc::store_failed);
}

// The keys of what a member seals are gone at once, its memory of it is not.
TEST_F(DeviceGroupsTest, ShowsTheStateThatItHasSealedItself) {
  ASSERT_TRUE(a.engine->set_device_group_members(group, {lamp.member()}));
  const auto topic = desired_twin_topic(lamp.id);
  const auto want = [&](std::string_view text) {
    return a.engine
        ->seal_for_devices(group, topic, PayloadKind::state, true,
                           {.sent_at = world.clock.now(), .body = to_bytes(as_bytes(text))})
        .value();
  };
  const auto first = want("{\"brightness\":10}");
  const auto second = want("{\"brightness\":20}");
  // Two epochs later nobody else opens it.
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(a.engine->set_device_group_members(group, {lamp.member()}));
  }
  a.reopen();
  world.connect(a);
  world.settle();
  const auto shown = a.engine->open_from_devices(topic, second, true);
  ASSERT_TRUE(shown) << shown.error().message();
  EXPECT_EQ(as_text(shown->opened.content.body), "{\"brightness\":20}");
  EXPECT_EQ(shown->opened.sender.role, GroupRole::controller);
  EXPECT_EQ(shown->group, group);
  EXPECT_FALSE(a.engine->open_from_devices(topic, first, true));
  EXPECT_FALSE(a.engine->open_from_devices(desired_twin_topic(lock.id), second, true));
  auto changed = second;
  changed.back() ^= 1;
  EXPECT_FALSE(a.engine->open_from_devices(topic, changed, true));
}

TEST_F(DeviceGroupsTest, WhoIsLeftOutReadsNothingMore) {
  ASSERT_TRUE(a.engine->set_device_group_members(group, {lamp.member(), lock.member()}));
  deliver(a, {&lamp, &lock});
  ASSERT_TRUE(a.engine->set_device_group_members(group, {lamp.member()}));
  const auto deliveries = a.engine->device_group_deliveries(group).value();
  EXPECT_EQ(deliveries.size(), 1U);
  EXPECT_FALSE(lock.take(owner, deliveries[0].bytes));
  deliver(a, {&lamp});
  const auto payload = command(a, lamp, "on").value();
  EXPECT_TRUE(lamp.open(payload));
  EXPECT_FALSE(lock.keys->open(world.crypto, command_topic(lamp.id), payload, false));
  const auto view = a.engine->device_groups().value();
  ASSERT_EQ(view.size(), 1U);
  EXPECT_EQ(view[0].name, "kitchen");
  EXPECT_EQ(view[0].roster.epoch, 3U);
  EXPECT_TRUE(view[0].controller);
}

TEST_F(DeviceGroupsTest, AHubOfTheAccountIsAListedMember) {
  auto& hub = world.add_phone(ann, "hub");
  world.connect(hub);
  world.settle();
  world.approve(a, hub);
  const auto keys = hub.engine->own_device_keys().value();
  ASSERT_TRUE(a.engine->set_device_group_members(group, {lamp.member(), {keys, GroupRole::hub}}));
  deliver(a, {&lamp});
  const auto deliveries = a.engine->device_group_deliveries(group).value();
  const auto own = std::ranges::find(deliveries, keys.device_id, &MemberDelivery::member);
  ASSERT_NE(own, deliveries.end());
  EXPECT_EQ(hub.engine->take_device_group("kitchen", own->bytes).value(), group);
  const auto opened = lamp.open(command(hub, lamp, "on").value());
  ASSERT_TRUE(opened) << opened.error().message();
  EXPECT_EQ(opened->sender.role, GroupRole::hub);
  EXPECT_FALSE(hub.engine->device_groups()->front().controller);
  EXPECT_EQ(hub.engine->device_group_deliveries(group).error(), Errc::not_in_group);
  EXPECT_FALSE(hub.engine->take_device_group("kitchen", own->bytes));  // seen before: stale
  ASSERT_TRUE(a.engine->set_device_group_members(group, {lamp.member(), {keys, GroupRole::hub}}));
  const auto next = a.engine->device_group_deliveries(group).value();
  const auto again = std::ranges::find(next, keys.device_id, &MemberDelivery::member);
  EXPECT_TRUE(hub.engine->take_device_group("kitchen", again->bytes));
}

TEST_F(DeviceGroupsTest, AnotherAccountsGroupIsNotBelieved) {
  const auto bob = world.add_user("bob");
  auto& b = world.add_phone(bob);
  world.connect(b);
  world.settle();
  const auto theirs = b.engine->create_device_group("trap", {"devices/#"}).value();
  const auto keys = a.engine->own_device_keys().value();
  ASSERT_TRUE(b.engine->set_device_group_members(theirs, {{keys, GroupRole::hub}}));
  const auto deliveries = b.engine->device_group_deliveries(theirs).value();
  ASSERT_EQ(deliveries.size(), 1U);
  EXPECT_FALSE(a.engine->take_device_group("trap", deliveries[0].bytes));
  EXPECT_EQ(a.engine->device_groups()->size(), 1U);
}

TEST_F(DeviceGroupsTest, BadNamesFiltersMembersAndGroupsAreRefused) {
  EXPECT_EQ(a.engine->create_device_group("kitchen", {"devices/#"}).error(), Errc::bad_name);
  EXPECT_EQ(a.engine->create_device_group("", {"devices/#"}).error(), Errc::bad_name);
  EXPECT_FALSE(a.engine->create_device_group("empty", {}));
  EXPECT_EQ(a.engine->set_device_group_members(DeviceGroupId(), {}).error(), Errc::not_found);
  EXPECT_FALSE(a.engine->set_device_group_members(group, {lamp.member(), lamp.member()}));
  EXPECT_EQ(a.engine->device_groups()->front().roster.epoch, 1U);
  EXPECT_FALSE(a.engine->open_from_devices("t", as_bytes("on"), false));
  ASSERT_TRUE(a.engine->forget_device_group(group));
  EXPECT_TRUE(a.engine->device_groups()->empty());
  EXPECT_EQ(a.engine->forget_device_group(group).error(), Errc::not_found);
}

TEST_F(DeviceGroupsTest, WhatADeviceObeysComesWithEachEpochUntilItIsTakenBack) {
  const auto policy = [&] {
    const auto deliveries = a.engine->device_group_deliveries(group).value();
    return e2ee::open_epoch(world.crypto, deliveries.at(0).bytes, lamp.id, lamp.agreement)->policy;
  };
  const DeviceRules rules{{lamp.id, {*identity::parse_device_rule("hub:unlock!")}}};
  ASSERT_TRUE(a.engine->set_device_group_members(group, {lamp.member()}, rules));
  const auto first = policy();
  EXPECT_EQ(policy(), first);
  const auto view = a.engine->device_groups()->at(0);
  EXPECT_EQ(view.rules, rules);
  const auto version_of = [](const Bytes& document) { return document.at(1 + 16 + 16 + 3); };
  EXPECT_EQ(version_of(first), 2);
  ASSERT_TRUE(a.engine->set_device_group_members(group, {lamp.member()}, view.rules));
  EXPECT_EQ(version_of(policy()), 3);
  ASSERT_TRUE(a.engine->set_device_group_members(group, {lamp.member()}));
  EXPECT_TRUE(policy().empty());
  EXPECT_EQ(a.engine->set_device_group_members(group, {}, rules).error(), Errc::not_in_group);
}

// ---- New keys by time --------------------------------------------------------------------------

using std::chrono::hours;
constexpr auto kWeek = hours(24 * 7);

class KeysByTimeTest : public DeviceGroupsTest {
 protected:
  void SetUp() override {
    DeviceGroupsTest::SetUp();
    ASSERT_TRUE(a.engine->set_device_group_members(group, {lamp.member(), lock.member()},
                                                   {{lamp.id, rules()}}));
    tell();
  }
  static std::vector<identity::DeviceRule> rules() {
    return {*identity::parse_device_rule("controller:*")};
  }
  client::DeviceGroupView view(Phone& of) {
    const auto all = of.engine->device_groups().value();
    return *std::ranges::find_if(all,
                                 [&](const auto& each) { return each.roster.group_id == group; });
  }
  std::uint32_t epoch() { return view(a).roster.epoch; }
  bool waits(Phone& one) { return one.engine->device_groups_wait().value(); }
  // As a host does: looks, and tells whoever has to be told.
  std::size_t tell() {
    const auto groups = a.engine->renew_device_groups().value();
    for (const auto id : groups) {
      deliver(a, {&lamp, &lock});
      EXPECT_TRUE(a.engine->device_group_told(id, epoch()));
    }
    return groups.size();
  }
};

TEST_F(KeysByTimeTest, AreDrawnWhenTheyAreDueAndNotBefore) {
  const auto before = epoch();
  EXPECT_EQ(view(a).new_keys_at, world.clock.now() + kWeek);
  world.clock.advance(kWeek - std::chrono::seconds(1));
  EXPECT_FALSE(waits(a));
  EXPECT_EQ(tell(), 0U);
  EXPECT_EQ(epoch(), before);
  world.clock.advance(std::chrono::seconds(1));
  EXPECT_TRUE(waits(a));
  EXPECT_EQ(tell(), 1U);
  EXPECT_EQ(epoch(), before + 1);
  EXPECT_FALSE(waits(a));
  // The same members, who obey the same.
  EXPECT_EQ(view(a).roster.members.size(), 3U);
  EXPECT_EQ(view(a).rules, (DeviceRules{{lamp.id, rules()}}));
  EXPECT_TRUE(lamp.open(command(a, lamp, "on").value()));
}

TEST_F(KeysByTimeTest, DatesThatWentByWhileNobodyLookedCountOnce) {
  const auto before = epoch();
  world.clock.advance(10 * kWeek + hours(5));
  a.reopen();
  EXPECT_TRUE(waits(a));
  EXPECT_EQ(tell(), 1U);
  EXPECT_EQ(tell(), 0U);
  EXPECT_EQ(epoch(), before + 1);
  EXPECT_EQ(view(a).new_keys_at, world.clock.now() + kWeek);
}

TEST_F(KeysByTimeTest, TheDateIsThatOfBeforeARestart) {
  const auto due = view(a).new_keys_at;
  world.clock.advance(kWeek / 2);
  a.reopen();
  EXPECT_EQ(view(a).new_keys_at, due);
  EXPECT_FALSE(waits(a));
  world.clock.advance(kWeek / 2);
  EXPECT_TRUE(waits(a));
}

TEST_F(KeysByTimeTest, AnEpochThatNobodyWasToldOfIsTold) {
  world.clock.advance(kWeek);
  EXPECT_EQ(a.engine->renew_device_groups()->size(), 1U);
  const auto drawn = epoch();
  a.reopen();  // before its host handed anything out
  EXPECT_TRUE(waits(a));
  EXPECT_FALSE(a.engine->device_group_told(group, drawn - 1).has_value() && !waits(a));
  EXPECT_EQ(tell(), 1U);
  EXPECT_EQ(epoch(), drawn);
  EXPECT_EQ(lamp.keys->roster().epoch, drawn);
  EXPECT_FALSE(waits(a));
  // So is one that a person made.
  ASSERT_TRUE(a.engine->set_device_group_members(group, {lamp.member(), lock.member()}));
  EXPECT_TRUE(waits(a));
}

TEST_F(KeysByTimeTest, AClockThatIsSetBackDoesNoHarm) {
  const auto before = epoch();
  world.clock.set_now(world.clock.now() - hours(24 * 365));
  EXPECT_FALSE(waits(a));
  EXPECT_EQ(tell(), 0U);
  EXPECT_EQ(epoch(), before);
  // It was ahead: the next keys are no further off than their age all the same.
  EXPECT_EQ(view(a).new_keys_at, world.clock.now() + kWeek);
  world.clock.advance(kWeek);
  EXPECT_TRUE(waits(a));
  EXPECT_EQ(tell(), 1U);
  EXPECT_EQ(epoch(), before + 1);
}

TEST_F(KeysByTimeTest, AreDrawnByWhoMadeTheEpochAlone) {
  auto& tablet = world.add_phone(ann, "tablet");
  world.connect(tablet);
  world.settle();
  world.approve(a, tablet);
  const auto keys = tablet.engine->own_device_keys().value();
  const std::vector<identity::GroupMember> members{
      lamp.member(), lock.member(), {keys, GroupRole::controller}};
  ASSERT_TRUE(a.engine->set_device_group_members(group, members));
  const auto delivery_to = [&](Phone& from, DeviceId to) {
    const auto all = from.engine->device_group_deliveries(group).value();
    return std::ranges::find(all, to, &MemberDelivery::member)->bytes;
  };
  ASSERT_TRUE(tablet.engine->take_device_group("kitchen", delivery_to(a, keys.device_id)));
  tell();
  world.clock.advance(kWeek);
  EXPECT_FALSE(waits(tablet));
  EXPECT_TRUE(tablet.engine->renew_device_groups()->empty());
  EXPECT_EQ(view(tablet).new_keys_at, std::nullopt);
  EXPECT_EQ(tablet.engine->renew_device_group_every(group, hours(1)).error(), Errc::not_in_group);
  EXPECT_TRUE(waits(a));
  // The other one takes over: from its epoch on it is the one that draws.
  tell();
  ASSERT_TRUE(tablet.engine->take_device_group("kitchen", delivery_to(a, keys.device_id)));
  const auto self = a.engine->own_device_keys().value();
  ASSERT_TRUE(tablet.engine->set_device_group_members(
      group, {lamp.member(), lock.member(), {self, GroupRole::controller}}));
  ASSERT_TRUE(a.engine->take_device_group("kitchen", delivery_to(tablet, self.device_id)));
  world.clock.advance(kWeek);
  EXPECT_FALSE(waits(a));
  EXPECT_TRUE(a.engine->renew_device_groups()->empty());
  EXPECT_TRUE(waits(tablet));
}

TEST_F(KeysByTimeTest, HowOftenIsSaidForEachGroup) {
  ASSERT_TRUE(a.engine->renew_device_group_every(group, hours(1)));
  a.reopen();
  world.clock.advance(hours(1));
  EXPECT_TRUE(waits(a));
  tell();
  EXPECT_EQ(view(a).new_keys_at, world.clock.now() + hours(1));
  ASSERT_TRUE(a.engine->renew_device_group_every(group, hours(0)));
  EXPECT_EQ(view(a).new_keys_at, std::nullopt);
  world.clock.advance(100 * kWeek);
  EXPECT_FALSE(waits(a));
  EXPECT_EQ(tell(), 0U);
}

}  // namespace
}  // namespace unhidra::client::testing
