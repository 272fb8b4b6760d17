#pragma once
// A device in its group, with everything around it in memory: its controllers are the product's own
// end-to-end core.

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

using e2ee::id_of;
using e2ee::kNow;
using e2ee::provider;
using e2ee::TestDevice;
using identity::GroupRole;
using identity::PayloadKind;
using namespace std::chrono_literals;

inline constexpr const char* kCommands = "devices/lock/commands";
inline constexpr const char* kResults = "devices/lock/results";

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
                                  .channel = nullptr,
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

  // ---- what is wanted of it
  void allow_wishes(std::uint8_t role = UH_CONTROLLER) {
    ASSERT_EQ(set_policy(2, {{.role = role, .sender = {}, .flags = 0, .command = "twin"}}), UH_OK);
  }
  e2ee::DeviceGroupKeys member_keys(const TestDevice& member) {
    return e2ee::DeviceGroupKeys::join(provider(), owner_.public_key(), roster_,
                                       e2ee::EpochSecret(secret_.clone()), member.device_id)
        .value();
  }
  static Bytes sealed_wish(e2ee::DeviceGroupKeys& keys, const TestDevice& by,
                           std::string_view document, Timestamp sent_at) {
    if (keys.reserved_counters() == 0) {
      EXPECT_TRUE(keys.reserve_counters());
    }
    return keys
        .seal(provider(), by.signing(), "devices/lock/twin/desired", PayloadKind::state, true,
              {.sent_at = sent_at,
               .not_after = {},
               .request_id = {},
               .challenge = {},
               .body = to_bytes(document)})
        .value();
  }
  Bytes wished(std::string_view document, Timestamp sent_at) {
    return sealed_wish(*phone_keys_, phone_, document, sent_at);
  }
  uh_status desire(Bytes payload) {
    taken_ = std::move(payload);
    constexpr std::string_view kTopic = "devices/lock/twin/desired";
    return uh_agent_desired(&agent_, kTopic.data(), kTopic.size(), taken_.data(), taken_.size(),
                            uptime_, &desired_);
  }
  void power_cut() {
    start();
    ASSERT_EQ(uh_agent_load(&agent_), UH_OK);
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
  uh_desired desired_{};
  std::uint8_t seed_[32];
  std::uint8_t work_[UH_GROUP_STORED_SIZE];
  Bytes taken_;
  std::uint64_t uptime_ = 1;
};

// A delivery of this roster for the lock, by the product's own controller.
inline Bytes Agent::delivery(const identity::DeviceGroup& roster, Byte secret, ByteView policy) {
  std::array<Byte, 32> key{};
  key.fill(secret);
  return e2ee::seal_epoch(provider(), random_, roster,
                          e2ee::EpochSecret(SecretArray<32>::copy_of(key)), phone_.device_id,
                          phone_.signing(), lock_.device_id, policy)
      .value();
}

inline uh_status Agent::adopt(Bytes bytes) {
  const auto& identity = lock_.self().identity_key.private_key();
  const uh_member_self self = {.device = lock_.device_id.uuid().data(),
                               .identity_key = identity.expose().data(),
                               .owner = owner_.public_key().bytes().data(),
                               .listens = uh_listens_to_controllers,
                               .context = nullptr};
  return uh_agent_adopt(&agent_, &self, bytes.data(), bytes.size());
}

inline identity::DeviceGroup Agent::next_roster() {
  auto next = roster_;
  next.previous_hash = identity::hash_of(provider(), roster_);
  ++next.epoch;
  EXPECT_TRUE(identity::sign(provider(), owner_, next));
  return next;
}

}  // namespace unhidra::firmware
