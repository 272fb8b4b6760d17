// The engine's doors to device groups.

#include "engine_impl.h"

namespace unhidra::client {

Result<crypto::Ed25519PublicKey> Engine::Impl::device_owner_key() const {
  UNHIDRA_TRY_VOID(need_enrolled());
  const auto user = users_.find(self_->user);
  if (user == users_.end() || !user->second.list) {
    return fail(Errc::not_approved, "this device does not know its account's key yet");
  }
  return user->second.list->account_key;
}

Result<DeviceGroupId> Engine::create_device_group(std::string_view name,
                                                  std::vector<std::string> topic_filters) {
  return impl_->command(
      [&] { return impl_->device_groups().create(name, std::move(topic_filters)); });
}
Status Engine::set_device_group_members(DeviceGroupId group,
                                        std::vector<identity::GroupMember> others,
                                        DeviceRules rules) {
  return impl_->command([&] {
    return impl_->device_groups().set_members(group, std::move(others), std::move(rules));
  });
}
Result<std::vector<MemberDelivery>> Engine::device_group_deliveries(DeviceGroupId group) {
  return impl_->command([&] { return impl_->device_groups().deliveries(group); });
}
Result<DeviceGroupId> Engine::take_device_group(std::string_view name, ByteView delivery) {
  return impl_->command([&]() -> Result<DeviceGroupId> {
    UNHIDRA_TRY(const auto owner, impl_->device_owner_key());
    return impl_->device_groups().take(name, owner, delivery);
  });
}
Status Engine::forget_device_group(DeviceGroupId group) {
  return impl_->command([&] { return impl_->device_groups().forget(group); });
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
