#pragma once
// Rows of devices and invitations.

#include <optional>
#include <string>
#include <vector>

#include "unhidra/access/role.h"
#include "unhidra/storage/transaction.h"

#include "credentials.h"

namespace unhidra::auth::store {

struct Device {
  DeviceId id;
  OrgId org_id;
  std::optional<UserId> user_id;  // none: an IoT device of the organisation
  std::string name;
  std::string platform;
  std::string kind = "client";  // or "iot"
  Timestamp created_at{};
  UserId created_by;
  std::optional<Timestamp> last_seen_at;
  std::optional<Timestamp> revoked_at;
  std::optional<CredentialHash> api_key_hash;
};

Status insert(storage::Transaction& tx, const Device& device);
Result<std::optional<Device>> find_device(storage::Transaction& tx, OrgId org, DeviceId id);
// For the operator of the machine alone: everybody else asks within his organisation.
Result<std::optional<OrgId>> organization_of_device(storage::Transaction& tx, DeviceId id);
Result<std::optional<Device>> find_device_by_key(storage::Transaction& tx,
                                                 const CredentialHash& key);
// Also the revoked ones, in the order of their ids.
Result<std::vector<Device>> list_devices_of_user(storage::Transaction& tx, OrgId org, UserId user,
                                                 DeviceId after, std::size_t limit);
Result<std::vector<Device>> list_devices(storage::Transaction& tx, OrgId org, std::string_view kind,
                                         DeviceId after, std::size_t limit);
Result<std::size_t> count_live_devices(storage::Transaction& tx, OrgId org, UserId user);
// False when it is revoked already.
Result<bool> revoke_device(storage::Transaction& tx, OrgId org, DeviceId id, Timestamp now);
Status touch_device(storage::Transaction& tx, OrgId org, DeviceId id, Timestamp now);

struct Invitation {
  InvitationId id;
  OrgId org_id;
  CredentialHash token_hash{};
  access::Role role = access::Role::member;
  UserId created_by;
  Timestamp created_at{};
  Timestamp expires_at{};
  std::optional<Timestamp> used_at;
  std::optional<UserId> used_by;
  std::optional<Timestamp> revoked_at;

  bool good(Timestamp now) const { return !used_at && !revoked_at && now < expires_at; }
};

Status insert(storage::Transaction& tx, const Invitation& invitation);
Result<std::optional<Invitation>> find_invitation(storage::Transaction& tx,
                                                  const CredentialHash& token);
Result<std::vector<Invitation>> list_invitations(storage::Transaction& tx, OrgId org,
                                                 InvitationId after, std::size_t limit);
// False when somebody else was first.
Result<bool> use_invitation(storage::Transaction& tx, InvitationId id, UserId by, Timestamp now);
// False when there is none that could still be used.
Result<bool> revoke_invitation(storage::Transaction& tx, OrgId org, InvitationId id, Timestamp now);

}  // namespace unhidra::auth::store
