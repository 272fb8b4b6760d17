#include "device_group_record.h"

#include "unhidra/client/limits.h"

#include "record_codec.h"

namespace unhidra::client {

namespace {

constexpr std::uint8_t kDeviceGroupVersion = 3;  // 2: rules; 3: new keys by time
constexpr std::size_t kMaxStoredKeys = std::size_t{4} << 20;

void write_rules(ByteWriter& out, const DeviceRules& rules) {
  out.u16(static_cast<std::uint16_t>(rules.size()));
  for (const auto& [device, list] : rules) {
    write_id(out, device);
    out.u8(static_cast<std::uint8_t>(list.size()));
    for (const auto& rule : list) {
      out.u8(rule.role ? static_cast<std::uint8_t>(*rule.role) : 0);
      write_id(out, rule.sender);
      out.text(rule.command).u8(rule.challenge ? 1 : 0);
    }
  }
}

identity::DeviceRule read_rule(ByteReader& in) {
  identity::DeviceRule out;
  if (const auto role = in.u8(); role != 0) {
    out.role = static_cast<identity::GroupRole>(role);
  }
  out.sender = read_id<DeviceId>(in);
  out.command = in.text(identity::kMaxDeviceCommand);
  out.challenge = read_bool(in);
  return out;
}

DeviceRules read_rules(ByteReader& in) {
  DeviceRules out;
  for (std::size_t left = in.u16(); left > 0 && !in.failed(); --left) {
    auto& list = out[read_id<DeviceId>(in)];
    for (std::size_t rules = in.u8(); rules > 0 && !in.failed(); --rules) {
      list.push_back(read_rule(in));
    }
  }
  return out;
}

}  // namespace

SecretBytes DeviceGroupRecord::encode() const {
  auto out = record_writer(kDeviceGroupVersion, 1024);
  out.text(name).u8(secret ? 1 : 0);
  if (secret) {
    out.raw(secret->expose());
  }
  out.bytes(keys.serialize().expose());
  write_rules(out, rules);
  out.u32(static_cast<std::uint32_t>(key_age.count()));
  write_time(out, new_keys_at);
  out.u8(told ? 1 : 0);
  return seal(std::move(out));
}

Result<DeviceGroupRecord> DeviceGroupRecord::decode(const crypto::Provider& provider,
                                                    ByteView bytes) {
  ByteReader in(bytes);
  const auto version = read_version(in, kDeviceGroupVersion);
  const std::string name(in.text(kMaxDeviceGroupName));
  std::optional<e2ee::EpochSecret> secret;
  if (read_bool(in)) {
    secret = e2ee::EpochSecret::copy_of(in.raw(32).first<32>());
  }
  const auto stored = in.bytes(kMaxStoredKeys);
  auto rules = version >= 2 ? read_rules(in) : DeviceRules();
  std::chrono::seconds key_age = Limits().device_key_age;
  std::optional<Timestamp> new_keys_at;
  bool told = true;
  if (version >= 3) {
    key_age = std::chrono::seconds(in.u32());
    new_keys_at = read_time(in);
    told = read_bool(in);
  }
  UNHIDRA_TRY_VOID(finish_record(in, "device group"));
  UNHIDRA_TRY(auto keys, e2ee::DeviceGroupKeys::deserialize(provider, stored));
  const auto id = keys.roster().group_id;
  const auto issued_at = keys.roster().issued_at;
  return DeviceGroupRecord{.id = id,
                           .name = name,
                           .secret = std::move(secret),
                           .keys = std::move(keys),
                           .rules = std::move(rules),
                           .key_age = key_age,
                           .new_keys_at = new_keys_at.value_or(issued_at + key_age),
                           .told = told};
}

}  // namespace unhidra::client
