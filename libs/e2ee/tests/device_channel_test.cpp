// The controller's end of a device's pairwise channel: when sessions begin and begin anew, and what
// a broker that lies can do about it.
#include <gtest/gtest.h>

#include "unhidra/base/codec.h"
#include "unhidra/identity/errc.h"

#include "channel_device.h"

namespace unhidra::e2ee {
namespace {

class DeviceChannelTest : public testing::Test {
 protected:
  DeviceChannelTest() {
    roster_.group_id = id_of<DeviceGroupId>(5);
    roster_.issued_at = kNow;
    roster_.owners = {owner_.public_key()};
    roster_.topic_filters = {"devices/#"};
    roster_.members = {{phone_.keys(), identity::GroupRole::controller},
                       {lamp_.keys(), identity::GroupRole::device}};
    EXPECT_TRUE(identity::sign(provider(), owner_, roster_));
  }

  Result<bool> take(ByteView document) {
    return channel_.take_prekeys(provider(), random_, phone_.self(), document, now_);
  }
  void begin() {
    const auto begun = take(lamp_.publish());
    ASSERT_TRUE(begun) << begun.error().message();
    ASSERT_TRUE(*begun);
  }
  Result<Bytes> epoch() {
    return channel_.seal_epoch(provider(), random_, phone_.self(), roster_, secret_,
                               as_bytes("policy"), now_);
  }
  Result<Bytes> command(std::string_view text = "on") {
    return channel_.seal_command(provider(), random_, phone_.self(),
                                 {.sent_at = now_,
                                  .not_after = now_ + std::chrono::seconds(10),
                                  .request_id = RequestId{7},
                                  .challenge = {},
                                  .body = to_bytes(text)},
                                 now_);
  }
  Result<ChannelAnswer> hear(ByteView payload) {
    return channel_.open(provider(), phone_.self(), payload, now_);
  }
  Result<Bytes> lamp_opens(ByteView payload) { return lamp_.open(phone_.keys(), payload); }
  // A session that both ends have, and heard each other on.
  void meet() {
    begin();
    ASSERT_TRUE(lamp_opens(epoch().value()));
    ASSERT_TRUE(hear(lamp_.receipt(phone_.device_id, {1, 1})));
  }
  Bytes snapshot() const { return to_bytes(channel_.serialize().expose()); }

  testkit::SeededRandom random_{77};
  crypto::Ed25519KeyPair owner_ = crypto::Ed25519KeyPair::generate(provider(), random_);
  TestDevice phone_{1, random_};
  ChannelDevice lamp_{id_of<DeviceId>(2), random_};
  identity::DeviceGroup roster_;
  EpochSecret secret_ = random_.secret_array<32>();
  DeviceChannel channel_{lamp_.keys()};
  Timestamp now_ = kNow;
};

TEST_F(DeviceChannelTest, AnEpochGoesAndItsReceiptComesBack) {
  EXPECT_FALSE(channel_.is_begun());
  EXPECT_EQ(epoch().error(), Errc::no_session);
  begin();
  const auto payload = epoch().value();
  const auto opened = lamp_opens(payload).value();
  ByteReader in(opened);
  EXPECT_EQ(in.u8(), 1);
  EXPECT_EQ(to_bytes(in.bytes(opened.size())), identity::encode(roster_));
  EXPECT_EQ(to_bytes(in.raw(32)), to_bytes(secret_.expose()));
  EXPECT_EQ(as_text(in.bytes(64)), "policy");
  EXPECT_TRUE(in.finish("epoch"));
  const auto answer = hear(lamp_.receipt(phone_.device_id, {1, 3})).value();
  EXPECT_EQ(std::get<ChannelReceipt>(answer), (ChannelReceipt{1, 3}));
  EXPECT_TRUE(channel_.is_begun());
}

TEST_F(DeviceChannelTest, CommandsAndTheirResults) {
  meet();
  const auto opened = lamp_opens(command("unlock").value()).value();
  EXPECT_EQ(opened[0], 2);
  const auto heard =
      decode_group_content(identity::PayloadKind::command, ByteView(opened).subspan(1)).value();
  EXPECT_EQ(as_text(heard.body), "unlock");
  const GroupContent result{.sent_at = kNow,
                            .not_after = {},
                            .request_id = RequestId{7},
                            .challenge = Challenge{9},
                            .body = to_bytes("challenge")};
  const auto answer =
      hear(lamp_.seal(phone_.device_id, channel_result(result).value().expose()).value());
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(std::get<GroupContent>(*answer), result);
  EXPECT_EQ(command().value().size(), command().value().size());
}

// What the device has published says whether it has the session; nothing else does.
TEST_F(DeviceChannelTest, ASessionIsBegunAnewWhenTheDeviceDoesNotHaveItAndNotOtherwise) {
  begin();
  const auto first = lamp_.publish();
  EXPECT_FALSE(take(first).value()) << "the device has not answered yet";
  ASSERT_TRUE(lamp_opens(epoch().value()));
  EXPECT_FALSE(take(lamp_.publish()).value()) << "it has accepted";
  EXPECT_EQ(take(first).error(), Errc::stale) << "what it published before";
  lamp_.restart();
  const auto lost = command().value();
  EXPECT_EQ(lamp_opens(lost).error(), Errc::unknown_prekey);
  EXPECT_TRUE(take(lamp_.publish()).value());
  ASSERT_TRUE(lamp_opens(epoch().value()));
  EXPECT_FALSE(take(lamp_.publish()).value());
  EXPECT_TRUE(hear(lamp_.receipt(phone_.device_id, {1, 1})));
}

TEST_F(DeviceChannelTest, OfTwoControllersThatBeganAtOnceTheSecondBeginsAgain) {
  TestDevice other(3, random_);
  DeviceChannel others(lamp_.keys());
  const auto document = lamp_.publish();
  ASSERT_TRUE(take(document).value());
  ASSERT_TRUE(others.take_prekeys(provider(), random_, other.self(), document, now_).value());
  const auto theirs =
      others.seal_epoch(provider(), random_, other.self(), roster_, secret_, {}, now_).value();
  ASSERT_TRUE(lamp_opens(epoch().value()));
  EXPECT_EQ(lamp_.open(other.keys(), theirs).error(), Errc::unknown_prekey);
  EXPECT_TRUE(
      others.take_prekeys(provider(), random_, other.self(), lamp_.publish(), now_).value());
  const auto again =
      others.seal_epoch(provider(), random_, other.self(), roster_, secret_, {}, now_).value();
  EXPECT_TRUE(lamp_.open(other.keys(), again));
  EXPECT_FALSE(take(lamp_.publish()).value()) << "the first one's is there still";
  EXPECT_TRUE(lamp_opens(command().value()));
  EXPECT_EQ(
      others.open(provider(), other.self(), lamp_.receipt(phone_.device_id, {1, 1}), now_).error(),
      Errc::wrong_device);
}

TEST_F(DeviceChannelTest, NobodyElseCanPublishForTheDevice) {
  const auto good = lamp_.publish();
  // Another device, whatever the certificate authority says it is.
  ChannelDevice impostor(lamp_.device_id, random_);
  EXPECT_EQ(take(impostor.publish()).error(), identity::Errc::device_changed);
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto changed = good;
    changed[i] ^= 1;
    EXPECT_FALSE(take(changed)) << i;
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(take(ByteView(good).first(size))) << size;
  }
  auto longer = good;
  longer.push_back(0);
  EXPECT_FALSE(take(longer));
  EXPECT_FALSE(channel_.is_begun());
  EXPECT_TRUE(take(good).value());
}

TEST_F(DeviceChannelTest, WhatIsReplayedMovedTurnedOrChangedDoesNotOpen) {
  meet();
  const auto order = command().value();
  EXPECT_TRUE(lamp_opens(order));
  EXPECT_EQ(lamp_opens(order).error(), Errc::duplicate);
  const auto answer = lamp_.receipt(phone_.device_id, {2, 1});
  const auto before = snapshot();
  EXPECT_FALSE(hear(order)) << "an order sent back";
  EXPECT_FALSE(lamp_opens(answer)) << "an answer sent back";
  for (std::size_t i = 0; i < answer.size(); ++i) {
    auto changed = answer;
    changed[i] ^= 1;
    EXPECT_FALSE(hear(changed)) << i;
  }
  ChannelDevice lock(id_of<DeviceId>(4), random_);
  DeviceChannel to_lock(lock.keys());
  EXPECT_FALSE(to_lock.open(provider(), phone_.self(), answer, now_));
  EXPECT_EQ(snapshot(), before);
  EXPECT_TRUE(hear(answer));
  EXPECT_EQ(hear(answer).error(), Errc::duplicate);
}

TEST_F(DeviceChannelTest, WhatSomebodyReadsOffTheDeviceLaterOpensNothingOfBefore) {
  meet();
  const auto order = epoch().value();
  ASSERT_TRUE(lamp_opens(order));
  const auto stolen = lamp_.self();
  PeerSessions thief(phone_.keys());
  EXPECT_FALSE(thief.decrypt(provider(), stolen, lamp_,
                             channel_context(phone_.device_id, lamp_.device_id),
                             ByteView(order).subspan(17), kNow));
}

TEST_F(DeviceChannelTest, IsStoredAndGoesOn) {
  meet();
  const auto stored = channel_.serialize();
  auto read = DeviceChannel::deserialize(provider(), stored.expose());
  ASSERT_TRUE(read) << read.error().message();
  channel_ = std::move(*read);
  EXPECT_TRUE(channel_.is_begun());
  EXPECT_EQ(channel_.device(), lamp_.keys());
  EXPECT_TRUE(lamp_opens(command().value()));
  EXPECT_FALSE(take(lamp_.publish()).value());
  for (std::size_t size = 0; size < stored.size(); ++size) {
    EXPECT_EQ(DeviceChannel::deserialize(provider(), stored.expose().first(size)).error(),
              Errc::bad_stored_session)
        << size;
  }
  auto other = to_bytes(stored.expose());
  other[0] = 2;
  EXPECT_EQ(DeviceChannel::deserialize(provider(), other).error(), Errc::bad_stored_session);
}

TEST_F(DeviceChannelTest, AnOldCopySendsNothingUntilThePrekeysCameAnew) {
  meet();
  channel_.distrust();
  EXPECT_EQ(command().error(), Errc::no_session);
  EXPECT_TRUE(channel_.is_begun());
  EXPECT_TRUE(take(lamp_.publish()).value());
  EXPECT_TRUE(lamp_opens(epoch().value()));
  EXPECT_FALSE(take(lamp_.publish()).value());
}

// A device says nothing else; a later one may.
TEST_F(DeviceChannelTest, AnswersOfAnUnknownKindAreMalformed) {
  meet();
  for (const char* text : {"", "\x01", "\x05", "\x03\x01", "\x04\x01"}) {
    EXPECT_EQ(hear(lamp_.seal(phone_.device_id, as_bytes(text)).value()).error(), Errc::malformed);
  }
  auto receipt = to_bytes(channel_receipt({1, 1}).expose());
  receipt.push_back(0);
  EXPECT_EQ(hear(lamp_.seal(phone_.device_id, receipt).value()).error(), Errc::malformed);
}

}  // namespace
}  // namespace unhidra::e2ee
