// What a device obeys, and what it does not.
#include "agent_world.h"

namespace unhidra::firmware {
namespace {

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
