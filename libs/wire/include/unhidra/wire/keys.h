#pragma once
// Messages about users, their devices' public keys and their device lists. Source: gateway.proto.
// Whether a key is a valid point and a signature good is for room `identity` to check.

#include "unhidra/wire/field.h"

namespace unhidra::wire {

using Key = ByteArray<32>;             // X25519 or Ed25519 public key
using SignatureBytes = ByteArray<64>;  // Ed25519

struct LookUpUser {
  std::variant<std::monostate, std::string, UserId> by;  // the user name, or the id

  friend bool operator==(const LookUpUser&, const LookUpUser&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.LookUpUser";
  static constexpr auto fields() {
    return std::tuple{
        OneOf{"by", &LookUpUser::by, choices(Choice{1, "username"}, Choice{2, "user_id"})}};
  }
};

struct UserInfo {
  UserId user_id;
  std::string username;
  std::string display_name;

  friend bool operator==(const UserInfo&, const UserInfo&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.UserInfo";
  static constexpr auto fields() {
    return std::tuple{Field{1, "user_id", &UserInfo::user_id},
                      Field{2, "username", &UserInfo::username},
                      Field{3, "display_name", &UserInfo::display_name}};
  }
};

struct ListPeople {
  std::string search;
  Bytes cursor;
  std::uint32_t limit = 0;
  Timestamp changed_since;

  friend bool operator==(const ListPeople&, const ListPeople&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ListPeople";
  static constexpr auto fields() {
    return std::tuple{Field{1, "search", &ListPeople::search},
                      Field{2, "cursor", &ListPeople::cursor},
                      Field{3, "limit", &ListPeople::limit},
                      Field{4, "changed_since", &ListPeople::changed_since}};
  }
};

struct People {
  std::vector<UserInfo> people;
  Bytes next_cursor;

  friend bool operator==(const People&, const People&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.People";
  static constexpr auto fields() {
    return std::tuple{Field{1, "people", &People::people},
                      Field{2, "next_cursor", &People::next_cursor}};
  }
};

struct ProfileChanged {
  std::optional<UserInfo> user;

  friend bool operator==(const ProfileChanged&, const ProfileChanged&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ProfileChanged";
  static constexpr auto fields() { return std::tuple{Field{1, "user", &ProfileChanged::user}}; }
};

struct SignedPreKey {
  std::uint32_t id = 0;
  Key public_key{};
  Timestamp created_at;
  SignatureBytes signature{};

  friend bool operator==(const SignedPreKey&, const SignedPreKey&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.SignedPreKey";
  static constexpr auto fields() {
    return std::tuple{Field{1, "id", &SignedPreKey::id},
                      Field{2, "public_key", &SignedPreKey::public_key},
                      Field{3, "created_at", &SignedPreKey::created_at},
                      Field{4, "signature", &SignedPreKey::signature}};
  }
};

struct OneTimePreKey {
  std::uint32_t id = 0;
  Key public_key{};

  friend bool operator==(const OneTimePreKey&, const OneTimePreKey&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.OneTimePreKey";
  static constexpr auto fields() {
    return std::tuple{Field{1, "id", &OneTimePreKey::id},
                      Field{2, "public_key", &OneTimePreKey::public_key}};
  }
};

struct PublishKeys {
  Key identity_key{};
  Key signing_key{};
  std::optional<SignedPreKey> signed_pre_key;
  std::optional<SignedPreKey> last_resort_pre_key;
  std::vector<OneTimePreKey> one_time_pre_keys;

  friend bool operator==(const PublishKeys&, const PublishKeys&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.PublishKeys";
  static constexpr auto fields() {
    return std::tuple{Field{1, "identity_key", &PublishKeys::identity_key},
                      Field{2, "signing_key", &PublishKeys::signing_key},
                      Field{3, "signed_pre_key", &PublishKeys::signed_pre_key},
                      Field{4, "last_resort_pre_key", &PublishKeys::last_resort_pre_key},
                      Field{5, "one_time_pre_keys", &PublishKeys::one_time_pre_keys}};
  }
};

struct CountPreKeys {
  friend bool operator==(const CountPreKeys&, const CountPreKeys&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.CountPreKeys";
  static constexpr auto fields() { return std::tuple{}; }
};

struct PreKeyCount {
  std::uint32_t one_time = 0;

  friend bool operator==(const PreKeyCount&, const PreKeyCount&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.PreKeyCount";
  static constexpr auto fields() {
    return std::tuple{Field{1, "one_time", &PreKeyCount::one_time}};
  }
};

struct FetchPreKeyBundles {
  UserId user_id;
  std::vector<DeviceId> device_ids;  // empty: every device of the user

  friend bool operator==(const FetchPreKeyBundles&, const FetchPreKeyBundles&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.FetchPreKeyBundles";
  static constexpr auto fields() {
    return std::tuple{Field{1, "user_id", &FetchPreKeyBundles::user_id},
                      Field{2, "device_ids", &FetchPreKeyBundles::device_ids}};
  }
};

struct PreKeyBundle {
  DeviceId device_id;
  Key identity_key{};
  Key signing_key{};
  std::optional<SignedPreKey> signed_pre_key;
  std::optional<OneTimePreKey> one_time_pre_key;
  bool last_resort = false;

  friend bool operator==(const PreKeyBundle&, const PreKeyBundle&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.PreKeyBundle";
  static constexpr auto fields() {
    return std::tuple{Field{1, "device_id", &PreKeyBundle::device_id},
                      Field{2, "identity_key", &PreKeyBundle::identity_key},
                      Field{3, "signing_key", &PreKeyBundle::signing_key},
                      Field{4, "signed_pre_key", &PreKeyBundle::signed_pre_key},
                      Field{5, "one_time_pre_key", &PreKeyBundle::one_time_pre_key},
                      Field{6, "last_resort", &PreKeyBundle::last_resort}};
  }
};

struct PreKeyBundles {
  UserId user_id;
  std::vector<PreKeyBundle> bundles;

  friend bool operator==(const PreKeyBundles&, const PreKeyBundles&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.PreKeyBundles";
  static constexpr auto fields() {
    return std::tuple{Field{1, "user_id", &PreKeyBundles::user_id},
                      Field{2, "bundles", &PreKeyBundles::bundles}};
  }
};

struct PreKeysLow {
  std::uint32_t one_time = 0;

  friend bool operator==(const PreKeysLow&, const PreKeysLow&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.PreKeysLow";
  static constexpr auto fields() { return std::tuple{Field{1, "one_time", &PreKeysLow::one_time}}; }
};

struct FetchKeyDigest {
  friend bool operator==(const FetchKeyDigest&, const FetchKeyDigest&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.FetchKeyDigest";
  static constexpr auto fields() { return std::tuple{}; }
};

struct KeyDigest {
  ByteArray<32> digest{};

  friend bool operator==(const KeyDigest&, const KeyDigest&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.KeyDigest";
  static constexpr auto fields() { return std::tuple{Field{1, "digest", &KeyDigest::digest}}; }
};

struct PublishDeviceList {
  Bytes document;

  friend bool operator==(const PublishDeviceList&, const PublishDeviceList&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.PublishDeviceList";
  static constexpr auto fields() {
    return std::tuple{Field{1, "document", &PublishDeviceList::document}};
  }
};

struct FetchDeviceLists {
  std::vector<UserId> user_ids;
  std::optional<DeviceId> naming_device_id{};  // asks for `earlier_document`

  friend bool operator==(const FetchDeviceLists&, const FetchDeviceLists&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.FetchDeviceLists";
  static constexpr auto fields() {
    return std::tuple{Field{1, "user_ids", &FetchDeviceLists::user_ids},
                      Field{2, "naming_device_id", &FetchDeviceLists::naming_device_id}};
  }
};

struct DeviceListOf {
  UserId user_id;
  Bytes document;  // empty: the user has published none yet
  std::vector<DeviceId> revoked_device_ids;
  Bytes
      earlier_document{};  // the newest that names the device asked about, unless it is `document`

  friend bool operator==(const DeviceListOf&, const DeviceListOf&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.DeviceListOf";
  static constexpr auto fields() {
    return std::tuple{Field{1, "user_id", &DeviceListOf::user_id},
                      Field{2, "document", &DeviceListOf::document},
                      Field{3, "revoked_device_ids", &DeviceListOf::revoked_device_ids},
                      Field{4, "earlier_document", &DeviceListOf::earlier_document}};
  }
};

struct DeviceLists {
  std::vector<DeviceListOf> lists;

  friend bool operator==(const DeviceLists&, const DeviceLists&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.DeviceLists";
  static constexpr auto fields() { return std::tuple{Field{1, "lists", &DeviceLists::lists}}; }
};

struct DeviceListChanged {
  UserId user_id;
  std::uint64_t version = 0;

  friend bool operator==(const DeviceListChanged&, const DeviceListChanged&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.DeviceListChanged";
  static constexpr auto fields() {
    return std::tuple{Field{1, "user_id", &DeviceListChanged::user_id},
                      Field{2, "version", &DeviceListChanged::version}};
  }
};

struct ListPendingDevices {
  friend bool operator==(const ListPendingDevices&, const ListPendingDevices&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.ListPendingDevices";
  static constexpr auto fields() { return std::tuple{}; }
};

struct PendingDevice {
  DeviceId device_id;
  std::string name;
  Key identity_key{};
  Key signing_key{};
  Timestamp registered_at;

  friend bool operator==(const PendingDevice&, const PendingDevice&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.PendingDevice";
  static constexpr auto fields() {
    return std::tuple{Field{1, "device_id", &PendingDevice::device_id},
                      Field{2, "name", &PendingDevice::name},
                      Field{3, "identity_key", &PendingDevice::identity_key},
                      Field{4, "signing_key", &PendingDevice::signing_key},
                      Field{5, "registered_at", &PendingDevice::registered_at}};
  }
};

struct PendingDevices {
  std::vector<PendingDevice> devices;

  friend bool operator==(const PendingDevices&, const PendingDevices&) = default;
  static constexpr std::string_view kMessage = "unhidra.v1.PendingDevices";
  static constexpr auto fields() {
    return std::tuple{Field{1, "devices", &PendingDevices::devices}};
  }
};

}  // namespace unhidra::wire
