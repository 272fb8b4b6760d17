#include "unhidra/identity/device_list.h"

#include <gtest/gtest.h>

#include "people.h"

namespace unhidra::identity {
namespace {

class DeviceListTest : public testing::Test {
 protected:
  DeviceList make(std::vector<DeviceKeys> devices, const DeviceList* before = nullptr) {
    DeviceList list;
    list.user_id = user_;
    list.issued_at = kNow;
    list.devices = std::move(devices);
    if (before != nullptr) {
      list.version = before->version + 1;
      list.previous_hash = hash_of(provider(), *before);
    }
    EXPECT_TRUE(sign(provider(), account_, list));
    return list;
  }

  UserId user_ = id_of<UserId>(1);
  crypto::Ed25519KeyPair account_ = account_of(77);
  TestDevice phone_{11};
  TestDevice laptop_{12};
  TestDevice tablet_{13};
};

TEST_F(DeviceListTest, SurvivesTheJourneyAndVerifies) {
  const auto list = make({laptop_.keys, phone_.keys});
  const auto opened = open_device_list(provider(), user_, encode(list));
  ASSERT_TRUE(opened) << opened.error().message();
  EXPECT_EQ(*opened, list);
  EXPECT_EQ(opened->devices.front(), phone_.keys) << "devices stand by ascending id";
  ASSERT_NE(opened->find(laptop_.keys.device_id), nullptr);
  EXPECT_EQ(*opened->find(laptop_.keys.device_id), laptop_.keys);
  EXPECT_EQ(opened->find(tablet_.keys.device_id), nullptr);
}

TEST_F(DeviceListTest, AnyFlippedBitIsRefused) {
  const auto list = make({laptop_.keys, phone_.keys});
  const auto document = encode(list);
  EXPECT_EQ(open_device_list(provider(), user_, document, &list), list);
  for (std::size_t bit = 0; bit < document.size() * 8; ++bit) {
    auto changed = document;
    changed[bit / 8] ^= static_cast<Byte>(1U << (bit % 8));
    EXPECT_FALSE(open_device_list(provider(), user_, changed)) << "bit " << bit;
    EXPECT_FALSE(open_device_list(provider(), user_, changed, &list)) << "bit " << bit;
  }
}

TEST_F(DeviceListTest, EveryTruncationAndAnyTailIsRefused) {
  auto document = encode(make({laptop_.keys, phone_.keys}));
  for (std::size_t size = 0; size < document.size(); ++size) {
    const auto decoded = decode_device_list(ByteView(document).first(size));
    ASSERT_FALSE(decoded) << size;
    EXPECT_EQ(decoded.error(), Errc::malformed);
  }
  document.push_back(0);
  EXPECT_FALSE(decode_device_list(document));
}

TEST_F(DeviceListTest, AServerCannotAddADevice) {
  auto list = make({phone_.keys});
  list.devices.push_back(laptop_.keys);
  const auto opened = open_device_list(provider(), user_, encode(list));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), Errc::bad_signature);
}

TEST_F(DeviceListTest, AListOfAnotherUserIsRefused) {
  const auto list = make({phone_.keys});
  for (const DeviceList* verified : {static_cast<const DeviceList*>(nullptr), &list}) {
    const auto opened = open_device_list(provider(), id_of<UserId>(2), encode(list), verified);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error(), Errc::account_changed);
  }
}

TEST_F(DeviceListTest, LimitsAndUniquenessHold) {
  DeviceList list;
  list.user_id = user_;
  list.issued_at = kNow;
  EXPECT_EQ(sign(provider(), account_, list).error(), Errc::malformed) << "no device";
  for (Byte i = 0; i < kMaxDevices; ++i) {
    list.devices.push_back(TestDevice(static_cast<Byte>(100 + i)).keys);
  }
  EXPECT_TRUE(sign(provider(), account_, list));
  EXPECT_TRUE(open_device_list(provider(), user_, encode(list)));
  list.devices.push_back(phone_.keys);
  EXPECT_EQ(sign(provider(), account_, list).error(), Errc::malformed) << "one too many";
  EXPECT_EQ(decode_device_list(encode(list)).error(), Errc::malformed);

  auto twin = laptop_.keys;
  twin.identity_key = phone_.keys.identity_key;
  list.devices = {phone_.keys, twin};
  EXPECT_EQ(sign(provider(), account_, list).error(), Errc::duplicate) << "a key twice";
  list.devices = {phone_.keys, phone_.keys};
  EXPECT_EQ(sign(provider(), account_, list).error(), Errc::malformed) << "an id twice";
}

TEST_F(DeviceListTest, KeysThatCannotBeUsedAreNeitherSignedNorAccepted) {
  auto list = make({phone_.keys});
  list.devices[0].identity_key = crypto::X25519PublicKey{};
  EXPECT_EQ(sign(provider(), account_, list).error(), Errc::bad_key);
  EXPECT_EQ(verify(provider(), list).error(), Errc::bad_key);
}

TEST_F(DeviceListTest, ASuccessorMustContinueTheKnownList) {
  const auto first = make({phone_.keys});
  const auto second = make({phone_.keys, laptop_.keys}, &first);
  const auto third = make({laptop_.keys}, &second);
  EXPECT_TRUE(check_successor(provider(), first, second));
  EXPECT_TRUE(check_successor(provider(), second, third));
  EXPECT_TRUE(check_successor(provider(), first, third)) << "a missed version is no harm";
  EXPECT_EQ(check_successor(provider(), third, second).error(), Errc::stale_version);
  EXPECT_EQ(check_successor(provider(), third, third).error(), Errc::stale_version);
}

TEST_F(DeviceListTest, ForksAreSeen) {
  const auto first = make({phone_.keys});
  const auto other_first = make({laptop_.keys});
  const auto second = make({phone_.keys, laptop_.keys}, &first);
  EXPECT_EQ(check_successor(provider(), other_first, second).error(), Errc::forked);
  EXPECT_EQ(check_successor(provider(), first, other_first).error(), Errc::forked);
}

TEST_F(DeviceListTest, AnotherAccountKeyIsAChangeOfIdentity) {
  const auto first = make({phone_.keys});
  account_ = account_of(78);
  const auto second = make({phone_.keys}, &first);
  EXPECT_EQ(check_successor(provider(), first, second).error(), Errc::account_changed);
}

TEST_F(DeviceListTest, ADeviceMayNotChangeItsKeys) {
  const auto first = make({phone_.keys});
  auto changed = phone_.keys;
  changed.identity_key = phone_.new_key();
  const auto second = make({changed}, &first);
  EXPECT_EQ(check_successor(provider(), first, second).error(), Errc::device_changed);
}

}  // namespace
}  // namespace unhidra::identity
