// Device groups: rosters that this account signs, epochs, and payloads to and from devices. A
// group's record is read anew for each call; nothing of it stays in memory.

#include "unhidra/client/device_groups.h"

#include <algorithm>

#include "unhidra/base/text.h"

#include "engine_impl.h"
#include "record_codec.h"

namespace unhidra::client {

namespace {

constexpr std::uint8_t kVersion = 2;  // 2: rules
constexpr std::size_t kMaxStoredKeys = std::size_t{4} << 20;

std::string topic_of(DeviceId device, std::string_view what) {
  return "devices/" + device.to_string() + "/" + std::string(what);
}

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

std::unexpected<Error> not_there() {
  return fail(Errc::not_found, "there is no such device group here");
}

}  // namespace

std::string command_topic(DeviceId device) {
  return topic_of(device, "command");
}
std::string result_topic(DeviceId device) {
  return topic_of(device, "result");
}
std::string state_topic(DeviceId device) {
  return topic_of(device, "state");
}
std::string twin_topic(DeviceId device) {
  return topic_of(device, "twin");
}
std::string desired_twin_topic(DeviceId device) {
  return topic_of(device, "twin/desired");
}
std::string delivery_topic(DeviceId device, DeviceGroupId group) {
  return topic_of(device, "group/" + group.to_string());
}

// Table::device_group; key: group id.
struct Engine::Impl::DeviceGroupRecord {
  DeviceGroupId id;
  std::string name;
  std::optional<e2ee::EpochSecret> secret;  // of the present epoch, when this device drew it
  e2ee::DeviceGroupKeys keys;
  DeviceRules rules;

  SecretBytes encode() const {
    auto out = record_writer(kVersion, 1024);
    out.text(name).u8(secret ? 1 : 0);
    if (secret) {
      out.raw(secret->expose());
    }
    out.bytes(keys.serialize().expose());
    write_rules(out, rules);
    return seal(std::move(out));
  }
  static Result<DeviceGroupRecord> decode(const crypto::Provider& provider, ByteView bytes) {
    ByteReader in(bytes);
    const auto version = read_version(in, kVersion);
    const std::string name(in.text(kMaxDeviceGroupName));
    std::optional<e2ee::EpochSecret> secret;
    if (read_bool(in)) {
      secret = e2ee::EpochSecret::copy_of(in.raw(32).first<32>());
    }
    const auto stored = in.bytes(kMaxStoredKeys);
    auto rules = version >= 2 ? read_rules(in) : DeviceRules();
    UNHIDRA_TRY_VOID(finish_record(in, "device group"));
    UNHIDRA_TRY(auto keys, e2ee::DeviceGroupKeys::deserialize(provider, stored));
    const auto id = keys.roster().group_id;
    return DeviceGroupRecord{id, name, std::move(secret), std::move(keys), std::move(rules)};
  }
};

void Engine::Impl::save(const DeviceGroupRecord& record) {
  tx_.put(Table::device_group, record.id.bytes(), record.encode());
}

Result<Engine::Impl::DeviceGroupRecord> Engine::Impl::device_group_record(DeviceGroupId id) const {
  UNHIDRA_TRY(const auto stored, tx_.get(Table::device_group, id.bytes()));
  if (!stored) {
    return not_there();
  }
  return DeviceGroupRecord::decode(crypto_, stored->expose());
}

Result<std::vector<Engine::Impl::DeviceGroupRecord>> Engine::Impl::device_group_records() const {
  UNHIDRA_TRY(const auto stored, tx_.load(Table::device_group));
  std::vector<DeviceGroupRecord> out;
  for (const auto& each : stored) {
    UNHIDRA_TRY(auto record, DeviceGroupRecord::decode(crypto_, each.value.expose()));
    out.push_back(std::move(record));
  }
  std::ranges::sort(out, {}, &DeviceGroupRecord::name);
  return out;
}

namespace {

Status check_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxDeviceGroupName || printable(name) != name) {
    return fail(Errc::bad_name, "a device group's name has 1 to 64 printable bytes");
  }
  return {};
}

}  // namespace

namespace {

// A device believes a policy once for each epoch.
Result<Bytes> policy_of(const crypto::Provider& provider, const crypto::Ed25519KeyPair& owner,
                        const identity::DeviceGroup& roster, DeviceId device,
                        const std::vector<identity::DeviceRule>& rules) {
  return identity::sign(provider, owner,
                        {.group_id = roster.group_id,
                         .device_id = device,
                         .version = roster.epoch,
                         .issued_at = roster.issued_at,
                         .rules = rules});
}

Status check_rules(const crypto::Provider& provider, const crypto::Ed25519KeyPair& owner,
                   const identity::DeviceGroup& roster, const DeviceRules& rules) {
  for (const auto& [device, list] : rules) {
    if (roster.find(device) == nullptr) {
      return fail(Errc::not_in_group, "rules for a device that is not in the group");
    }
    UNHIDRA_TRY_VOID(policy_of(provider, owner, roster, device, list));
  }
  return {};
}

}  // namespace

Result<crypto::Ed25519PublicKey> Engine::Impl::device_owner_key() const {
  UNHIDRA_TRY_VOID(need_enrolled());
  const auto user = users_.find(self_->user);
  if (user == users_.end() || !user->second.list) {
    return fail(Errc::not_approved, "this device does not know its account's key yet");
  }
  return user->second.list->account_key;
}

Result<DeviceGroupId> Engine::Impl::create_device_group(std::string_view name,
                                                        std::vector<std::string> topic_filters) {
  UNHIDRA_TRY_VOID(check_name(name));
  if (!account_) {
    return fail(Errc::no_account_key, "only a device with the account's key makes device groups");
  }
  UNHIDRA_TRY(const auto all, device_group_records());
  if (all.size() >= kMaxDeviceGroups) {
    return fail(Errc::bad_name, "there are 100 device groups already");
  }
  if (std::ranges::find(all, name, &DeviceGroupRecord::name) != all.end()) {
    return fail(Errc::bad_name, "there is a device group of that name already");
  }
  identity::DeviceGroup roster;
  roster.group_id = DeviceGroupId::make(clock_, random_);
  roster.issued_at = clock_.now();
  roster.owners = {account_->public_key()};
  roster.topic_filters = std::move(topic_filters);
  roster.members = {{self_->keys(), identity::GroupRole::controller}};
  UNHIDRA_TRY_VOID(identity::sign(crypto_, *account_, roster));
  auto secret = random_.secret_array<32>();
  const auto id = roster.group_id;
  UNHIDRA_TRY(auto keys,
              e2ee::DeviceGroupKeys::join(crypto_, account_->public_key(), std::move(roster),
                                          secret.clone(), self_->device));
  save(DeviceGroupRecord{id, std::string(name), std::move(secret), std::move(keys), {}});
  return id;
}

Status Engine::Impl::set_device_group_members(DeviceGroupId id,
                                              std::vector<identity::GroupMember> others,
                                              DeviceRules rules) {
  if (!account_) {
    return fail(Errc::no_account_key, "only a device with the account's key changes device groups");
  }
  UNHIDRA_TRY(auto record, device_group_record(id));
  identity::DeviceGroup next = record.keys.roster();
  next.epoch += 1;
  next.previous_hash = identity::hash_of(crypto_, record.keys.roster());
  next.issued_at = clock_.now();
  next.members = std::move(others);
  std::erase_if(next.members,
                [&](const auto& member) { return member.keys.device_id == self_->device; });
  next.members.push_back({self_->keys(), identity::GroupRole::controller});
  UNHIDRA_TRY_VOID(identity::sign(crypto_, *account_, next));
  UNHIDRA_TRY_VOID(check_rules(crypto_, *account_, next, rules));
  record.rules = std::move(rules);
  record.secret = random_.secret_array<32>();
  UNHIDRA_TRY_VOID(record.keys.advance(crypto_, std::move(next), record.secret->clone()));
  save(record);
  return {};
}

Result<std::vector<MemberDelivery>> Engine::Impl::device_group_deliveries(DeviceGroupId id) {
  UNHIDRA_TRY(const auto record, device_group_record(id));
  if (!record.secret) {
    return fail(Errc::not_in_group, "another device made this epoch and hands out its keys");
  }
  std::vector<MemberDelivery> out;
  for (const auto& member : record.keys.roster().members) {
    const auto to = member.keys.device_id;
    if (to == self_->device) {
      continue;
    }
    Bytes policy;
    if (const auto rules = record.rules.find(to); rules != record.rules.end()) {
      if (!account_) {
        return fail(Errc::no_account_key, "only a device with the account's key signs policies");
      }
      UNHIDRA_TRY(policy, policy_of(crypto_, *account_, record.keys.roster(), to, rules->second));
    }
    const auto& roster = record.keys.roster();
    UNHIDRA_TRY(auto channel, device_channel(member.keys));
    if (channel && channel->is_begun()) {
      UNHIDRA_TRY(auto delivery,
                  delivery_by_channel(std::move(*channel), roster, *record.secret, policy));
      out.push_back(std::move(delivery));
      continue;
    }
    UNHIDRA_TRY(auto bytes, e2ee::seal_epoch(crypto_, random_, roster, *record.secret,
                                             self_->device, self_->signing, to, policy));
    out.push_back({.member = to, .topic = delivery_topic(to, id), .bytes = std::move(bytes)});
  }
  return out;
}

Result<DeviceGroupId> Engine::Impl::take_device_group(std::string_view name, ByteView delivery) {
  UNHIDRA_TRY_VOID(check_name(name));
  UNHIDRA_TRY(const auto owner, device_owner_key());
  UNHIDRA_TRY(auto opened, e2ee::open_epoch(crypto_, delivery, self_->device, self_->identity));
  const auto id = opened.roster.group_id;
  auto known = device_group_record(id);
  if (known) {
    UNHIDRA_TRY_VOID(
        known->keys.advance(crypto_, std::move(opened.roster), std::move(opened.secret)));
    known->secret.reset();
    save(*known);
    return id;
  }
  if (known.error() != Errc::not_found) {
    return fail(std::move(known).error());
  }
  UNHIDRA_TRY(auto keys, e2ee::DeviceGroupKeys::join(crypto_, owner, std::move(opened.roster),
                                                     std::move(opened.secret), self_->device));
  save(DeviceGroupRecord{id, std::string(name), std::nullopt, std::move(keys), {}});
  return id;
}

Status Engine::Impl::forget_device_group(DeviceGroupId id) {
  UNHIDRA_TRY(const auto record, device_group_record(id));
  for (const auto& member : record.keys.roster().members) {
    forget_state(desired_twin_topic(member.keys.device_id));
  }
  tx_.remove(Table::device_group, id.bytes());
  return {};
}

Result<Bytes> Engine::Impl::seal_for_devices(DeviceGroupId id, std::string_view topic,
                                             identity::PayloadKind kind, bool retained,
                                             const e2ee::GroupContent& content) {
  UNHIDRA_TRY(auto record, device_group_record(id));
  // A block of counters for each call would wear them out; it is stored with the step either way.
  if (record.keys.reserved_counters() == 0) {
    UNHIDRA_TRY_VOID(record.keys.reserve_counters());
  }
  UNHIDRA_TRY(auto out, record.keys.seal(crypto_, self_->signing, topic, kind, retained, content));
  save(record);
  if (kind == identity::PayloadKind::state && retained) {
    remember_state(topic, out, content);
  }
  return out;
}

Result<Engine::FromDevice> Engine::Impl::open_from_devices(std::string_view topic, ByteView payload,
                                                           bool retained) {
  UNHIDRA_TRY(const auto parsed, identity::parse_group_payload(payload));
  const bool is_own = self_ && parsed.header.sender == identity::tag_of(self_->device);
  UNHIDRA_TRY(auto records, device_group_records());
  for (auto& record : records) {
    if (identity::tag_of(record.id) != parsed.header.group) {
      continue;
    }
    const auto* self = is_own ? record.keys.roster().find(self_->device) : nullptr;
    if (self != nullptr) {
      UNHIDRA_TRY(auto content, own_state(topic, payload));
      if (content) {
        return FromDevice{record.id, {*self, parsed.header, std::move(*content)}};
      }
    }
    UNHIDRA_TRY(auto opened, record.keys.open(crypto_, topic, payload, retained));
    save(record);
    return FromDevice{record.id, std::move(opened)};
  }
  return not_there();
}

Result<std::vector<DeviceGroupView>> Engine::Impl::device_groups() const {
  UNHIDRA_TRY(const auto records, device_group_records());
  std::vector<DeviceGroupView> out;
  for (const auto& record : records) {
    out.push_back({record.name, record.keys.roster(), record.rules, record.secret.has_value()});
  }
  return out;
}

// ---- doors ----

Result<DeviceGroupId> Engine::create_device_group(std::string_view name,
                                                  std::vector<std::string> topic_filters) {
  return impl_->command([&] { return impl_->create_device_group(name, std::move(topic_filters)); });
}
Status Engine::set_device_group_members(DeviceGroupId group,
                                        std::vector<identity::GroupMember> others,
                                        DeviceRules rules) {
  return impl_->command(
      [&] { return impl_->set_device_group_members(group, std::move(others), std::move(rules)); });
}
Result<std::vector<MemberDelivery>> Engine::device_group_deliveries(DeviceGroupId group) {
  return impl_->command([&] { return impl_->device_group_deliveries(group); });
}
Result<DeviceGroupId> Engine::take_device_group(std::string_view name, ByteView delivery) {
  return impl_->command([&] { return impl_->take_device_group(name, delivery); });
}
Status Engine::forget_device_group(DeviceGroupId group) {
  return impl_->command([&] { return impl_->forget_device_group(group); });
}
Result<Bytes> Engine::seal_for_devices(DeviceGroupId group, std::string_view topic,
                                       identity::PayloadKind kind, bool retained,
                                       const e2ee::GroupContent& content) {
  return impl_->command(
      [&] { return impl_->seal_for_devices(group, topic, kind, retained, content); });
}
Result<Engine::FromDevice> Engine::open_from_devices(std::string_view topic, ByteView payload,
                                                     bool retained) {
  return impl_->command([&] { return impl_->open_from_devices(topic, payload, retained); });
}
Result<identity::DeviceKeys> Engine::own_device_keys() const {
  UNHIDRA_TRY_VOID(impl_->need_enrolled());
  return impl_->self()->keys();
}
Result<crypto::Ed25519PublicKey> Engine::device_owner_key() const {
  return impl_->device_owner_key();
}
Result<std::vector<DeviceGroupView>> Engine::device_groups() const {
  return impl_->device_groups();
}

}  // namespace unhidra::client
