#pragma once
// The roster of a device group: who may read and send under which topics. Its owners sign it with
// their account keys, so that a broker, or the authority that issues TLS certificates, can neither
// add a member nor bring back an old one. A roster is an epoch: every new one comes with new keys.
// Byte layout: docs/security.md, "Device groups".

#include <optional>
#include <string>
#include <vector>

#include "unhidra/identity/device_list.h"

namespace unhidra::identity {

// What a member is to the others. All of them read; what each may command is the device's own
// policy.
enum class GroupRole : std::uint8_t {
  device = 1,      // a sensor, an actuator
  controller = 2,  // a person's client
  hub = 3,         // runs rules or understands speech; a member like any other, and seen as one
  compliance = 4,  // reads for the record; visible to all
};

struct GroupMember {
  DeviceKeys keys;
  GroupRole role = GroupRole::device;
  friend bool operator==(const GroupMember&, const GroupMember&) = default;
};

inline constexpr std::size_t kMaxGroupMembers = 1'000;
inline constexpr std::size_t kMaxGroupOwners = 8;
inline constexpr std::size_t kMaxGroupFilters = 32;
inline constexpr std::size_t kMaxGroupFilterSize = 256;  // bytes of one topic filter

struct DeviceGroup {
  DeviceGroupId group_id;
  std::uint32_t epoch = 1;        // 1 for the first roster, one more for each that follows
  ByteArray<32> previous_hash{};  // hash_of() the roster before; zeros for epoch 1
  Timestamp issued_at{};
  std::vector<crypto::Ed25519PublicKey> owners;  // account keys, ascending; may sign the next one
  std::vector<std::string> topic_filters;        // MQTT filters, ascending, at least one
  std::vector<GroupMember> members;              // by ascending device id; may be empty
  crypto::Ed25519PublicKey signer;               // the account key that signed
  crypto::Signature signature;

  const GroupMember* find(DeviceId device_id) const;
  friend bool operator==(const DeviceGroup&, const DeviceGroup&) = default;
};

// Sorts owners, filters and members, fills signer and signature. Fails as decode would for the
// result.
Status sign(const crypto::Provider& provider, const crypto::Ed25519KeyPair& owner,
            DeviceGroup& group);

Bytes encode(const DeviceGroup& group);
// Structure and limits only: call verify() or check_successor() before believing a word of it.
Result<DeviceGroup> decode_device_group(ByteView document);

// The signature and every key. Proves that `signer` signed, not that it was allowed to.
Status verify(const crypto::Provider& provider, const DeviceGroup& group);

// The first roster that a device sees of a group, of whatever epoch: signed by `owner`, which the
// device learned when it was commissioned (QR or code) and which is one of the owners.
// Errc::not_an_owner.
Status check_first(const crypto::Provider& provider, const crypto::Ed25519PublicKey& owner,
                   const DeviceGroup& group);
// May `next` follow `known`, which was checked before? Signed by an owner of `known`
// (not_an_owner), a later epoch (stale_version; forked when it is the same with other content),
// linked when it is the very next, and unchanged keys of members that stand in both
// (device_changed). Epochs slept through are accepted as long as an owner of `known` signed.
Status check_successor(const crypto::Provider& provider, const DeviceGroup& known,
                       const DeviceGroup& next);

// What the next roster names as previous_hash, and what an epoch's keys are bound to.
ByteArray<32> hash_of(const crypto::Provider& provider, const DeviceGroup& group);

}  // namespace unhidra::identity
