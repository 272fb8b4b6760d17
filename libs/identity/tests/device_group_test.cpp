#include "unhidra/identity/device_group.h"

#include <gtest/gtest.h>

#include "people.h"

namespace unhidra::identity {
namespace {

class DeviceGroupTest : public testing::Test {
 protected:
  DeviceGroup draft(std::vector<GroupMember> members, const DeviceGroup* before = nullptr) {
    DeviceGroup group;
    group.group_id = id_of<DeviceGroupId>(5);
    group.issued_at = kNow;
    group.owners = {owner_.public_key()};
    group.topic_filters = {"home/kitchen/#", "home/+/light"};
    group.members = std::move(members);
    if (before != nullptr) {
      group.epoch = before->epoch + 1;
      group.previous_hash = hash_of(provider(), *before);
    }
    return group;
  }
  DeviceGroup make(std::vector<GroupMember> members, const DeviceGroup* before = nullptr) {
    auto group = draft(std::move(members), before);
    const auto status = sign(provider(), owner_, group);
    EXPECT_TRUE(status) << status.error().message();
    return group;
  }
  GroupMember lamp() const { return {lamp_.keys, GroupRole::device}; }
  GroupMember phone() const { return {phone_.keys, GroupRole::controller}; }

  crypto::Ed25519KeyPair owner_ = account_of(77);
  crypto::Ed25519KeyPair stranger_ = account_of(78);
  TestDevice lamp_{11};
  TestDevice phone_{12};
};

TEST_F(DeviceGroupTest, SurvivesTheJourneyAndVerifies) {
  const auto group = make({phone(), lamp()});
  const auto decoded = decode_device_group(encode(group));
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_EQ(*decoded, group);
  EXPECT_TRUE(check_first(provider(), owner_.public_key(), *decoded));
  ASSERT_NE(decoded->find(lamp_.keys.device_id), nullptr);
  EXPECT_EQ(decoded->find(lamp_.keys.device_id)->role, GroupRole::device);
  EXPECT_EQ(decoded->find(id_of<DeviceId>(99)), nullptr);
}

TEST_F(DeviceGroupTest, AnyFlippedBitIsRefused) {
  const auto document = encode(make({lamp(), phone()}));
  for (std::size_t bit = 0; bit < document.size() * 8; ++bit) {
    auto changed = document;
    changed[bit / 8] ^= static_cast<Byte>(1U << (bit % 8));
    const auto decoded = decode_device_group(changed);
    EXPECT_FALSE(decoded && verify(provider(), *decoded)) << "bit " << bit;
  }
}

TEST_F(DeviceGroupTest, EveryTruncationAndAnyTailIsRefused) {
  auto document = encode(make({lamp()}));
  for (std::size_t size = 0; size < document.size(); ++size) {
    EXPECT_FALSE(decode_device_group(ByteView(document).first(size))) << size;
  }
  document.push_back(0);
  EXPECT_FALSE(decode_device_group(document));
}

TEST_F(DeviceGroupTest, OnlyTheOwnerThatTheDeviceWasGivenCanStartAGroup) {
  const auto group = make({lamp()});
  EXPECT_EQ(check_first(provider(), stranger_.public_key(), group).error(), Errc::not_an_owner);
  auto foreign = draft({lamp()});
  ASSERT_TRUE(sign(provider(), stranger_, foreign));
  EXPECT_EQ(check_first(provider(), stranger_.public_key(), foreign).error(), Errc::not_an_owner)
      << "whoever signs must be an owner by the roster's own word too";
}

TEST_F(DeviceGroupTest, ASuccessorComesFromAnOwnerOfTheOneBefore) {
  const auto first = make({lamp()});
  const auto second = make({lamp(), phone()}, &first);
  EXPECT_TRUE(check_successor(provider(), first, second));
  EXPECT_EQ(check_successor(provider(), second, first).error(), Errc::stale_version);
  EXPECT_EQ(check_successor(provider(), second, second).error(), Errc::stale_version);

  auto stolen = draft({lamp(), phone()}, &first);
  stolen.owners = {stranger_.public_key()};
  ASSERT_TRUE(sign(provider(), stranger_, stolen));
  EXPECT_EQ(check_successor(provider(), first, stolen).error(), Errc::not_an_owner);
}

TEST_F(DeviceGroupTest, AnOwnerMayHandTheGroupOver) {
  const auto first = make({lamp()});
  auto handed = draft({lamp()}, &first);
  handed.owners = {stranger_.public_key()};
  ASSERT_TRUE(sign(provider(), owner_, handed));
  EXPECT_TRUE(check_successor(provider(), first, handed));
  const auto taken_back = make({lamp(), phone()}, &handed);
  EXPECT_EQ(check_successor(provider(), handed, taken_back).error(), Errc::not_an_owner);
}

TEST_F(DeviceGroupTest, AForkOrAnotherGroupIsNoSuccessor) {
  const auto first = make({lamp()});
  const auto other_first = make({phone()});
  EXPECT_EQ(check_successor(provider(), first, other_first).error(), Errc::forked);
  EXPECT_EQ(check_successor(provider(), first, make({lamp()}, &other_first)).error(), Errc::forked);
  auto foreign = draft({lamp()}, &first);
  foreign.group_id = id_of<DeviceGroupId>(6);
  ASSERT_TRUE(sign(provider(), owner_, foreign));
  EXPECT_EQ(check_successor(provider(), first, foreign).error(), Errc::forked);
}

TEST_F(DeviceGroupTest, EpochsMayBeSleptThrough) {
  const auto first = make({lamp()});
  const auto second = make({lamp(), phone()}, &first);
  const auto third = make({lamp()}, &second);
  EXPECT_TRUE(check_successor(provider(), first, third));
}

TEST_F(DeviceGroupTest, AMemberCannotChangeItsKeys) {
  const auto first = make({lamp()});
  TestDevice impostor(11);
  impostor.keys.signing_key = phone_.keys.signing_key;
  const auto second = make({{impostor.keys, GroupRole::device}}, &first);
  EXPECT_EQ(check_successor(provider(), first, second).error(), Errc::device_changed);
}

TEST_F(DeviceGroupTest, MembersAreToldApartByTheirShortIds) {
  Uuid uuid = lamp_.keys.device_id.uuid();
  uuid[0] = 0xff;  // another id with the same last eight bytes
  auto twin = phone_.keys;
  twin.device_id = DeviceId(uuid);
  auto group = draft({lamp(), {twin, GroupRole::device}});
  EXPECT_EQ(sign(provider(), owner_, group).error(), Errc::duplicate);
}

TEST_F(DeviceGroupTest, BadTopicFiltersAreRefused) {
  for (const auto* filter : {"", "home/#/light", "home#", "ho+me", "home/+x", "#/", "\xff"}) {
    auto group = draft({lamp()});
    group.topic_filters = {filter};
    EXPECT_EQ(sign(provider(), owner_, group).error(), Errc::malformed) << filter;
  }
  for (const auto* filter : {"#", "+", "+/+", "home/#", "/", "home/+/light"}) {
    auto group = draft({lamp()});
    group.topic_filters = {filter};
    EXPECT_TRUE(sign(provider(), owner_, group)) << filter;
  }
}

}  // namespace
}  // namespace unhidra::identity
