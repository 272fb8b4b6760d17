#include "unhidra/identity/device_list.h"

#include <algorithm>

#include "unhidra/identity/public_key.h"

#include "fields.h"
#include "labels.h"

namespace unhidra::identity {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kHeadSize = 1 + 16 + 32 + 8 + 32 + 8 + 2;
constexpr std::size_t kDeviceSize = 16 + 32 + 32;
constexpr std::size_t kMaxSize =
    kHeadSize + kMaxDevices * kDeviceSize + crypto::kEd25519SignatureSize;

// All but the signature, behind the label.
Bytes labelled_content(std::string_view label, const DeviceList& list) {
  ByteWriter out(kMaxSize + 4 + label.size());
  out.text(label);
  out.u8(kFormat).raw(list.user_id.bytes()).raw(list.account_key.bytes()).u64(list.version);
  out.raw(list.previous_hash);
  put_time(out, list.issued_at);
  out.u16(static_cast<std::uint16_t>(list.devices.size()));
  for (const auto& device : list.devices) {
    put_device(out, device);
  }
  return std::move(out).take();
}

template <class Key>
bool has_duplicates(const std::vector<DeviceKeys>& devices, Key DeviceKeys::* member) {
  for (std::size_t i = 0; i < devices.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (devices[i].*member == devices[j].*member) {
        return true;
      }
    }
  }
  return false;
}

// What a list must be whoever has signed it.
Status check_structure(const DeviceList& list) {
  if (list.user_id.is_nil() || list.version == 0 || list.issued_at < Timestamp{}) {
    return fail(Errc::malformed, "a device list needs a user, a version and a time");
  }
  if ((list.version == 1) != (list.previous_hash == ByteArray<32>{})) {
    return fail(Errc::malformed, "the first device list, and only it, follows no other");
  }
  if (list.devices.empty() || list.devices.size() > kMaxDevices) {
    return fail(Errc::malformed,
                "a device list has 1 to " + std::to_string(kMaxDevices) + " devices");
  }
  const auto not_ascending = [](const DeviceKeys& a, const DeviceKeys& b) {
    return a.device_id >= b.device_id;
  };
  if (list.devices.front().device_id.is_nil() ||
      std::adjacent_find(list.devices.begin(), list.devices.end(), not_ascending) !=
          list.devices.end()) {
    return fail(Errc::malformed, "the devices are not in ascending order of their ids");
  }
  if (has_duplicates(list.devices, &DeviceKeys::identity_key) ||
      has_duplicates(list.devices, &DeviceKeys::signing_key)) {
    return fail(Errc::duplicate, "two devices of a list have the same key");
  }
  return {};
}

Status check_keys(const crypto::Provider& provider, const DeviceList& list) {
  UNHIDRA_TRY_VOID(check_public_key(provider, list.account_key));
  for (const auto& device : list.devices) {
    UNHIDRA_TRY_VOID(check_public_key(device.identity_key));
    UNHIDRA_TRY_VOID(check_public_key(provider, device.signing_key));
  }
  return {};
}

}  // namespace

const DeviceKeys* DeviceList::find(DeviceId device_id) const {
  const auto found = std::find_if(devices.begin(), devices.end(), [&](const DeviceKeys& device) {
    return device.device_id == device_id;
  });
  return found == devices.end() ? nullptr : &*found;
}

Status sign(const crypto::Provider& provider, const crypto::Ed25519KeyPair& account,
            DeviceList& list) {
  std::sort(list.devices.begin(), list.devices.end(),
            [](const DeviceKeys& a, const DeviceKeys& b) { return a.device_id < b.device_id; });
  list.account_key = account.public_key();
  UNHIDRA_TRY_VOID(check_structure(list));
  UNHIDRA_TRY_VOID(check_keys(provider, list));
  list.signature = account.sign(provider, labelled_content(kDeviceListLabel, list));
  return {};
}

Bytes encode(const DeviceList& list) {
  // The label behind its length is all that a signed content has before the document.
  Bytes out = labelled_content({}, list);
  out.erase(out.begin(), out.begin() + 4);
  append(out, list.signature.bytes());
  return out;
}

Result<DeviceList> decode_device_list(ByteView document) {
  if (document.size() > kMaxSize) {
    return fail(Errc::malformed, "the device list is too long");
  }
  ByteReader in(document);
  if (in.u8() != kFormat) {
    return fail(Errc::malformed, "the device list is of an unknown format");
  }
  DeviceList out;
  out.user_id = UserId(in.array<16>());
  out.account_key = crypto::Ed25519PublicKey(in.array<32>());
  out.version = in.u64();
  out.previous_hash = in.array<32>();
  out.issued_at = get_time(in);
  const std::size_t count = in.u16();
  if (count > kMaxDevices) {
    return fail(Errc::malformed, "the device list has too many devices");
  }
  out.devices.reserve(count);
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    out.devices.push_back(get_device(in));
  }
  out.signature = crypto::Signature(in.array<crypto::kEd25519SignatureSize>());
  UNHIDRA_TRY_VOID(finish(in, "the device list"));
  UNHIDRA_TRY_VOID(check_structure(out));
  return out;
}

Status verify(const crypto::Provider& provider, const DeviceList& list) {
  UNHIDRA_TRY_VOID(check_structure(list));
  UNHIDRA_TRY_VOID(check_keys(provider, list));
  if (!crypto::verify(provider, list.account_key, labelled_content(kDeviceListLabel, list),
                      list.signature)) {
    return fail(Errc::bad_signature, "the device list is not signed by its account key");
  }
  return {};
}

Result<DeviceList> open_device_list(const crypto::Provider& provider, UserId user_id,
                                    ByteView document, const DeviceList* verified) {
  UNHIDRA_TRY(auto list, decode_device_list(document));
  if (verified == nullptr || list != *verified) {
    UNHIDRA_TRY_VOID(verify(provider, list));
  }
  if (list.user_id != user_id) {
    return fail(Errc::account_changed, "the device list is another user's");
  }
  return list;
}

ByteArray<32> hash_of(const crypto::Provider& provider, const DeviceList& list) {
  return provider.sha256(labelled_content(kDeviceListHashLabel, list));
}

Status check_successor(const crypto::Provider& provider, const DeviceList& known,
                       const DeviceList& next) {
  if (next.user_id != known.user_id || next.account_key != known.account_key) {
    return fail(Errc::account_changed, "the device list is signed by another account key");
  }
  if (next.version == known.version && hash_of(provider, next) != hash_of(provider, known)) {
    return fail(Errc::forked, "two device lists of the same version differ");
  }
  if (next.version <= known.version) {
    return fail(Errc::stale_version, "the device list is not newer than the known one");
  }
  if (next.version == known.version + 1 && next.previous_hash != hash_of(provider, known)) {
    return fail(Errc::forked, "the device list does not continue the known one");
  }
  for (const auto& device : next.devices) {
    const auto* before = known.find(device.device_id);
    if (before != nullptr && *before != device) {
      return fail(Errc::device_changed, "the device list changes the keys of a known device");
    }
  }
  return {};
}

}  // namespace unhidra::identity
