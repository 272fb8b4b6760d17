// Keys of an epoch, sealed by a controller for one member.
#include "unhidra/e2ee/epoch_delivery.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "unhidra/identity/device_policy.h"

#include "world.h"

namespace unhidra::e2ee {
namespace {

class Delivery : public testing::Test {
 protected:
  Delivery() {
    roster_.group_id = id_of<DeviceGroupId>(5);
    roster_.issued_at = kNow;
    roster_.owners = {owner_.public_key()};
    roster_.topic_filters = {"home/#"};
    roster_.members = {{phone_.keys(), identity::GroupRole::controller},
                       {lamp_.keys(), identity::GroupRole::device},
                       {hub_.keys(), identity::GroupRole::hub}};
    EXPECT_TRUE(identity::sign(provider(), owner_, roster_));
  }
  Bytes delivery(const TestDevice& to) {
    return seal_epoch(provider(), random_, roster_, secret_, phone_.device_id, phone_.signing(),
                      to.device_id)
        .value();
  }
  Result<EpochDelivery> open(const TestDevice& device, ByteView bytes) {
    return open_epoch(provider(), bytes, device.device_id, device.self().identity_key);
  }

  testkit::SeededRandom random_{7};
  crypto::Ed25519KeyPair owner_ = crypto::Ed25519KeyPair::generate(provider(), random_);
  TestDevice phone_{1, random_};
  TestDevice lamp_{2, random_};
  TestDevice hub_{3, random_};
  TestDevice stranger_{4, random_};
  identity::DeviceGroup roster_;
  EpochSecret secret_ = random_.secret_array<32>();
};

TEST_F(Delivery, OpensForItsMemberAndLetsItIn) {
  const auto bytes = delivery(lamp_);
  auto opened = open(lamp_, bytes);
  ASSERT_TRUE(opened) << opened.error().message();
  EXPECT_EQ(opened->roster, roster_);
  EXPECT_EQ(opened->controller, phone_.device_id);
  EXPECT_TRUE(opened->secret == secret_);
  EXPECT_TRUE(DeviceGroupKeys::join(provider(), owner_.public_key(), std::move(opened->roster),
                                    std::move(opened->secret), lamp_.device_id));
  EXPECT_NE(bytes, delivery(lamp_));  // another ephemeral key each time
}

TEST_F(Delivery, OpensForNobodyElseAndNotWhenAByteIsAnother) {
  const auto bytes = delivery(lamp_);
  EXPECT_EQ(open(hub_, bytes).error(), Errc::wrong_device);
  EXPECT_EQ(open(stranger_, bytes).error(), Errc::wrong_device);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto changed = bytes;
    changed[i] = static_cast<Byte>(changed[i] ^ 0x01);
    EXPECT_FALSE(open(lamp_, changed)) << i;
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(open(lamp_, ByteView(bytes).first(size))) << size;
  }
  auto longer = bytes;
  longer.push_back(0);
  EXPECT_EQ(open(lamp_, longer).error(), Errc::malformed);
}

TEST_F(Delivery, BringsWhatTheDeviceObeysSealed) {
  const auto policy = to_bytes(as_bytes("controller may set"));
  const auto sealed = [&](ByteView with) {
    return seal_epoch(provider(), random_, roster_, secret_, phone_.device_id, phone_.signing(),
                      lamp_.device_id, with);
  };
  const auto bytes = sealed(policy).value();
  const auto opened = open(lamp_, bytes);
  ASSERT_TRUE(opened) << opened.error().message();
  EXPECT_EQ(opened->policy, policy);
  EXPECT_EQ(opened->secret, secret_);
  EXPECT_EQ(std::ranges::search(bytes, policy).begin(), bytes.end());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto changed = bytes;
    changed[i] = static_cast<Byte>(changed[i] ^ 0x01);
    EXPECT_FALSE(open(lamp_, changed)) << i;
    EXPECT_FALSE(open(lamp_, ByteView(bytes).first(i))) << i;
  }
  EXPECT_EQ(sealed(Bytes(identity::kMaxDevicePolicy + 1)).error(), Errc::malformed);
  EXPECT_TRUE(open(lamp_, delivery(lamp_))->policy.empty());
}

TEST_F(Delivery, ComesFromAControllerOfTheRosterAlone) {
  for (const auto* device : {&hub_, &lamp_, &stranger_}) {
    EXPECT_EQ(seal_epoch(provider(), random_, roster_, secret_, device->device_id,
                         device->signing(), lamp_.device_id)
                  .error(),
              Errc::wrong_device);
  }
  // A controller's name under another one's key.
  EXPECT_FALSE(seal_epoch(provider(), random_, roster_, secret_, phone_.device_id, hub_.signing(),
                          lamp_.device_id));
  EXPECT_FALSE(seal_epoch(provider(), random_, roster_, secret_, phone_.device_id, phone_.signing(),
                          stranger_.device_id));
}

TEST_F(Delivery, ARosterThatNoOwnerSignedLetsNobodyIn) {
  // The device authority of the server makes up a group with the lamp in it.
  const auto thief = crypto::Ed25519KeyPair::generate(provider(), random_);
  roster_.owners = {thief.public_key()};
  ASSERT_TRUE(identity::sign(provider(), thief, roster_));
  auto opened = open(lamp_, delivery(lamp_));
  ASSERT_TRUE(opened);  // well made, but
  EXPECT_FALSE(DeviceGroupKeys::join(provider(), owner_.public_key(), std::move(opened->roster),
                                     std::move(opened->secret), lamp_.device_id));
}

}  // namespace
}  // namespace unhidra::e2ee
