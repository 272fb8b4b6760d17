#include "device_channels.h"

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

void DeviceChannels::save(const e2ee::DeviceChannel& channel) {
  const auto stored = channel.serialize();
  auto out = record_writer(kChannelVersion, stored.size() + 5);
  out.bytes(stored.expose());
  env_.tx.put(Table::device_channel, channel.device().device_id.bytes(),
              client::seal(std::move(out)));
}

Result<std::optional<e2ee::DeviceChannel>> DeviceChannels::find(DeviceId device) const {
  UNHIDRA_TRY(const auto stored, env_.tx.get(Table::device_channel, device.bytes()));
  if (!stored) {
    return std::nullopt;
  }
  UNHIDRA_TRY(auto channel, read_channel(env_.crypto, stored->expose()));
  return std::optional(std::move(channel));
}

// A device that was given other keys is another device.
Result<std::optional<e2ee::DeviceChannel>> DeviceChannels::find(
    const identity::DeviceKeys& keys) const {
  UNHIDRA_TRY(auto channel, find(keys.device_id));
  return channel && channel->device() == keys ? std::move(channel) : std::nullopt;
}

Result<e2ee::DeviceChannel> DeviceChannels::begun(DeviceId device) const {
  UNHIDRA_TRY(auto channel, find(device));
  if (!channel || !channel->is_begun()) {
    return fail(Errc::not_found, "there is no pairwise channel with this device");
  }
  return std::move(*channel);
}

Result<bool> DeviceChannels::is_begun(DeviceId device) const {
  UNHIDRA_TRY(const auto channel, find(device));
  return channel && channel->is_begun();
}

Result<bool> DeviceChannels::take_prekeys(const identity::DeviceKeys& keys, ByteView document) {
  UNHIDRA_TRY(auto known, find(keys));
  auto channel = known ? std::move(*known) : e2ee::DeviceChannel(keys);
  UNHIDRA_TRY(const auto begun,
              channel.take_prekeys(env_.crypto, env_.random, local(), document, env_.clock.now()));
  save(channel);
  return begun;
}

// What was ever sent over a channel is not sent in a weaker way afterwards, whatever the broker
// withholds.
Result<std::optional<MemberDelivery>> DeviceChannels::deliver(const identity::DeviceKeys& keys,
                                                              const identity::DeviceGroup& roster,
                                                              const e2ee::EpochSecret& secret,
                                                              ByteView policy) {
  UNHIDRA_TRY(auto channel, find(keys));
  if (!channel || !channel->is_begun()) {
    return std::nullopt;
  }
  MemberDelivery out{.member = keys.device_id,
                     .topic = channel_topic(keys.device_id, self_->device),
                     .bytes = {},
                     .by_channel = true};
  const auto now = env_.clock.now();
  if (channel->can_seal(now)) {
    UNHIDRA_TRY(out.bytes, channel->seal_epoch(env_.crypto, env_.random, local(), roster, secret,
                                               policy, now));
    save(*channel);
  }
  return out;
}

Result<Bytes> DeviceChannels::seal(DeviceId device, const e2ee::GroupContent& command) {
  UNHIDRA_TRY(auto channel, begun(device));
  UNHIDRA_TRY(auto out,
              channel.seal_command(env_.crypto, env_.random, local(), command, env_.clock.now()));
  save(channel);
  return out;
}

Result<e2ee::ChannelAnswer> DeviceChannels::open(DeviceId device, ByteView payload) {
  UNHIDRA_TRY(auto channel, begun(device));
  UNHIDRA_TRY(auto out, channel.open(env_.crypto, local(), payload, env_.clock.now()));
  save(channel);
  return out;
}

Status DeviceChannels::distrust_all() {
  UNHIDRA_TRY(const auto records, env_.tx.load(Table::device_channel));
  for (const auto& stored : records) {
    UNHIDRA_TRY(auto channel, read_channel(env_.crypto, stored.value.expose()));
    channel.distrust();
    save(channel);
  }
  return {};
}

}  // namespace unhidra::client
