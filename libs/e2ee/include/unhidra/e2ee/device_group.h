#pragma once
// One member's keys of one device group (UDG-1): seals what it publishes and opens what the others
// published, through a broker that is trusted with nothing but delivery. docs/security.md, "Device
// groups".
//
// An epoch's secret comes from the controller that drew it, over the pairwise channel or sealed
// (docs/decisions/0044); the roster that belongs to it is signed by the group's owners. Keys of the
// epoch before stay until the caller forgets them, so that what is under way still opens.
//
// Threads: none; one caller at a time. A failed call changes nothing.

#include <map>
#include <memory>

#include "unhidra/base/id.h"
#include "unhidra/crypto/keys.h"
#include "unhidra/e2ee/group_content.h"
#include "unhidra/identity/device_group.h"

namespace unhidra::e2ee {

using EpochSecret = SecretArray<32>;

struct GroupLimits {
  // Counters that one payload may be ahead of the last; checked before a key is derived.
  std::uint32_t max_jump = 65'536;
  // Keys of payloads that may still come, for each sender and epoch; the oldest go first.
  std::size_t max_kept_keys = 64;
  // Topics for each sender whose retained payload can be opened again; the oldest go first.
  std::size_t max_retained_topics = 256;
};

struct OpenedPayload {
  identity::GroupMember sender;
  identity::GroupPayloadHeader header;
  GroupContent content;
};

class DeviceGroupKeys {
 public:
  // `roster` was given to this member by `owner`, whom it has known since it was commissioned.
  // identity::Errc, Errc::wrong_device when this member is not in it.
  static Result<DeviceGroupKeys> join(const crypto::Provider& provider,
                                      const crypto::Ed25519PublicKey& owner,
                                      identity::DeviceGroup roster, EpochSecret secret,
                                      DeviceId self, const GroupLimits& limits = {});
  // The next epoch. From now on this member seals for it alone; the epoch before can still be
  // opened, but not from members who are no longer in the roster.
  Status advance(const crypto::Provider& provider, identity::DeviceGroup roster,
                 EpochSecret secret);
  // Wipes the keys of the epoch before.
  void forget_previous();

  DeviceGroupKeys(DeviceGroupKeys&&) noexcept;
  DeviceGroupKeys& operator=(DeviceGroupKeys&&) noexcept;
  ~DeviceGroupKeys();

  const identity::DeviceGroup& roster() const;

  // Counters are taken in blocks, and a block is stored before one of it is used: store
  // serialize() after this call and before the next seal(). What is read back starts behind the
  // last block that was taken, so that no counter is used twice, whenever the power went. Answers
  // how many counters may be used now. Errc::exhausted: the epoch has none left.
  Result<std::uint32_t> reserve_counters();
  std::uint32_t reserved_counters() const;

  // Errc::exhausted: reserve_counters() first.
  Result<Bytes> seal(const crypto::Provider& provider, const crypto::Ed25519KeyPair& signing,
                     std::string_view topic, identity::PayloadKind kind, bool retained,
                     const GroupContent& content);
  // `delivered_as_retained` is the RETAIN flag of the PUBLISH: a broker that keeps what its sender
  // did not ask to be kept is refused. A retained payload opens any number of times, until a newer
  // one of its topic has come (then Errc::stale). Everything else opens once (Errc::duplicate).
  Result<OpenedPayload> open(const crypto::Provider& provider, std::string_view topic,
                             ByteView payload, bool delivered_as_retained);

  // Versioned; everything but the signing key. Store it before acting on what was opened: a state
  // that was brought back opens the same command again. Errc::bad_stored_session.
  SecretBytes serialize() const;
  static Result<DeviceGroupKeys> deserialize(const crypto::Provider& provider, ByteView stored,
                                             const GroupLimits& limits = {});

 private:
  struct Impl;
  explicit DeviceGroupKeys(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Whether a command may still be acted on. `now` is what this device believes the time to be, or at
// least how late it knows it is; `expected` the challenge it gave out, if it did. Errc::stale.
Status check_command(const GroupContent& command, Timestamp now,
                     const std::optional<Challenge>& expected);

}  // namespace unhidra::e2ee
