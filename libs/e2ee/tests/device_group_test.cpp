// A malicious broker has every payload and sends what it likes: each attack must fail, and the next
// honest payload must open.
#include "unhidra/e2ee/device_group.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "world.h"

namespace unhidra::e2ee {
namespace {

using identity::PayloadKind;

constexpr std::string_view kTopic = "home/kitchen/light";

struct Member {
  Member(std::uint64_t number, RandomSource& random) : device(number, random) {}
  Result<Bytes> seal(PayloadKind kind, std::string_view body, bool retained = false,
                     std::string_view topic = kTopic) {
    if (keys->reserved_counters() == 0) {
      UNHIDRA_TRY(const auto taken, keys->reserve_counters());
      EXPECT_GT(taken, 0U);
    }
    GroupContent content{.sent_at = kNow, .body = to_bytes(body)};
    if (kind == PayloadKind::command || kind == PayloadKind::result) {
      content.request_id = RequestId{1};
    }
    if (kind == PayloadKind::command) {
      content.not_after = kNow + std::chrono::seconds(30);
    }
    return keys->seal(provider(), device.signing(), topic, kind, retained, content);
  }
  Result<std::string> open(ByteView payload, bool retained = false,
                           std::string_view topic = kTopic) {
    UNHIDRA_TRY(const auto opened, keys->open(provider(), topic, payload, retained));
    return std::string(as_text(opened.content.body));
  }
  Bytes snapshot() const { return to_bytes(keys->serialize().expose()); }

  TestDevice device;
  std::optional<DeviceGroupKeys> keys;
};

class DeviceGroupKeysTest : public testing::Test {
 protected:
  DeviceGroupKeysTest() {
    roster_ = roster_of({&phone_, &lamp_, &sensor_});
    for (auto* member : {&phone_, &lamp_, &sensor_}) {
      auto joined = DeviceGroupKeys::join(provider(), owner_.public_key(), roster_,
                                          secret(roster_.epoch), member->device.device_id);
      EXPECT_TRUE(joined) << joined.error().message();
      member->keys.emplace(std::move(*joined));
    }
  }

  static EpochSecret secret(std::uint32_t epoch) {
    testkit::SeededRandom random(1'000 + epoch);
    return random.secret_array<32>();
  }
  identity::DeviceGroup roster_of(std::vector<Member*> members,
                                  const identity::DeviceGroup* before = nullptr) {
    identity::DeviceGroup out;
    out.group_id = id_of<DeviceGroupId>(5);
    out.issued_at = kNow;
    out.owners = {owner_.public_key()};
    out.topic_filters = {"home/#"};
    for (auto* member : members) {
      out.members.push_back({member->device.keys(), identity::GroupRole::device});
    }
    if (before != nullptr) {
      out.epoch = before->epoch + 1;
      out.previous_hash = identity::hash_of(provider(), *before);
    }
    EXPECT_TRUE(identity::sign(provider(), owner_, out));
    return out;
  }
  void rotate(std::vector<Member*> members) {
    roster_ = roster_of(members, &roster_);
    for (auto* member : members) {
      const auto status = member->keys->advance(provider(), roster_, secret(roster_.epoch));
      ASSERT_TRUE(status) << status.error().message();
    }
  }
  void expect_alive() {
    const auto payload = phone_.seal(PayloadKind::command, "on");
    ASSERT_TRUE(payload);
    const auto opened = lamp_.open(*payload);
    ASSERT_TRUE(opened) << opened.error().message();
    EXPECT_EQ(*opened, "on");
  }

  testkit::SeededRandom random_{42};
  crypto::Ed25519KeyPair owner_ = crypto::Ed25519KeyPair::generate(provider(), random_);
  Member phone_{1, random_};
  Member lamp_{2, random_};
  Member sensor_{3, random_};
  identity::DeviceGroup roster_;
};

TEST_F(DeviceGroupKeysTest, EveryMemberOpensWhatAnyMemberSealed) {
  const auto reading = *sensor_.seal(PayloadKind::telemetry, "21.5");
  EXPECT_EQ(*phone_.open(reading), "21.5");
  EXPECT_EQ(*lamp_.open(reading), "21.5");
  const auto command = *phone_.seal(PayloadKind::command, "on");
  const auto opened = lamp_.keys->open(provider(), kTopic, command, false);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->sender.keys, phone_.device.keys());
  EXPECT_TRUE(opened->header.is_signed);
  EXPECT_EQ(opened->content.request_id, RequestId{1});
}

TEST_F(DeviceGroupKeysTest, SizesAreThoseOfTheDesign) {
  const std::string body(100, 'x');
  EXPECT_LE(sensor_.seal(PayloadKind::telemetry, body)->size(), 100U + 50);
  EXPECT_LE(phone_.seal(PayloadKind::command, body)->size(), 100U + 50 + 64 + 23);
}

TEST_F(DeviceGroupKeysTest, AReplayIsRefused) {
  const auto payload = *phone_.seal(PayloadKind::command, "open the door");
  ASSERT_TRUE(lamp_.open(payload));
  const auto before = lamp_.snapshot();
  EXPECT_EQ(lamp_.open(payload).error(), Errc::duplicate);
  EXPECT_EQ(lamp_.snapshot(), before);
  expect_alive();
}

TEST_F(DeviceGroupKeysTest, ReorderedAndLostPayloadsDoNoHarm) {
  std::vector<Bytes> sent;
  for (int i = 0; i < 60; ++i) {
    sent.push_back(*sensor_.seal(PayloadKind::telemetry, std::to_string(i)));
  }
  std::mt19937 shuffle(7);
  std::vector<std::size_t> order(sent.size());
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), shuffle);
  for (const auto i : order) {
    if (i % 7 != 3) {  // every seventh is lost
      EXPECT_EQ(lamp_.open(sent[i]).value_or("refused"), std::to_string(i));
    }
  }
  expect_alive();
}

TEST_F(DeviceGroupKeysTest, OnlyTheNewestSkippedKeysAreKept) {
  const auto old = *sensor_.seal(PayloadKind::telemetry, "old");
  for (std::size_t i = 0; i < GroupLimits{}.max_kept_keys; ++i) {
    ASSERT_TRUE(sensor_.seal(PayloadKind::telemetry, "lost"));
  }
  ASSERT_TRUE(lamp_.open(*sensor_.seal(PayloadKind::telemetry, "new")));
  EXPECT_EQ(lamp_.open(old).error(), Errc::duplicate);
}

TEST_F(DeviceGroupKeysTest, AnyFlippedBitIsRefusedAndChangesNothing) {
  const auto payload = *phone_.seal(PayloadKind::command, "on");
  const auto before = lamp_.snapshot();
  for (std::size_t bit = 0; bit < payload.size() * 8; ++bit) {
    auto changed = payload;
    changed[bit / 8] ^= static_cast<Byte>(1U << (bit % 8));
    ASSERT_FALSE(lamp_.open(changed)) << "bit " << bit;
  }
  EXPECT_EQ(lamp_.snapshot(), before);
  EXPECT_EQ(*lamp_.open(payload), "on");
}

TEST_F(DeviceGroupKeysTest, AnyFlippedBitOfTelemetryIsRefused) {
  const auto payload = *sensor_.seal(PayloadKind::telemetry, "21.5");
  const auto before = lamp_.snapshot();
  for (std::size_t bit = 0; bit < payload.size() * 8; ++bit) {
    auto changed = payload;
    changed[bit / 8] ^= static_cast<Byte>(1U << (bit % 8));
    ASSERT_FALSE(lamp_.open(changed)) << "bit " << bit;
  }
  EXPECT_EQ(lamp_.snapshot(), before);
}

TEST_F(DeviceGroupKeysTest, APayloadCannotMoveToAnotherTopic) {
  const auto command = *phone_.seal(PayloadKind::command, "open", false, "home/shed/lock");
  EXPECT_EQ(lamp_.open(command, false, "home/front/lock").error(), Errc::undecryptable);
  const auto reading = *sensor_.seal(PayloadKind::telemetry, "1", false, "home/shed/temperature");
  EXPECT_EQ(lamp_.open(reading, false, "home/attic/temperature").error(), Errc::undecryptable);
  EXPECT_TRUE(lamp_.open(command, false, "home/shed/lock"));
}

TEST_F(DeviceGroupKeysTest, AStrippedOrForeignSignatureIsRefused) {
  const auto command = *phone_.seal(PayloadKind::command, std::string(100, 'x'));
  EXPECT_EQ(lamp_.open(ByteView(command).first(command.size() - 64)).error(), Errc::undecryptable);
  auto unsigned_command = command;
  unsigned_command[1] &= 0xfe;
  unsigned_command.resize(command.size() - 64);
  EXPECT_EQ(lamp_.open(unsigned_command).error(), Errc::malformed);
}

TEST_F(DeviceGroupKeysTest, AMemberCannotCommandInAnothersName) {
  // The sensor was taken over: it has the group's keys, but not the phone's signing key.
  GroupContent content{.sent_at = kNow,
                       .not_after = kNow + std::chrono::seconds(30),
                       .request_id = RequestId{2},
                       .body = to_bytes("open")};
  auto forged = DeviceGroupKeys::join(provider(), owner_.public_key(), roster_, secret(1),
                                      phone_.device.device_id);
  ASSERT_TRUE(forged);
  ASSERT_TRUE(forged->reserve_counters());
  const auto payload = forged->seal(provider(), sensor_.device.signing(), kTopic,
                                    PayloadKind::command, false, content);
  ASSERT_TRUE(payload);
  EXPECT_EQ(lamp_.open(*payload).error(), Errc::undecryptable);
  expect_alive();
}

TEST_F(DeviceGroupKeysTest, AJumpOverTheLimitIsRefusedBeforeAnyKeyIsDerived) {
  while (sensor_.keys->reserved_counters() <= GroupLimits{}.max_jump + 1) {
    ASSERT_TRUE(sensor_.keys->reserve_counters());
  }
  Bytes last;
  for (std::uint32_t i = 0; i <= GroupLimits{}.max_jump + 1; ++i) {
    last = *sensor_.keys->seal(provider(), sensor_.device.signing(), kTopic, PayloadKind::telemetry,
                               false, {.sent_at = kNow, .body = {}});
    if (i == GroupLimits{}.max_jump) {
      auto other = DeviceGroupKeys::join(provider(), owner_.public_key(), roster_, secret(1),
                                         phone_.device.device_id);
      EXPECT_TRUE(other->open(provider(), kTopic, last, false)) << "the limit itself is allowed";
    }
  }
  EXPECT_EQ(lamp_.open(last).error(), Errc::too_far_ahead);
}

TEST_F(DeviceGroupKeysTest, ARemovedMemberReadsNothingMoreAndIsReadNoMore) {
  const auto late = *sensor_.seal(PayloadKind::telemetry, "from before");
  rotate({&phone_, &lamp_});
  const auto secret_payload = *phone_.seal(PayloadKind::command, "new code 4711");
  EXPECT_EQ(sensor_.open(secret_payload).error(), Errc::unknown_epoch);
  EXPECT_EQ(lamp_.open(late).error(), Errc::wrong_device);
  EXPECT_EQ(*lamp_.open(secret_payload), "new code 4711");
}

TEST_F(DeviceGroupKeysTest, WhatWasUnderWayAtARotationStillOpens) {
  const auto late = *phone_.seal(PayloadKind::command, "on");
  rotate({&phone_, &lamp_, &sensor_});
  EXPECT_EQ(*lamp_.open(late), "on");
  EXPECT_EQ(lamp_.open(late).error(), Errc::duplicate);
  const auto later = *sensor_.open(*phone_.seal(PayloadKind::command, "off"));
  EXPECT_EQ(later, "off");
}

TEST_F(DeviceGroupKeysTest, AnOldEpochCannotBeBroughtBack) {
  const auto old = *phone_.seal(PayloadKind::command, "on");
  const auto first = roster_;
  rotate({&phone_, &lamp_, &sensor_});
  lamp_.keys->forget_previous();
  EXPECT_EQ(lamp_.open(old).error(), Errc::unknown_epoch);
  EXPECT_EQ(lamp_.keys->advance(provider(), first, secret(1)).error(),
            identity::Errc::stale_version);
  rotate({&phone_, &lamp_, &sensor_});
  rotate({&phone_, &lamp_, &sensor_});
  EXPECT_EQ(lamp_.open(old).error(), Errc::unknown_epoch);
}

TEST_F(DeviceGroupKeysTest, ARosterThatNoOwnerSignedIsRefused) {
  auto stranger = crypto::Ed25519KeyPair::generate(provider(), random_);
  auto fake = roster_of({&phone_, &lamp_}, &roster_);
  ASSERT_TRUE(identity::sign(provider(), stranger, fake));
  EXPECT_EQ(lamp_.keys->advance(provider(), fake, secret(2)).error(), identity::Errc::not_an_owner);
  expect_alive();
}

TEST_F(DeviceGroupKeysTest, WithAnotherRosterTheSameSecretOpensNothing) {
  // A dealer who shows two members different rosters cannot make them understand each other.
  const auto other = roster_of({&phone_, &lamp_});
  auto split = DeviceGroupKeys::join(provider(), owner_.public_key(), other, secret(1),
                                     lamp_.device.device_id);
  ASSERT_TRUE(split);
  const auto payload = *phone_.seal(PayloadKind::telemetry, "1");
  EXPECT_EQ(split->open(provider(), kTopic, payload, false).error(), Errc::undecryptable);
}

TEST_F(DeviceGroupKeysTest, RetainedStateOpensAgainUntilANewerOneCame) {
  const auto first = *lamp_.seal(PayloadKind::state, "on", true);
  const auto second = *lamp_.seal(PayloadKind::state, "off", true);
  EXPECT_EQ(*phone_.open(first, true), "on");
  EXPECT_EQ(*phone_.open(first, true), "on") << "every subscription brings it again";
  EXPECT_EQ(*phone_.open(second, true), "off");
  EXPECT_EQ(phone_.open(first, true).error(), Errc::stale) << "a broker brought old state back";
  EXPECT_EQ(*phone_.open(second, true), "off");
}

TEST_F(DeviceGroupKeysTest, WhatWasNotSentToBeKeptIsRefusedWhenItComesAsRetained) {
  const auto passing = *lamp_.seal(PayloadKind::state, "on", false);
  EXPECT_EQ(phone_.open(passing, true).error(), Errc::stale);
  EXPECT_TRUE(phone_.open(passing, false));
}

TEST_F(DeviceGroupKeysTest, NoCounterIsUsedTwiceThroughPowerCuts) {
  std::set<Bytes> headers;
  std::mt19937 random(20261125);
  for (int cut = 0; cut < 300; ++cut) {
    if (sensor_.keys->reserved_counters() == 0) {
      ASSERT_TRUE(sensor_.keys->reserve_counters());
    }
    const auto flash = sensor_.snapshot();  // written once a block
    const auto messages = random() % sensor_.keys->reserved_counters();
    for (std::uint32_t i = 0; i < messages % 40; ++i) {
      const auto payload = *sensor_.seal(PayloadKind::telemetry, "x");
      const auto parsed = identity::parse_group_payload(payload);
      EXPECT_TRUE(headers.insert(to_bytes(parsed->header_bytes)).second) << "cut " << cut;
    }
    auto restored = DeviceGroupKeys::deserialize(provider(), flash);
    ASSERT_TRUE(restored) << restored.error().message();
    EXPECT_EQ(restored->reserved_counters(), 0U);
    sensor_.keys.emplace(std::move(*restored));
  }
}

TEST_F(DeviceGroupKeysTest, StoredKeysGoOnWhereTheyWere) {
  const auto early = *phone_.seal(PayloadKind::command, "early");
  const auto seen = *phone_.seal(PayloadKind::command, "seen");
  ASSERT_TRUE(lamp_.open(seen));
  auto restored = DeviceGroupKeys::deserialize(provider(), lamp_.snapshot());
  ASSERT_TRUE(restored);
  lamp_.keys.emplace(std::move(*restored));
  EXPECT_EQ(lamp_.open(seen).error(), Errc::duplicate);
  EXPECT_EQ(*lamp_.open(early), "early");
  expect_alive();
}

TEST_F(DeviceGroupKeysTest, DamagedStoredKeysAreRefused) {
  const auto stored = lamp_.snapshot();
  for (std::size_t size = 0; size < stored.size(); ++size) {
    EXPECT_FALSE(DeviceGroupKeys::deserialize(provider(), ByteView(stored).first(size)));
  }
  auto longer = stored;
  longer.push_back(0);
  EXPECT_FALSE(DeviceGroupKeys::deserialize(provider(), longer));
}

TEST_F(DeviceGroupKeysTest, CommandsHaveADeadlineOrAnswerAChallenge) {
  GroupContent content{.sent_at = kNow, .request_id = RequestId{1}, .body = to_bytes("open")};
  ASSERT_TRUE(phone_.keys->reserve_counters());
  EXPECT_EQ(
      phone_.keys
          ->seal(provider(), phone_.device.signing(), kTopic, PayloadKind::command, false, content)
          .error(),
      Errc::malformed);
  content.challenge = Challenge{9};
  EXPECT_TRUE(check_command(content, kNow, Challenge{9}));
  EXPECT_EQ(check_command(content, kNow, Challenge{8}).error(), Errc::stale);
  content.not_after = kNow;
  EXPECT_TRUE(check_command(content, kNow, {}));
  EXPECT_EQ(check_command(content, kNow + std::chrono::milliseconds(1), {}).error(), Errc::stale);
}

}  // namespace
}  // namespace unhidra::e2ee
