#include "unhidra/identity/device_group.h"

#include <algorithm>

#include "unhidra/base/text.h"
#include "unhidra/identity/public_key.h"

#include "fields.h"
#include "labels.h"

namespace unhidra::identity {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kMemberSize = 16 + 32 + 32 + 1;
constexpr std::size_t kMaxSize = 1 + 16 + 4 + 32 + 8 + 1 + kMaxGroupOwners * 32 + 1 +
                                 kMaxGroupFilters * (4 + kMaxGroupFilterSize) + 2 +
                                 kMaxGroupMembers * kMemberSize + 32 + 64;

// All but the signature, behind the label.
Bytes labelled_content(std::string_view label, const DeviceGroup& group) {
  ByteWriter out(256 + label.size() + group.members.size() * kMemberSize);
  out.text(label);
  out.u8(kFormat).raw(group.group_id.bytes()).u32(group.epoch).raw(group.previous_hash);
  put_time(out, group.issued_at);
  out.u8(static_cast<std::uint8_t>(group.owners.size()));
  for (const auto& owner : group.owners) {
    out.raw(owner.bytes());
  }
  out.u8(static_cast<std::uint8_t>(group.topic_filters.size()));
  for (const auto& filter : group.topic_filters) {
    out.text(filter);
  }
  out.u16(static_cast<std::uint16_t>(group.members.size()));
  for (const auto& member : group.members) {
    put_device(out, member.keys);
    out.u8(static_cast<std::uint8_t>(member.role));
  }
  out.raw(group.signer.bytes());
  return std::move(out).take();
}

template <class Range, class Less>
bool strictly_ascending(const Range& range, Less less) {
  return std::adjacent_find(range.begin(), range.end(), [&](const auto& a, const auto& b) {
           return !less(a, b);
         }) == range.end();
}

bool before(const GroupMember& a, const GroupMember& b) {
  return a.keys.device_id < b.keys.device_id;
}

// The last level alone may be '#', and '+' and '#' fill their level (MQTT 5.0, section 4.7.1).
bool is_topic_filter(std::string_view filter) {
  if (filter.empty() || filter.size() > kMaxGroupFilterSize || !is_valid_utf8(filter) ||
      filter.find('\0') != std::string_view::npos) {
    return false;
  }
  for (std::size_t i = 0; i < filter.size(); ++i) {
    if (filter[i] != '+' && filter[i] != '#') {
      continue;
    }
    const bool opens = i == 0 || filter[i - 1] == '/';
    const bool last = i + 1 == filter.size();
    if (!opens || (!last && (filter[i] == '#' || filter[i + 1] != '/'))) {
      return false;
    }
  }
  return true;
}

Status check_lists(const DeviceGroup& group) {
  if (group.owners.empty() || group.owners.size() > kMaxGroupOwners ||
      !strictly_ascending(group.owners, std::less<>())) {
    return fail(Errc::malformed, "a group has 1 to " + std::to_string(kMaxGroupOwners) +
                                     " owners in ascending order");
  }
  if (group.topic_filters.empty() || group.topic_filters.size() > kMaxGroupFilters ||
      !strictly_ascending(group.topic_filters, std::less<>()) ||
      !std::ranges::all_of(group.topic_filters, is_topic_filter)) {
    return fail(Errc::malformed, "a group has 1 to " + std::to_string(kMaxGroupFilters) +
                                     " topic filters in ascending order");
  }
  if (group.members.size() > kMaxGroupMembers || !strictly_ascending(group.members, before)) {
    return fail(Errc::malformed, "the members are too many or not in ascending order");
  }
  return {};
}

// The header of a payload carries the last eight bytes of a device id, and nothing else tells
// members apart there.
Status check_members(const DeviceGroup& group) {
  std::vector<ByteArray<8>> tags;
  std::vector<crypto::Ed25519PublicKey> keys;
  tags.reserve(group.members.size());
  keys.reserve(group.members.size());
  for (const auto& member : group.members) {
    if (member.keys.device_id.is_nil() || member.role < GroupRole::device ||
        member.role > GroupRole::compliance) {
      return fail(Errc::malformed, "a member without an id or of an unknown role");
    }
    UNHIDRA_TRY(const auto tag, to_array<8>(member.keys.device_id.bytes().last(8)));
    tags.push_back(tag);
    keys.push_back(member.keys.signing_key);
  }
  std::ranges::sort(tags);
  std::ranges::sort(keys);
  if (std::ranges::adjacent_find(tags) != tags.end() ||
      std::ranges::adjacent_find(keys) != keys.end()) {
    return fail(Errc::duplicate, "two members of a group have the same key or short id");
  }
  return {};
}

Status check_structure(const DeviceGroup& group) {
  if (group.group_id.is_nil() || group.epoch == 0 || group.issued_at < Timestamp{}) {
    return fail(Errc::malformed, "a group needs an id, an epoch and a time");
  }
  if ((group.epoch == 1) != (group.previous_hash == ByteArray<32>{})) {
    return fail(Errc::malformed, "the first roster, and only it, follows no other");
  }
  UNHIDRA_TRY_VOID(check_lists(group));
  return check_members(group);
}

Status check_keys(const crypto::Provider& provider, const DeviceGroup& group) {
  for (const auto& owner : group.owners) {
    UNHIDRA_TRY_VOID(check_public_key(provider, owner));
  }
  for (const auto& member : group.members) {
    UNHIDRA_TRY_VOID(check_public_key(member.keys.identity_key));
    UNHIDRA_TRY_VOID(check_public_key(provider, member.keys.signing_key));
  }
  return check_public_key(provider, group.signer);
}

bool owns(const DeviceGroup& group, const crypto::Ed25519PublicKey& key) {
  return std::ranges::binary_search(group.owners, key);
}

Status check_order(const crypto::Provider& provider, const DeviceGroup& known,
                   const DeviceGroup& next) {
  if (next.epoch == known.epoch && hash_of(provider, next) != hash_of(provider, known)) {
    return fail(Errc::forked, "two rosters of the same epoch differ");
  }
  if (next.epoch <= known.epoch) {
    return fail(Errc::stale_version, "the roster is not newer than the known one");
  }
  if (next.epoch == known.epoch + 1 && next.previous_hash != hash_of(provider, known)) {
    return fail(Errc::forked, "the roster does not continue the known one");
  }
  return {};
}

}  // namespace

const GroupMember* DeviceGroup::find(DeviceId device_id) const {
  const auto found = std::ranges::lower_bound(
      members, device_id, {}, [](const GroupMember& member) { return member.keys.device_id; });
  return found != members.end() && found->keys.device_id == device_id ? &*found : nullptr;
}

Status sign(const crypto::Provider& provider, const crypto::Ed25519KeyPair& owner,
            DeviceGroup& group) {
  std::ranges::sort(group.owners);
  std::ranges::sort(group.topic_filters);
  std::ranges::sort(group.members, before);
  group.signer = owner.public_key();
  UNHIDRA_TRY_VOID(check_structure(group));
  UNHIDRA_TRY_VOID(check_keys(provider, group));
  group.signature = owner.sign(provider, labelled_content(kDeviceGroupLabel, group));
  return {};
}

Bytes encode(const DeviceGroup& group) {
  // The label behind its length is all that a signed content has before the document.
  Bytes out = labelled_content({}, group);
  out.erase(out.begin(), out.begin() + 4);
  append(out, group.signature.bytes());
  return out;
}

Result<DeviceGroup> decode_device_group(ByteView document) {
  if (document.size() > kMaxSize) {
    return fail(Errc::malformed, "the roster is too long");
  }
  ByteReader in(document);
  if (in.u8() != kFormat) {
    return fail(Errc::malformed, "the roster is of an unknown format");
  }
  DeviceGroup out;
  out.group_id = DeviceGroupId(in.array<16>());
  out.epoch = in.u32();
  out.previous_hash = in.array<32>();
  out.issued_at = get_time(in);
  for (std::size_t left = in.u8(); left > 0 && !in.failed(); --left) {
    out.owners.emplace_back(in.array<32>());
  }
  for (std::size_t left = in.u8(); left > 0 && !in.failed(); --left) {
    out.topic_filters.emplace_back(in.text(kMaxGroupFilterSize));
  }
  const std::size_t count = in.u16();
  if (in.remaining() < count * kMemberSize) {
    return fail(Errc::malformed, "the roster is truncated");
  }
  out.members.reserve(count);
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    auto keys = get_device(in);
    out.members.push_back({keys, static_cast<GroupRole>(in.u8())});
  }
  out.signer = crypto::Ed25519PublicKey(in.array<32>());
  out.signature = crypto::Signature(in.array<crypto::kEd25519SignatureSize>());
  UNHIDRA_TRY_VOID(finish(in, "the roster"));
  UNHIDRA_TRY_VOID(check_structure(out));
  return out;
}

Status verify(const crypto::Provider& provider, const DeviceGroup& group) {
  UNHIDRA_TRY_VOID(check_structure(group));
  UNHIDRA_TRY_VOID(check_keys(provider, group));
  if (!crypto::verify(provider, group.signer, labelled_content(kDeviceGroupLabel, group),
                      group.signature)) {
    return fail(Errc::bad_signature, "the roster is not signed by the key that it names");
  }
  return {};
}

Status check_first(const crypto::Provider& provider, const crypto::Ed25519PublicKey& owner,
                   const DeviceGroup& group) {
  UNHIDRA_TRY_VOID(verify(provider, group));
  if (group.signer != owner || !owns(group, owner)) {
    return fail(Errc::not_an_owner, "the roster is not signed by the owner this device was given");
  }
  return {};
}

Status check_successor(const crypto::Provider& provider, const DeviceGroup& known,
                       const DeviceGroup& next) {
  if (next.group_id != known.group_id) {
    return fail(Errc::forked, "the roster is another group's");
  }
  UNHIDRA_TRY_VOID(verify(provider, next));
  if (!owns(known, next.signer)) {
    return fail(Errc::not_an_owner, "the roster is signed by nobody who owned the group before");
  }
  UNHIDRA_TRY_VOID(check_order(provider, known, next));
  for (const auto& member : next.members) {
    const auto* same = known.find(member.keys.device_id);
    if (same != nullptr && same->keys != member.keys) {
      return fail(Errc::device_changed, "the roster changes the keys of a known member");
    }
  }
  return {};
}

ByteArray<32> hash_of(const crypto::Provider& provider, const DeviceGroup& group) {
  return provider.sha256(labelled_content(kDeviceGroupHashLabel, group));
}

}  // namespace unhidra::identity
