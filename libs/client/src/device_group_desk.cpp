#include "device_group_desk.h"

#include <algorithm>

#include "unhidra/base/text.h"

namespace unhidra::client {

namespace {

std::unexpected<Error> not_there() {
  return fail(Errc::not_found, "there is no such device group here");
}

Status check_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxDeviceGroupName || printable(name) != name) {
    return fail(Errc::bad_name, "a device group's name has 1 to 64 printable bytes");
  }
  return {};
}

}  // namespace

void DeviceGroupDesk::save(const DeviceGroupRecord& record) {
  env_.tx.put(Table::device_group, record.id.bytes(), record.encode());
}

Result<DeviceGroupRecord> DeviceGroupDesk::record(DeviceGroupId id) const {
  UNHIDRA_TRY(const auto stored, env_.tx.get(Table::device_group, id.bytes()));
  if (!stored) {
    return not_there();
  }
  return DeviceGroupRecord::decode(env_.crypto, stored->expose());
}

Result<std::vector<DeviceGroupRecord>> DeviceGroupDesk::records() const {
  UNHIDRA_TRY(const auto stored, env_.tx.load(Table::device_group));
  std::vector<DeviceGroupRecord> out;
  for (const auto& each : stored) {
    UNHIDRA_TRY(auto record, DeviceGroupRecord::decode(env_.crypto, each.value.expose()));
    out.push_back(std::move(record));
  }
  std::ranges::sort(out, {}, &DeviceGroupRecord::name);
  return out;
}

// A device believes a policy once for each epoch. Signed by the account's key, which is there.
Result<Bytes> DeviceGroupDesk::policy_of(const identity::DeviceGroup& roster, DeviceId device,
                                         const std::vector<identity::DeviceRule>& rules) const {
  return identity::sign(env_.crypto, *account_,
                        {.group_id = roster.group_id,
                         .device_id = device,
                         .version = roster.epoch,
                         .issued_at = roster.issued_at,
                         .rules = rules});
}

Status DeviceGroupDesk::check_rules(const identity::DeviceGroup& roster,
                                    const DeviceRules& rules) const {
  for (const auto& [device, list] : rules) {
    if (roster.find(device) == nullptr) {
      return fail(Errc::not_in_group, "rules for a device that is not in the group");
    }
    UNHIDRA_TRY_VOID(policy_of(roster, device, list));
  }
  return {};
}

Result<DeviceGroupId> DeviceGroupDesk::create(std::string_view name,
                                              std::vector<std::string> topic_filters) {
  UNHIDRA_TRY_VOID(check_name(name));
  if (!account_) {
    return fail(Errc::no_account_key, "only a device with the account's key makes device groups");
  }
  UNHIDRA_TRY(const auto all, records());
  if (all.size() >= kMaxDeviceGroups) {
    return fail(Errc::bad_name, "there are 100 device groups already");
  }
  if (std::ranges::find(all, name, &DeviceGroupRecord::name) != all.end()) {
    return fail(Errc::bad_name, "there is a device group of that name already");
  }
  identity::DeviceGroup roster;
  roster.group_id = DeviceGroupId::make(env_.clock, env_.random);
  roster.issued_at = env_.clock.now();
  roster.owners = {account_->public_key()};
  roster.topic_filters = std::move(topic_filters);
  roster.members = {{self_->keys(), identity::GroupRole::controller}};
  UNHIDRA_TRY_VOID(identity::sign(env_.crypto, *account_, roster));
  auto secret = env_.random.secret_array<32>();
  const auto id = roster.group_id;
  UNHIDRA_TRY(auto keys,
              e2ee::DeviceGroupKeys::join(env_.crypto, account_->public_key(), std::move(roster),
                                          secret.clone(), self_->device));
  const auto age = env_.limits.device_key_age;
  save({.id = id,
        .name = std::string(name),
        .secret = std::move(secret),
        .keys = std::move(keys),
        .rules = {},
        .key_age = age,
        .new_keys_at = env_.clock.now() + age});
  return id;
}

Status DeviceGroupDesk::set_members(DeviceGroupId id, std::vector<identity::GroupMember> others,
                                    DeviceRules rules) {
  if (!account_) {
    return fail(Errc::no_account_key, "only a device with the account's key changes device groups");
  }
  UNHIDRA_TRY(auto record, this->record(id));
  std::erase_if(others, [&](const auto& member) { return member.keys.device_id == self_->device; });
  UNHIDRA_TRY_VOID(begin_epoch(record, std::move(others), std::move(rules)));
  save(record);
  return {};
}

// Its members beside this device are to be told of it. Whoever makes an epoch leads the group, and
// draws the next keys when these are old.
Status DeviceGroupDesk::begin_epoch(DeviceGroupRecord& record,
                                    std::vector<identity::GroupMember> members, DeviceRules rules) {
  identity::DeviceGroup next = record.keys.roster();
  next.epoch += 1;
  next.previous_hash = identity::hash_of(env_.crypto, record.keys.roster());
  next.issued_at = env_.clock.now();
  next.members = std::move(members);
  next.members.push_back({self_->keys(), identity::GroupRole::controller});
  UNHIDRA_TRY_VOID(identity::sign(env_.crypto, *account_, next));
  UNHIDRA_TRY_VOID(check_rules(next, rules));
  record.rules = std::move(rules);
  record.secret = env_.random.secret_array<32>();
  UNHIDRA_TRY_VOID(record.keys.advance(env_.crypto, std::move(next), record.secret->clone()));
  record.new_keys_at = env_.clock.now() + record.key_age;
  record.told = record.keys.roster().members.size() == 1;
  return {};
}

// ---- New keys by time --------------------------------------------------------------------------

Status DeviceGroupDesk::renew_every(DeviceGroupId id, std::chrono::seconds age) {
  UNHIDRA_TRY(auto record, this->record(id));
  if (!leads(record)) {
    return fail(Errc::not_in_group, "another device made this epoch and renews its keys");
  }
  record.key_age = std::clamp(age, std::chrono::seconds(0), kMaxDeviceKeyAge);
  record.new_keys_at = record.keys.roster().issued_at + record.key_age;
  save(record);
  return {};
}

// A clock that was ahead and has been set right must not keep old keys for as long as it was ahead:
// no date is further off than the age that keys may have.
Result<DeviceGroupDesk::Outlook> DeviceGroupDesk::look() {
  const auto now = env_.clock.now();
  Outlook out{.waiting = false, .again = Timestamp::max()};
  UNHIDRA_TRY(auto all, records());
  for (auto& record : all) {
    if (!leads(record)) {
      continue;
    }
    out.waiting = out.waiting || !record.told;
    if (record.key_age == record.key_age.zero()) {
      continue;
    }
    if (record.new_keys_at > now + record.key_age) {
      record.new_keys_at = now + record.key_age;
      save(record);
    }
    out.waiting = out.waiting || record.new_keys_at <= now;
    out.again = std::min(out.again, record.new_keys_at);
  }
  return out;
}

// However many dates went by while nobody looked, the keys are drawn once.
Result<std::vector<DeviceGroupId>> DeviceGroupDesk::renew() {
  const auto now = env_.clock.now();
  UNHIDRA_TRY(auto all, records());
  std::vector<DeviceGroupId> out;
  for (auto& record : all) {
    if (!leads(record)) {
      continue;
    }
    if (record.key_age != record.key_age.zero() && record.new_keys_at <= now) {
      auto members = record.keys.roster().members;
      std::erase_if(members,
                    [&](const auto& member) { return member.keys.device_id == self_->device; });
      UNHIDRA_TRY_VOID(begin_epoch(record, std::move(members), record.rules));
      save(record);
    }
    if (!record.told) {
      out.push_back(record.id);
    }
  }
  return out;
}

Status DeviceGroupDesk::told(DeviceGroupId id, std::uint32_t epoch) {
  UNHIDRA_TRY(auto record, this->record(id));
  if (record.keys.roster().epoch == epoch && !record.told) {
    record.told = true;
    save(record);
  }
  return {};
}

Result<std::vector<MemberDelivery>> DeviceGroupDesk::deliveries(DeviceGroupId id) {
  UNHIDRA_TRY(const auto record, this->record(id));
  if (!record.secret) {
    return fail(Errc::not_in_group, "another device made this epoch and hands out its keys");
  }
  const auto& roster = record.keys.roster();
  std::vector<MemberDelivery> out;
  for (const auto& member : roster.members) {
    const auto to = member.keys.device_id;
    if (to == self_->device) {
      continue;
    }
    Bytes policy;
    if (const auto rules = record.rules.find(to); rules != record.rules.end()) {
      if (!account_) {
        return fail(Errc::no_account_key, "only a device with the account's key signs policies");
      }
      UNHIDRA_TRY(policy, policy_of(roster, to, rules->second));
    }
    UNHIDRA_TRY(auto by_channel, channels_.deliver(member.keys, roster, *record.secret, policy));
    if (by_channel) {
      out.push_back(std::move(*by_channel));
      continue;
    }
    UNHIDRA_TRY(auto bytes, e2ee::seal_epoch(env_.crypto, env_.random, roster, *record.secret,
                                             self_->device, self_->signing, to, policy));
    out.push_back({.member = to, .topic = delivery_topic(to, id), .bytes = std::move(bytes)});
  }
  return out;
}

Result<DeviceGroupId> DeviceGroupDesk::take(std::string_view name,
                                            const crypto::Ed25519PublicKey& owner,
                                            ByteView delivery) {
  UNHIDRA_TRY_VOID(check_name(name));
  UNHIDRA_TRY(auto opened, e2ee::open_epoch(env_.crypto, delivery, self_->device, self_->identity));
  const auto id = opened.roster.group_id;
  auto known = record(id);
  if (known) {
    UNHIDRA_TRY_VOID(
        known->keys.advance(env_.crypto, std::move(opened.roster), std::move(opened.secret)));
    known->secret.reset();
    known->told = true;
    save(*known);
    return id;
  }
  if (known.error() != Errc::not_found) {
    return fail(std::move(known).error());
  }
  UNHIDRA_TRY(auto keys, e2ee::DeviceGroupKeys::join(env_.crypto, owner, std::move(opened.roster),
                                                     std::move(opened.secret), self_->device));
  save({.id = id,
        .name = std::string(name),
        .secret = std::nullopt,
        .keys = std::move(keys),
        .rules = {},
        .key_age = env_.limits.device_key_age});
  return id;
}

Status DeviceGroupDesk::forget(DeviceGroupId id) {
  UNHIDRA_TRY(const auto record, this->record(id));
  for (const auto& member : record.keys.roster().members) {
    states_.forget(desired_twin_topic(member.keys.device_id));
  }
  env_.tx.remove(Table::device_group, id.bytes());
  return {};
}

Result<std::vector<DeviceGroupView>> DeviceGroupDesk::list() const {
  UNHIDRA_TRY(const auto all, records());
  std::vector<DeviceGroupView> out;
  for (const auto& record : all) {
    const bool by_time = leads(record) && record.key_age != record.key_age.zero();
    out.push_back({.name = record.name,
                   .roster = record.keys.roster(),
                   .rules = record.rules,
                   .controller = record.secret.has_value(),
                   .new_keys_at = by_time ? std::optional(record.new_keys_at) : std::nullopt});
  }
  return out;
}

Result<Bytes> DeviceGroupDesk::seal(DeviceGroupId id, std::string_view topic,
                                    identity::PayloadKind kind, bool retained,
                                    const e2ee::GroupContent& content) {
  UNHIDRA_TRY(auto record, this->record(id));
  // A block of counters for each call would wear them out; it is stored with the step either way.
  if (record.keys.reserved_counters() == 0) {
    UNHIDRA_TRY_VOID(record.keys.reserve_counters());
  }
  UNHIDRA_TRY(auto out,
              record.keys.seal(env_.crypto, self_->signing, topic, kind, retained, content));
  save(record);
  if (kind == identity::PayloadKind::state && retained) {
    states_.remember(topic, out, content);
  }
  return out;
}

Result<Engine::FromDevice> DeviceGroupDesk::open(std::string_view topic, ByteView payload,
                                                 bool retained) {
  UNHIDRA_TRY(const auto parsed, identity::parse_group_payload(payload));
  const bool is_own = parsed.header.sender == identity::tag_of(self_->device);
  UNHIDRA_TRY(auto all, records());
  for (auto& record : all) {
    if (identity::tag_of(record.id) != parsed.header.group) {
      continue;
    }
    const auto* self = is_own ? record.keys.roster().find(self_->device) : nullptr;
    if (self != nullptr) {
      UNHIDRA_TRY(auto content, states_.find(topic, payload));
      if (content) {
        return Engine::FromDevice{record.id, {*self, parsed.header, std::move(*content)}};
      }
    }
    UNHIDRA_TRY(auto opened, record.keys.open(env_.crypto, topic, payload, retained));
    save(record);
    return Engine::FromDevice{record.id, std::move(opened)};
  }
  return not_there();
}

Result<bool> DeviceGroupDesk::take_prekeys(DeviceId device, ByteView document) {
  UNHIDRA_TRY(const auto all, records());
  const identity::GroupMember* member = nullptr;
  for (const auto& record : all) {
    const auto* found = record.secret ? record.keys.roster().find(device) : nullptr;
    member = found != nullptr && found->role == identity::GroupRole::device ? found : member;
  }
  if (member == nullptr) {
    return fail(Errc::not_in_group, "the device is in no group that this one leads");
  }
  return channels_.take_prekeys(member->keys, document);
}

}  // namespace unhidra::client
