#pragma once
// The keys of one epoch of a device group, as one member holds them.

#include <map>

#include "unhidra/e2ee/device_group.h"

#include "group_chain.h"

namespace unhidra::e2ee {

using TopicHash = ByteArray<32>;

// What a sender's payloads of the past may still be opened with.
struct SenderKeys {
  struct Retained {
    std::uint32_t counter = 0;
    SecretArray<32> key;
  };
  DeviceId device;
  GroupChain chain;
  std::map<std::uint32_t, SecretArray<32>> kept;  // passed over, by counter
  std::map<TopicHash, Retained> retained;         // the newest of each topic
};

// What opening found out; committed when the tag has matched.
struct StagedKey {
  SecretArray<32> key;
  GroupChain chain;  // where the sender's chain goes
  std::map<std::uint32_t, SecretArray<32>> passed;
  bool advances = false;  // otherwise `key` is a kept or a retained one
};

class GroupEpoch {
 public:
  // The secret is used up: every member's chain is started, and only the chains are kept.
  static GroupEpoch start(const crypto::Provider& provider, identity::DeviceGroup roster,
                          EpochSecret secret, DeviceId self);

  const identity::DeviceGroup& roster() const { return roster_; }
  GroupChain& own() { return own_; }
  const GroupChain& own() const { return own_; }
  // Null for this member itself and for everybody outside the roster.
  SenderKeys* find(const identity::SenderTag& tag);

  std::size_t stored_size() const;
  void serialize(SecretWriter& out) const;
  static Result<GroupEpoch> deserialize(StoredReader& in, DeviceId self);

 private:
  identity::DeviceGroup roster_;
  GroupChain own_;
  std::map<identity::SenderTag, SenderKeys> senders_;
};

// Errc::duplicate, Errc::too_far_ahead, Errc::stale.
Result<StagedKey> find_key(const crypto::Provider& provider, const SenderKeys& sender,
                           const identity::GroupPayloadHeader& header, const TopicHash& topic,
                           const GroupLimits& limits);
void commit(SenderKeys& sender, StagedKey staged, const identity::GroupPayloadHeader& header,
            const TopicHash& topic, const GroupLimits& limits);

}  // namespace unhidra::e2ee
