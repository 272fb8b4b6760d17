#pragma once
// Pairwise channels with the devices of device groups that this device leads. A channel's record is
// read anew for each call; nothing of it stays in memory. Table::device_channel; key: device id.

#include <optional>

#include "unhidra/client/device_groups.h"
#include "unhidra/e2ee/device_channel.h"

#include "environment.h"
#include "records.h"

namespace unhidra::client {

class DeviceChannels {
 public:
  // `self` is there when anything but distrust_all() is called.
  DeviceChannels(const Environment& env, const std::optional<Self>& self)
      : env_(env), self_(self) {}

  // Whether a session with the device was ever begun.
  Result<bool> is_begun(DeviceId device) const;
  // True when a session was begun. As e2ee::DeviceChannel::take_prekeys().
  Result<bool> take_prekeys(const identity::DeviceKeys& keys, ByteView document);
  // Nothing: no session was ever begun with the device of these keys.
  Result<std::optional<MemberDelivery>> deliver(const identity::DeviceKeys& keys,
                                                const identity::DeviceGroup& roster,
                                                const e2ee::EpochSecret& secret, ByteView policy);
  // Errc::not_found, e2ee::Errc.
  Result<Bytes> seal(DeviceId device, const e2ee::GroupContent& command);
  Result<e2ee::ChannelAnswer> open(DeviceId device, ByteView payload);
  // The store is an old copy: keys of its sessions may have been used.
  Status distrust_all();

 private:
  e2ee::LocalDevice local() const { return {self_->device, self_->identity}; }
  Result<std::optional<e2ee::DeviceChannel>> find(DeviceId device) const;
  Result<std::optional<e2ee::DeviceChannel>> find(const identity::DeviceKeys& keys) const;
  Result<e2ee::DeviceChannel> begun(DeviceId device) const;
  void save(const e2ee::DeviceChannel& channel);

  const Environment& env_;
  const std::optional<Self>& self_;
};

}  // namespace unhidra::client
