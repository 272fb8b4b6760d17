// The engine's doors to device groups.

#include <algorithm>

#include "engine_impl.h"

namespace unhidra::client {

namespace {
// The account's key may come by another way than through a device group.
constexpr std::chrono::hours kLongestWait{1};
}  // namespace

Result<crypto::Ed25519PublicKey> Engine::Impl::device_owner_key() const {
  UNHIDRA_TRY_VOID(need_enrolled());
  const auto user = users_.find(self_->user);
  if (user == users_.end() || !user->second.list) {
    return fail(Errc::not_approved, "this device does not know its account's key yet");
  }
  return user->second.list->account_key;
}

Result<bool> Engine::Impl::device_groups_wait() {
  const auto now = clock_.now();
  if (now >= groups_seen_ && now < groups_next_) {
    return false;
  }
  return command([&]() -> Result<bool> {
    UNHIDRA_TRY(const auto outlook, device_groups_.look());
    groups_seen_ = now;
    groups_next_ = outlook.waiting ? Timestamp() : std::min(outlook.again, now + kLongestWait);
    return outlook.waiting;
  });
}

Result<DeviceGroupId> Engine::create_device_group(std::string_view name,
                                                  std::vector<std::string> topic_filters) {
  return impl_->change_device_groups(
      [&] { return impl_->device_groups().create(name, std::move(topic_filters)); });
}
Status Engine::set_device_group_members(DeviceGroupId group,
                                        std::vector<identity::GroupMember> others,
                                        DeviceRules rules) {
  return impl_->change_device_groups([&] {
    return impl_->device_groups().set_members(group, std::move(others), std::move(rules));
  });
}
Status Engine::renew_device_group_every(DeviceGroupId group, std::chrono::seconds age) {
  return impl_->change_device_groups(
      [&] { return impl_->device_groups().renew_every(group, age); });
}
Result<bool> Engine::device_groups_wait() {
  return impl_->device_groups_wait();
}
Result<std::vector<DeviceGroupId>> Engine::renew_device_groups() {
  return impl_->change_device_groups([&] { return impl_->device_groups().renew(); });
}
Status Engine::device_group_told(DeviceGroupId group, std::uint32_t epoch) {
  return impl_->change_device_groups([&] { return impl_->device_groups().told(group, epoch); });
}
Result<std::vector<MemberDelivery>> Engine::device_group_deliveries(DeviceGroupId group) {
  return impl_->command([&] { return impl_->device_groups().deliveries(group); });
}
Result<DeviceGroupId> Engine::take_device_group(std::string_view name, ByteView delivery) {
  return impl_->change_device_groups([&]() -> Result<DeviceGroupId> {
    UNHIDRA_TRY(const auto owner, impl_->device_owner_key());
    return impl_->device_groups().take(name, owner, delivery);
  });
}
Status Engine::forget_device_group(DeviceGroupId group) {
  return impl_->change_device_groups([&] { return impl_->device_groups().forget(group); });
}
Result<Bytes> Engine::seal_for_devices(DeviceGroupId group, std::string_view topic,
                                       identity::PayloadKind kind, bool retained,
                                       const e2ee::GroupContent& content) {
  return impl_->command(
      [&] { return impl_->device_groups().seal(group, topic, kind, retained, content); });
}
Result<Engine::FromDevice> Engine::open_from_devices(std::string_view topic, ByteView payload,
                                                     bool retained) {
  return impl_->command([&] { return impl_->device_groups().open(topic, payload, retained); });
}
Result<bool> Engine::take_device_prekeys(DeviceId device, ByteView document) {
  return impl_->command([&] { return impl_->device_groups().take_prekeys(device, document); });
}
Result<bool> Engine::has_device_channel(DeviceId device) const {
  return impl_->device_groups().has_channel(device);
}
Result<Bytes> Engine::seal_for_device(DeviceId device, const e2ee::GroupContent& command) {
  return impl_->command([&] { return impl_->device_groups().seal_for(device, command); });
}
Result<e2ee::ChannelAnswer> Engine::open_from_device(DeviceId device, ByteView payload) {
  return impl_->command([&] { return impl_->device_groups().open_from(device, payload); });
}
Result<identity::DeviceKeys> Engine::own_device_keys() const {
  UNHIDRA_TRY_VOID(impl_->need_enrolled());
  return impl_->self()->keys();
}
Result<crypto::Ed25519PublicKey> Engine::device_owner_key() const {
  return impl_->device_owner_key();
}
Result<std::vector<DeviceGroupView>> Engine::device_groups() const {
  return impl_->device_groups().list();
}

}  // namespace unhidra::client
