#pragma once
// The device core with its pairwise channel, and its owner's controller, which is the product's own
// end-to-end core. What goes between them is the test's business.

#include <cstring>

#include <gtest/gtest.h>

#include "unhidra/e2ee/device_channel.h"
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
using namespace std::chrono_literals;

inline constexpr const char* kAnswers = "devices/lamp/channel/phone/answer";
inline constexpr const char* kPrekeys = "devices/lamp/prekeys";

// A device that an owner's key was told to; everything else comes over its channel.
class CoreDevice {
 public:
  CoreDevice(std::uint64_t number, RandomSource& random, const crypto::Ed25519PublicKey& owner,
             std::uint32_t seed = 1)
      : device(number, random), flash(4096, 20, seed), owner_(owner) {
    const auto& seed_bytes = device.signing().private_key().expose();
    const auto& identity = device.self().identity_key.private_key().expose();
    std::copy(seed_bytes.begin(), seed_bytes.end(), signing_seed_);
    std::copy(identity.begin(), identity.end(), identity_key_);
    std::copy(device.device_id.uuid().begin(), device.device_id.uuid().end(), id_);
    start();
  }

  // Everything in memory is new.
  void start() {
    flash.restart();
    group = {};
    policy = {};
    clock = {};
    uptime = 1;
    uh_clock_set(&clock, millis(kNow), uptime);  // its host has one
    ASSERT_EQ(uh_journal_open(&group_journal_, flash.get(), 0, 2), UH_OK);
    ASSERT_EQ(uh_journal_open(&policy_journal_, flash.get(), 4, 1), UH_OK);
    ASSERT_EQ(uh_counters_open(&counters_, flash.get(), 6, 1), UH_OK);
    ASSERT_EQ(uh_ring_open(&ring, flash.get(), 8, 8), UH_OK);
    const uh_channel_parts parts = {.device = id_,
                                    .identity_key = identity_key_,
                                    .signing_seed = signing_seed_,
                                    .work = work_,
                                    .work_size = sizeof work_};
    ASSERT_EQ(uh_channel_open(&channel, &parts, flash.get(), 16, 2), UH_OK);
    const uh_agent_parts agent_parts = {.group = &group,
                                        .group_journal = &group_journal_,
                                        .policy = &policy,
                                        .policy_journal = &policy_journal_,
                                        .counters = &counters_,
                                        .ring = &ring,
                                        .clock = &clock,
                                        .channel = &channel,
                                        .signing_seed = signing_seed_,
                                        .work = work_,
                                        .work_size = sizeof work_};
    uh_agent_init(&agent, &agent_parts);
    const auto loaded = uh_agent_load(&agent);
    ASSERT_TRUE(loaded == UH_OK || loaded == UH_STATE) << loaded;
  }

  uh_member_self self() const {
    return {.device = id_,
            .identity_key = identity_key_,
            .owner = owner_.bytes().data(),
            .listens = uh_listens_to_controllers,
            .context = nullptr};
  }
  uh_status hear(Bytes payload) {
    taken_ = std::move(payload);
    const auto own = self();
    return uh_agent_hear(&agent, &own, taken_.data(), taken_.size(), kAnswers, uptime, &heard);
  }
  uh_status adopt(Bytes delivery) {
    const auto own = self();
    return uh_agent_adopt(&agent, &own, delivery.data(), delivery.size());
  }
  std::string command() const {
    return std::string(heard.command.name, heard.command.name_size) +
           (heard.command.arguments_size == 0 ? "" : " ") +
           std::string(heard.command.arguments, heard.command.arguments_size);
  }
  uh_status answer(const char* text) {
    return uh_agent_answer(&agent, kAnswers, &heard.command, text, uptime);
  }
  // What it published last; nothing when there is no news of it.
  std::optional<Bytes> publish() {
    const auto before = ring.next;
    EXPECT_EQ(uh_agent_publish_prekeys(&agent, kPrekeys, uptime), UH_OK);
    return ring.next == before ? std::nullopt : std::optional(said(ring.next - 1, kPrekeys));
  }
  Bytes published() {
    channel.has_news = true;
    return *publish();
  }
  // A payload that waits in the ring; the topic is checked.
  Bytes said(std::uint32_t message, std::string_view topic) {
    std::uint8_t entry[2048];
    std::size_t size = 0;
    EXPECT_EQ(uh_ring_read(&ring, message, entry, sizeof entry, &size), UH_OK);
    const std::size_t topic_size = entry[1] * 256U + entry[2];
    EXPECT_EQ(std::string(entry + 3, entry + 3 + topic_size), topic);
    return {entry + 3 + topic_size, entry + size};
  }
  Bytes last_answer() { return said(ring.next - 1, kAnswers); }
  static std::uint64_t millis(Timestamp at) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count());
  }

  TestDevice device;
  FakeFlash flash;
  uh_group group{};
  uh_policy policy{};
  uh_ring ring{};
  uh_clock clock{};
  uh_channel channel{};
  uh_agent agent{};
  uh_heard heard{};
  std::uint64_t uptime = 1;

 private:
  crypto::Ed25519PublicKey owner_;
  uh_journal group_journal_{};
  uh_journal policy_journal_{};
  uh_counters counters_{};
  std::uint8_t id_[16];
  std::uint8_t signing_seed_[32];
  std::uint8_t identity_key_[32];
  std::uint8_t work_[UH_GROUP_STORED_SIZE];
  Bytes taken_;
};

// An owner with a group, and one controller's end of a device's channel.
class Owner {
 public:
  explicit Owner(RandomSource& random)
      : random_(random), key(crypto::Ed25519KeyPair::generate(provider(), random)) {
    group.group_id = id_of<DeviceGroupId>(5);
    group.epoch = 0;
  }
  // The next epoch.
  void rotate(std::vector<identity::GroupMember> members) {
    if (group.epoch > 0) {
      group.previous_hash = identity::hash_of(provider(), group);
    }
    ++group.epoch;
    group.issued_at = kNow;
    group.owners = {key.public_key()};
    group.topic_filters = {"devices/#"};
    group.members = std::move(members);
    ASSERT_TRUE(identity::sign(provider(), key, group));
    secret = random_.secret_array<32>();
  }
  Bytes policy(DeviceId device, std::string command = "*") const {
    return identity::sign(provider(), key,
                          {.group_id = group.group_id,
                           .device_id = device,
                           .version = group.epoch,
                           .issued_at = kNow,
                           .rules = {{.role = GroupRole::controller,
                                      .sender = {},
                                      .command = std::move(command),
                                      .challenge = false}}})
        .value();
  }

  RandomSource& random_;
  crypto::Ed25519KeyPair key;
  identity::DeviceGroup group;
  e2ee::EpochSecret secret;
};

class Phone {
 public:
  Phone(std::uint64_t number, RandomSource& random, const identity::DeviceKeys& of)
      : device(number, random), channel(of), random_(random) {}

  identity::GroupMember member(GroupRole role = GroupRole::controller) const {
    return {device.keys(), role};
  }
  Result<bool> take(ByteView prekeys) {
    return channel.take_prekeys(provider(), random_, device.self(), prekeys, kNow);
  }
  Result<Bytes> epoch(const Owner& owner, ByteView policy = {}) {
    return channel.seal_epoch(provider(), random_, device.self(), owner.group, owner.secret, policy,
                              kNow);
  }
  Result<Bytes> command(std::string_view text, std::optional<e2ee::Challenge> challenge = {}) {
    ++request[0];
    return channel.seal_command(provider(), random_, device.self(),
                                {.sent_at = kNow,
                                 .not_after = kNow + 30s,
                                 .request_id = request,
                                 .challenge = challenge,
                                 .body = to_bytes(text)},
                                kNow);
  }
  Result<e2ee::ChannelAnswer> open(ByteView answer) {
    return channel.open(provider(), device.self(), answer, kNow);
  }

  TestDevice device;
  e2ee::DeviceChannel channel;
  e2ee::RequestId request{};

 private:
  RandomSource& random_;
};

}  // namespace unhidra::firmware
