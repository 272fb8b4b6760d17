#pragma once
// Device groups as the engine keeps them: rosters that this account signs, epochs, and payloads to
// and from devices. A group's record is read anew for each call; nothing of it stays in memory.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/client/engine.h"

#include "device_channels.h"
#include "device_group_record.h"
#include "device_states.h"
#include "environment.h"
#include "records.h"

namespace unhidra::client {

// What its calls answer stands at those of the engine.
class DeviceGroupDesk {
 public:
  // `self` is there when anything but list() and distrust_channels() is called; `account` when this
  // device has the account's key.
  DeviceGroupDesk(const Environment& env, const std::optional<Self>& self,
                  const std::optional<crypto::Ed25519KeyPair>& account)
      : env_(env), self_(self), account_(account) {}

  Result<DeviceGroupId> create(std::string_view name, std::vector<std::string> topic_filters);
  Status set_members(DeviceGroupId id, std::vector<identity::GroupMember> others,
                     DeviceRules rules);
  Result<std::vector<MemberDelivery>> deliveries(DeviceGroupId id);

  // ---- new keys by time, where this device made the present epoch ----
  Status renew_every(DeviceGroupId id, std::chrono::seconds age);
  struct Outlook {
    bool waiting = false;  // keys are due, or members have not been told theirs
    Timestamp again;       // when to look again, if nothing changes and the clock is not set back
  };
  Result<Outlook> look();
  Result<std::vector<DeviceGroupId>> renew();
  Status told(DeviceGroupId id, std::uint32_t epoch);

  // `owner`: the key that signs the rosters of this account.
  Result<DeviceGroupId> take(std::string_view name, const crypto::Ed25519PublicKey& owner,
                             ByteView delivery);
  Status forget(DeviceGroupId id);
  Result<std::vector<DeviceGroupView>> list() const;

  // ---- payloads for all of a group ----
  Result<Bytes> seal(DeviceGroupId id, std::string_view topic, identity::PayloadKind kind,
                     bool retained, const e2ee::GroupContent& content);
  Result<Engine::FromDevice> open(std::string_view topic, ByteView payload, bool retained);

  // ---- and for one device ----
  Result<bool> take_prekeys(DeviceId device, ByteView document);
  Result<bool> has_channel(DeviceId device) const { return channels_.is_begun(device); }
  Result<Bytes> seal_for(DeviceId device, const e2ee::GroupContent& command) {
    return channels_.seal(device, command);
  }
  Result<e2ee::ChannelAnswer> open_from(DeviceId device, ByteView payload) {
    return channels_.open(device, payload);
  }
  Status distrust_channels() { return channels_.distrust_all(); }

 private:
  void save(const DeviceGroupRecord& record);
  Status begin_epoch(DeviceGroupRecord& record, std::vector<identity::GroupMember> members,
                     DeviceRules rules);
  bool leads(const DeviceGroupRecord& record) const { return account_ && record.secret; }
  Result<DeviceGroupRecord> record(DeviceGroupId id) const;
  Result<std::vector<DeviceGroupRecord>> records() const;
  Result<Bytes> policy_of(const identity::DeviceGroup& roster, DeviceId device,
                          const std::vector<identity::DeviceRule>& rules) const;
  Status check_rules(const identity::DeviceGroup& roster, const DeviceRules& rules) const;

  const Environment& env_;
  const std::optional<Self>& self_;
  const std::optional<crypto::Ed25519KeyPair>& account_;
  DeviceChannels channels_{env_, self_};
  DeviceStates states_{env_};
};

}  // namespace unhidra::client
