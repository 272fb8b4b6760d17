// Pairwise channels with the devices of device groups that this device leads. A channel's record is
// read anew for each call; nothing of it stays in memory. Table::device_channel; key: device id.

#include <algorithm>

#include "engine_impl.h"
#include "record_codec.h"

namespace unhidra::client {

namespace {

constexpr std::uint8_t kChannelVersion = 1;

Result<e2ee::DeviceChannel> read_channel(const crypto::Provider& provider, ByteView stored) {
  ByteReader in(stored);
  static_cast<void>(read_version(in, kChannelVersion));
  const auto bytes = in.bytes(in.remaining());
  UNHIDRA_TRY_VOID(finish_record(in, "channel of a device"));
  return e2ee::DeviceChannel::deserialize(provider, bytes);
}

}  // namespace

std::string prekeys_topic(DeviceId device) {
  return "devices/" + device.to_string() + "/prekeys";
}
std::string channel_topic(DeviceId device, DeviceId controller) {
  return "devices/" + device.to_string() + "/channel/" + controller.to_string();
}
std::string channel_answer_topic(DeviceId device, DeviceId controller) {
  return channel_topic(device, controller) + "/answer";
}

void Engine::Impl::save(const e2ee::DeviceChannel& channel) {
  const auto stored = channel.serialize();
  auto out = record_writer(kChannelVersion, stored.size() + 5);
  out.bytes(stored.expose());
  tx_.put(Table::device_channel, channel.device().device_id.bytes(), seal(std::move(out)));
}

Result<std::optional<e2ee::DeviceChannel>> Engine::Impl::device_channel(DeviceId device) const {
  UNHIDRA_TRY(const auto stored, tx_.get(Table::device_channel, device.bytes()));
  if (!stored) {
    return std::nullopt;
  }
  UNHIDRA_TRY(auto channel, read_channel(crypto_, stored->expose()));
  return std::optional(std::move(channel));
}

// A device that was given other keys is another device.
Result<std::optional<e2ee::DeviceChannel>> Engine::Impl::device_channel(
    const identity::DeviceKeys& keys) const {
  UNHIDRA_TRY(auto channel, device_channel(keys.device_id));
  return channel && channel->device() == keys ? std::move(channel) : std::nullopt;
}

Result<e2ee::DeviceChannel> Engine::Impl::begun_channel(DeviceId device) const {
  UNHIDRA_TRY(auto channel, device_channel(device));
  if (!channel || !channel->is_begun()) {
    return fail(Errc::not_found, "there is no pairwise channel with this device");
  }
  return std::move(*channel);
}

Result<bool> Engine::Impl::take_device_prekeys(DeviceId device, ByteView document) {
  UNHIDRA_TRY(const auto groups, device_groups());
  const identity::GroupMember* member = nullptr;
  for (const auto& group : groups) {
    const auto* found = group.controller ? group.roster.find(device) : nullptr;
    member = found != nullptr && found->role == identity::GroupRole::device ? found : member;
  }
  if (member == nullptr) {
    return fail(Errc::not_in_group, "the device is in no group that this one leads");
  }
  UNHIDRA_TRY(auto known, device_channel(member->keys));
  auto channel = known ? std::move(*known) : e2ee::DeviceChannel(member->keys);
  UNHIDRA_TRY(const auto begun,
              channel.take_prekeys(crypto_, random_, local(), document, clock_.now()));
  save(channel);
  return begun;
}

Result<bool> Engine::Impl::has_device_channel(DeviceId device) const {
  UNHIDRA_TRY(const auto channel, device_channel(device));
  return channel && channel->is_begun();
}

// What was ever sent over a channel is not sent in a weaker way afterwards, whatever the broker
// withholds.
Result<MemberDelivery> Engine::Impl::delivery_by_channel(e2ee::DeviceChannel channel,
                                                         const identity::DeviceGroup& roster,
                                                         const e2ee::EpochSecret& secret,
                                                         ByteView policy) {
  const auto device = channel.device().device_id;
  MemberDelivery out{.member = device,
                     .topic = channel_topic(device, self_->device),
                     .bytes = {},
                     .by_channel = true};
  if (channel.can_seal(clock_.now())) {
    UNHIDRA_TRY(out.bytes, channel.seal_epoch(crypto_, random_, local(), roster, secret, policy,
                                              clock_.now()));
    save(channel);
  }
  return out;
}

Result<Bytes> Engine::Impl::seal_for_device(DeviceId device, const e2ee::GroupContent& command) {
  UNHIDRA_TRY(auto channel, begun_channel(device));
  UNHIDRA_TRY(auto out, channel.seal_command(crypto_, random_, local(), command, clock_.now()));
  save(channel);
  return out;
}

Result<e2ee::ChannelAnswer> Engine::Impl::open_from_device(DeviceId device, ByteView payload) {
  UNHIDRA_TRY(auto channel, begun_channel(device));
  UNHIDRA_TRY(auto out, channel.open(crypto_, local(), payload, clock_.now()));
  save(channel);
  return out;
}

// The store is an old copy: keys of its sessions may have been used.
Status Engine::Impl::distrust_device_channels() {
  UNHIDRA_TRY(const auto records, tx_.load(Table::device_channel));
  for (const auto& stored : records) {
    UNHIDRA_TRY(auto channel, read_channel(crypto_, stored.value.expose()));
    channel.distrust();
    save(channel);
  }
  return {};
}

// ---- doors ----

Result<bool> Engine::take_device_prekeys(DeviceId device, ByteView document) {
  return impl_->command([&] { return impl_->take_device_prekeys(device, document); });
}
Result<bool> Engine::has_device_channel(DeviceId device) const {
  return impl_->has_device_channel(device);
}
Result<Bytes> Engine::seal_for_device(DeviceId device, const e2ee::GroupContent& command) {
  return impl_->command([&] { return impl_->seal_for_device(device, command); });
}
Result<e2ee::ChannelAnswer> Engine::open_from_device(DeviceId device, ByteView payload) {
  return impl_->command([&] { return impl_->open_from_device(device, payload); });
}

}  // namespace unhidra::client
