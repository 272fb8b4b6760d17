// A device in its group: its controllers are the product's own end-to-end core.
#include <cstring>

#include <gtest/gtest.h>

#include "unhidra/e2ee/epoch_delivery.h"
#include "unhidra/identity/device_policy.h"

#include "fake_flash.h"
#include "world.h"

extern "C" {
#include "uh/agent.h"
}

namespace unhidra::firmware {
namespace {

using e2ee::id_of;
using e2ee::kNow;
using e2ee::provider;
using e2ee::TestDevice;
using identity::GroupRole;
using identity::PayloadKind;
using namespace std::chrono_literals;

constexpr const char* kCommands = "devices/lock/commands";
constexpr const char* kResults = "devices/lock/results";

class Agent : public testing::Test {
 protected:
  Agent() {
    make_roster();
    auto joined = e2ee::DeviceGroupKeys::join(provider(), owner_.public_key(), roster_,
                                              e2ee::EpochSecret(secret_.clone()), phone_.device_id);
    EXPECT_TRUE(joined);
    phone_keys_.emplace(std::move(*joined));
    start();
    join();
    EXPECT_EQ(uh_agent_load(&agent_), UH_OK);
    EXPECT_EQ(set_policy(1, {{.role = UH_CONTROLLER, .sender = {}, .flags = 0, .command = "set"},
                             {.role = UH_CONTROLLER,
                              .sender = {},
                              .flags = UH_RULE_CHALLENGE,
                              .command = "unlock"}}),
              UH_OK);
  }

  void make_roster() {
    roster_.group_id = id_of<DeviceGroupId>(5);
    roster_.issued_at = kNow;
    roster_.owners = {owner_.public_key()};
    roster_.topic_filters = {"devices/#"};
    roster_.members = {{phone_.keys(), GroupRole::controller},
                       {lock_.keys(), GroupRole::device},
                       {hub_.keys(), GroupRole::hub}};
    ASSERT_TRUE(identity::sign(provider(), owner_, roster_));
  }
  // What a start does: everything in memory is new.
  void start() {
    flash_.restart();
    uptime_ = 1;
    clock_ = {};
    uh_clock_set(&clock_, millis(kNow), uptime_);  // its host has one
    ASSERT_EQ(uh_journal_open(&group_journal_, flash_.get(), 0, 2), UH_OK);
    ASSERT_EQ(uh_journal_open(&policy_journal_, flash_.get(), 4, 1), UH_OK);
    ASSERT_EQ(uh_counters_open(&counters_, flash_.get(), 6, 1), UH_OK);
    ASSERT_EQ(uh_ring_open(&ring_, flash_.get(), 8, 4), UH_OK);
    const auto& seed = lock_.signing().private_key().expose();
    std::copy(seed.begin(), seed.end(), seed_);
    const uh_agent_parts parts = {.group = &group_,
                                  .group_journal = &group_journal_,
                                  .policy = &policy_,
                                  .policy_journal = &policy_journal_,
                                  .counters = &counters_,
                                  .ring = &ring_,
                                  .clock = &clock_,
                                  .signing_seed = seed_,
                                  .work = work_,
                                  .work_size = sizeof work_};
    uh_agent_init(&agent_, &parts);
  }
  void join() {
    const auto document = identity::encode(roster_);
    std::vector<std::uint8_t> work(document.size() + UH_ROSTER_WORK);
    const uh_roster_input input = {.document = document.data(),
                                   .size = document.size(),
                                   .secret = secret_.expose().data(),
                                   .listens = uh_listens_to_controllers,
                                   .context = nullptr,
                                   .work = work.data(),
                                   .work_size = work.size()};
    ASSERT_EQ(uh_group_join(&group_, owner_.public_key().bytes().data(),
                            lock_.device_id.uuid().data(), &input),
              UH_OK);
    ASSERT_EQ(uh_agent_store(&agent_), UH_OK);
  }
  uh_status set_policy(std::uint32_t version, std::vector<uh_rule> rules,
                       const crypto::Ed25519KeyPair* signer = nullptr) {
    std::uint8_t document[UH_MAX_POLICY];
    std::size_t size = 0;
    const auto& by = signer != nullptr ? *signer : owner_;
    EXPECT_EQ(uh_policy_sign(by.private_key().expose().data(), roster_.group_id.uuid().data(),
                             lock_.device_id.uuid().data(), version, 1, rules.data(), rules.size(),
                             document, sizeof document, &size),
              UH_OK);
    return uh_agent_set_policy(&agent_, document, size);
  }

  Bytes command(std::string_view body, std::optional<Timestamp> not_after = kNow + 30s,
                std::optional<e2ee::Challenge> challenge = {}, Timestamp sent_at = kNow) {
    if (phone_keys_->reserved_counters() == 0) {
      EXPECT_TRUE(phone_keys_->reserve_counters());
    }
    ++request_[0];
    return phone_keys_
        ->seal(provider(), phone_.signing(), kCommands, PayloadKind::command, false,
               {.sent_at = sent_at,
                .not_after = not_after,
                .request_id = request_,
                .challenge = challenge,
                .body = to_bytes(body)})
        .value();
  }
  Bytes delivery(const identity::DeviceGroup& roster, Byte secret, ByteView policy = {});
  uh_status adopt(Bytes bytes);
  identity::DeviceGroup next_roster();
  uh_status take(Bytes payload, const char* topic = kCommands) {
    taken_ = std::move(payload);
    return uh_agent_take(&agent_, topic, std::strlen(topic), taken_.data(), taken_.size(), false,
                         kResults, uptime_, &command_);
  }
  static std::uint64_t millis(Timestamp at) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count());
  }
  std::string name() const { return {command_.name, command_.name_size}; }
  std::string arguments() const { return {command_.arguments, command_.arguments_size}; }
  // The last thing that the device put into its ring, as the phone reads it.
  e2ee::OpenedPayload heard() {
    std::uint8_t entry[512];
    std::size_t size = 0;
    EXPECT_EQ(uh_ring_read(&ring_, ring_.next - 1, entry, sizeof entry, &size), UH_OK);
    const std::size_t topic_size = entry[1] * 256U + entry[2];
    const std::string topic(entry + 3, entry + 3 + topic_size);
    auto opened = phone_keys_->open(provider(), topic,
                                    ByteView(entry + 3 + topic_size, size - 3 - topic_size), false);
    EXPECT_TRUE(opened) << opened.error().message();
    return *opened;
  }

  testkit::SeededRandom random_{42};
  crypto::Ed25519KeyPair owner_ = crypto::Ed25519KeyPair::generate(provider(), random_);
  TestDevice phone_{1, random_};
  TestDevice lock_{2, random_};
  TestDevice hub_{3, random_};
  SecretArray<32> secret_ = random_.secret_array<32>();
  identity::DeviceGroup roster_;
  std::optional<e2ee::DeviceGroupKeys> phone_keys_;
  e2ee::RequestId request_{};

  FakeFlash flash_{4096, 12};
  uh_journal group_journal_{};
  uh_journal policy_journal_{};
  uh_counters counters_{};
  uh_ring ring_{};
  uh_clock clock_{};
  uh_group group_{};
  uh_policy policy_{};
  uh_agent agent_{};
  uh_command command_{};
  std::uint8_t seed_[32];
  std::uint8_t work_[UH_GROUP_STORED_SIZE];
  Bytes taken_;
  std::uint64_t uptime_ = 1;
};

TEST_F(Agent, ObeysAndAnswersAController) {
  ASSERT_EQ(take(command("set 21.5")), UH_OK);
  EXPECT_EQ(name(), "set");
  EXPECT_EQ(arguments(), "21.5");
  ASSERT_EQ(uh_agent_answer(&agent_, kResults, &command_, "ok", uptime_), UH_OK);
  const auto result = heard();
  EXPECT_EQ(as_text(result.content.body), "ok");
  EXPECT_EQ(result.header.kind, PayloadKind::result);
  EXPECT_EQ(result.content.request_id, request_);
  EXPECT_GE(result.content.sent_at, kNow);
}

TEST_F(Agent, WithoutAClockACommandThatWasHeldBackIsNotObeyed) {
  clock_ = {};
  // From days ago, or from now: it cannot tell, and asks whether somebody still means it.
  ASSERT_EQ(take(command("set 1")), UH_BUSY);
  const auto asked = heard();
  ASSERT_TRUE(asked.content.challenge);
  EXPECT_EQ(asked.content.request_id, request_);
  EXPECT_EQ(take(command("set 2")), UH_BUSY);  // what it heard made it no surer
  // The one that is meant is; and now it knows the time, and that the next one is late.
  ASSERT_EQ(take(command("set 1", kNow + 20min, asked.content.challenge, kNow + 10min)), UH_OK);
  EXPECT_EQ(arguments(), "1");
  EXPECT_EQ(uh_clock_now(&clock_, uptime_), millis(kNow + 10min));
  EXPECT_EQ(take(command("set 3")), UH_STALE);
  EXPECT_EQ(take(command("set 4", kNow + 11min)), UH_OK);
  start();
  clock_ = {};
  ASSERT_EQ(uh_agent_load(&agent_), UH_OK);
  EXPECT_EQ(take(command("set 5", kNow + 11min)), UH_BUSY);  // how long it was off it cannot know
}

TEST_F(Agent, SeveralMayAskBeforeItKnowsTheTime) {
  clock_ = {};
  std::vector<e2ee::Challenge> given;
  for (int i = 0; i < UH_CHALLENGES + 1; ++i) {
    ASSERT_EQ(take(command("set 1")), UH_BUSY);
    given.push_back(*heard().content.challenge);
    ++uptime_;
  }
  EXPECT_EQ(take(command("set 1", kNow + 30s, given[0])), UH_BUSY);  // it made room
  EXPECT_EQ(take(command("set 3", kNow + 30s, given[3])), UH_OK);
  clock_ = {};
  EXPECT_EQ(take(command("set 2", kNow + 30s, given[2])), UH_OK);
  clock_ = {};
  EXPECT_EQ(take(command("set 2", kNow + 30s, given[2])), UH_BUSY);
}

TEST_F(Agent, AnAnswerThatIsPastItsOwnDeadlineIsLate) {
  clock_ = {};
  ASSERT_EQ(take(command("set 1")), UH_BUSY);
  const auto challenge = heard().content.challenge;
  EXPECT_EQ(take(command("set 1", kNow + 30s, challenge, kNow + 31s)), UH_STALE);
}

TEST_F(Agent, AWrongClockOfOneControllerDoesNotStopADeviceForEver) {
  clock_ = {};
  ASSERT_EQ(take(command("set 1", kNow + 1h, {}, kNow + 24h * 365)), UH_BUSY);
  ASSERT_EQ(take(command("set 1")), UH_BUSY);
  const auto challenge = heard().content.challenge;
  EXPECT_EQ(take(command("set 1", kNow + 30s, challenge)), UH_OK);
  EXPECT_EQ(uh_clock_now(&clock_, uptime_), millis(kNow));
  // Nor does it move a clock that is sure.
  EXPECT_EQ(take(command("set 2", kNow + 24h * 365, {}, kNow + 24h * 364)), UH_OK);
  EXPECT_EQ(take(command("set 3")), UH_OK);
}

TEST_F(Agent, ReportsAreReadByTheController) {
  const std::string body = "21.5";
  const uh_content content = {.sent_at = 5,
                              .body = reinterpret_cast<const std::uint8_t*>(body.data()),
                              .body_size = body.size()};
  ASSERT_EQ(uh_agent_report(&agent_, "devices/lock/temperature", UH_TELEMETRY, false, &content),
            UH_OK);
  EXPECT_EQ(as_text(heard().content.body), "21.5");
}

TEST_F(Agent, ACommandIsObeyedOnceAlsoWhenThePowerGoes) {
  const auto payload = command("set 1");
  ASSERT_EQ(take(payload), UH_OK);
  EXPECT_EQ(take(payload), UH_DUPLICATE);
  start();
  ASSERT_EQ(uh_agent_load(&agent_), UH_OK);
  EXPECT_EQ(take(payload), UH_DUPLICATE);
  EXPECT_EQ(take(command("set 2")), UH_OK);
}

TEST_F(Agent, WhatFlashDidNotTakeIsNotObeyedAndMayComeAgain) {
  const auto payload = command("set 1");
  flash_.cut_after(100);
  EXPECT_EQ(take(payload), UH_STORAGE);
  start();
  ASSERT_EQ(uh_agent_load(&agent_), UH_OK);
  EXPECT_EQ(take(payload), UH_OK);
}

TEST_F(Agent, RefusesWhatThePolicyDoesNotAllow) {
  EXPECT_EQ(take(command("reboot now")), UH_DENIED);
  EXPECT_EQ(take(command("settle 1")), UH_DENIED);
  EXPECT_EQ(take(command("set 1"), "devices/lock/other"), UH_UNDECRYPTABLE);
  EXPECT_EQ(ring_.next, 0U);
}

TEST_F(Agent, NothingIsObeyedWithoutAPolicy) {
  policy_ = {};
  EXPECT_EQ(take(command("set 1")), UH_DENIED);
}

TEST_F(Agent, AHubMayNotWhatAControllerMay) {
  auto joined = e2ee::DeviceGroupKeys::join(provider(), owner_.public_key(), roster_,
                                            e2ee::EpochSecret(secret_.clone()), hub_.device_id);
  ASSERT_TRUE(joined);
  ASSERT_TRUE(joined->reserve_counters());
  const auto payload =
      joined->seal(provider(), hub_.signing(), kCommands, PayloadKind::command, false,
                   {.sent_at = kNow,
                    .not_after = kNow + 30s,
                    .request_id = e2ee::RequestId{1},
                    .challenge = {},
                    .body = to_bytes("set 1")});
  EXPECT_EQ(take(*payload), UH_DENIED);
}

TEST_F(Agent, AfterItsDeadlineACommandIsNotObeyed) {
  ASSERT_EQ(take(command("set 1", kNow + 1h)), UH_OK);  // and now it knows the time
  uptime_ += 31'000;
  EXPECT_EQ(take(command("set 2", kNow + 30s)), UH_STALE);
  EXPECT_EQ(take(command("set 3", kNow + 1h)), UH_OK);
}

TEST_F(Agent, ALockAsksBackAndABrokerCannotReplayTheAnswer) {
  ASSERT_EQ(take(command("unlock")), UH_BUSY);
  const auto asked = heard();
  ASSERT_TRUE(asked.content.challenge);
  EXPECT_EQ(asked.content.request_id, request_);
  EXPECT_EQ(take(command("unlock", kNow + 30s, e2ee::Challenge{9})), UH_BUSY);  // a wrong one
  const auto again = heard();
  EXPECT_NE(again.content.challenge, asked.content.challenge);
  const auto good = command("unlock", std::nullopt, again.content.challenge);
  const auto late = command("unlock", std::nullopt, again.content.challenge);
  EXPECT_EQ(take(good), UH_OK);
  EXPECT_EQ(name(), "unlock");
  EXPECT_EQ(take(late), UH_BUSY);  // once
  const auto third = heard();
  uptime_ += UH_CHALLENGE_TIME + 1;
  EXPECT_EQ(take(command("unlock", std::nullopt, third.content.challenge)), UH_BUSY);
}

TEST_F(Agent, PoliciesAreTheOwnersAndNeverOlder) {
  const uh_rule all = {.role = 0, .sender = {}, .flags = 0, .command = "*"};
  const auto stranger = crypto::Ed25519KeyPair::generate(provider(), random_);
  EXPECT_EQ(set_policy(2, {all}, &stranger), UH_NOT_AN_OWNER);
  EXPECT_EQ(set_policy(1, {all}), UH_STALE);
  EXPECT_EQ(take(command("reboot")), UH_DENIED);
  EXPECT_EQ(set_policy(2, {all}), UH_OK);
  EXPECT_EQ(take(command("reboot")), UH_OK);
  start();
  ASSERT_EQ(uh_agent_load(&agent_), UH_OK);
  EXPECT_EQ(policy_.version, 2U);
  EXPECT_EQ(take(command("reboot")), UH_OK);
}

TEST_F(Agent, NoChangedPolicyIsBelieved) {
  const uh_rule all = {.role = 0, .sender = {}, .flags = 0, .command = "*"};
  std::uint8_t document[UH_MAX_POLICY];
  std::size_t size = 0;
  ASSERT_EQ(uh_policy_sign(owner_.private_key().expose().data(), roster_.group_id.uuid().data(),
                           lock_.device_id.uuid().data(), 7, 1, &all, 1, document, sizeof document,
                           &size),
            UH_OK);
  for (std::size_t i = 0; i < size; ++i) {
    auto changed = std::vector(document, document + size);
    changed[i] ^= 1;
    EXPECT_NE(uh_agent_set_policy(&agent_, changed.data(), size), UH_OK) << i;
    EXPECT_NE(uh_agent_set_policy(&agent_, document, i), UH_OK) << i;
  }
  EXPECT_EQ(policy_.version, 1U);
  EXPECT_EQ(uh_agent_set_policy(&agent_, document, size), UH_OK);
}

TEST_F(Agent, ARuleMayNameOneSender) {
  uh_rule phone = {.role = 0, .sender = {}, .flags = 0, .command = "reboot"};
  std::copy_n(phone_.device_id.uuid().begin(), 16, phone.sender);
  uh_rule hub = phone;
  std::copy_n(hub_.device_id.uuid().begin(), 16, hub.sender);
  ASSERT_EQ(set_policy(2, {hub}), UH_OK);
  EXPECT_EQ(take(command("reboot")), UH_DENIED);
  ASSERT_EQ(set_policy(3, {phone}), UH_OK);
  EXPECT_EQ(take(command("reboot")), UH_OK);
}

// A delivery of this roster for the lock, by the product's own controller.
Bytes Agent::delivery(const identity::DeviceGroup& roster, Byte secret, ByteView policy) {
  std::array<Byte, 32> key{};
  key.fill(secret);
  return e2ee::seal_epoch(provider(), random_, roster,
                          e2ee::EpochSecret(SecretArray<32>::copy_of(key)), phone_.device_id,
                          phone_.signing(), lock_.device_id, policy)
      .value();
}

uh_status Agent::adopt(Bytes bytes) {
  const auto& identity = lock_.self().identity_key.private_key();
  const uh_member_self self = {.device = lock_.device_id.uuid().data(),
                               .identity_key = identity.expose().data(),
                               .owner = owner_.public_key().bytes().data(),
                               .listens = uh_listens_to_controllers,
                               .context = nullptr};
  return uh_agent_adopt(&agent_, &self, bytes.data(), bytes.size());
}

identity::DeviceGroup Agent::next_roster() {
  auto next = roster_;
  next.previous_hash = identity::hash_of(provider(), roster_);
  ++next.epoch;
  EXPECT_TRUE(identity::sign(provider(), owner_, next));
  return next;
}

TEST_F(Agent, TheOwnersPolicyComesWithTheKeysAndIsBelievedWhenAnOwnerSignedIt) {
  const auto next = next_roster();
  const auto signed_by = [&](const crypto::Ed25519KeyPair& owner, std::uint32_t version,
                             std::string command) {
    return identity::sign(
               provider(), owner,
               {.group_id = next.group_id,
                .device_id = lock_.device_id,
                .version = version,
                .issued_at = kNow,
                .rules = {{.role = {}, .sender = {}, .command = std::move(command)},
                          {.role = identity::GroupRole::hub, .sender = {}, .command = "off"}}})
        .value();
  };
  const auto thief = crypto::Ed25519KeyPair::generate(provider(), random_);
  EXPECT_EQ(take(command("reboot")), UH_DENIED);
  EXPECT_EQ(adopt(delivery(next, 9, signed_by(thief, 5, "reboot"))), UH_NOT_AN_OWNER);
  EXPECT_EQ(policy_.version, 1U);
  EXPECT_EQ(take(command("reboot")), UH_DENIED);  // of the epoch before, which stays readable
  // The epoch is known by now, as after a loss of power between the two: the policy is taken.
  EXPECT_EQ(adopt(delivery(next, 9, signed_by(owner_, 5, "reboot"))), UH_OK);
  EXPECT_EQ(take(command("reboot")), UH_OK);
  EXPECT_EQ(adopt(delivery(next, 9, signed_by(owner_, 4, "unlock"))), UH_STALE);
  EXPECT_EQ(policy_.version, 5U);
  start();
  ASSERT_EQ(uh_agent_load(&agent_), UH_OK);
  EXPECT_EQ(policy_.version, 5U);
}

TEST_F(Agent, TheNextEpochIsDeliveredByAnybody) {
  const auto next = next_roster();
  const auto sealed = delivery(next, 9);
  ASSERT_EQ(adopt(sealed), UH_OK);
  EXPECT_EQ(group_.current.number, 2U);
  std::array<Byte, 32> key{};
  key.fill(9);
  ASSERT_TRUE(
      phone_keys_->advance(provider(), next, e2ee::EpochSecret(SecretArray<32>::copy_of(key))));
  EXPECT_EQ(take(command("set 3")), UH_OK);
  EXPECT_EQ(adopt(sealed), UH_STALE);
  start();
  ASSERT_EQ(uh_agent_load(&agent_), UH_OK);
  EXPECT_EQ(group_.current.number, 2U);
}

TEST_F(Agent, NoChangedOrForeignDeliveryIsTakenOver) {
  auto foreign = next_roster();
  const auto stranger = crypto::Ed25519KeyPair::generate(provider(), random_);
  foreign.owners = {stranger.public_key()};
  ASSERT_TRUE(identity::sign(provider(), stranger, foreign));
  EXPECT_EQ(adopt(delivery(foreign, 9)), UH_NOT_AN_OWNER);
  const auto sealed = delivery(next_roster(), 9);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] ^= 1;
    EXPECT_NE(adopt(changed), UH_OK) << i;
    EXPECT_NE(adopt(Bytes(sealed.begin(), sealed.begin() + static_cast<std::ptrdiff_t>(i))), UH_OK)
        << i;
  }
  EXPECT_EQ(group_.current.number, 1U);
  // Flash that does not take it: the epoch before goes on.
  flash_.cut_after(50);
  EXPECT_EQ(adopt(sealed), UH_STORAGE);
  start();
  ASSERT_EQ(uh_agent_load(&agent_), UH_OK);
  EXPECT_EQ(group_.current.number, 1U);
  EXPECT_EQ(adopt(sealed), UH_OK);
}

TEST_F(Agent, PayloadsAndPoliciesThatAreGarbageChangeNothing) {
  const auto before = group_;
  for (int i = 0; i < 2'000; ++i) {
    Bytes garbage(random_.next() % 200);
    random_.fill(garbage);
    EXPECT_NE(take(garbage), UH_OK);
    EXPECT_NE(uh_agent_set_policy(&agent_, garbage.data(), garbage.size()), UH_OK);
    EXPECT_NE(adopt(garbage), UH_OK);
  }
  EXPECT_EQ(std::memcmp(&before, &group_, sizeof before), 0);
}

}  // namespace
}  // namespace unhidra::firmware
