#pragma once
// What the operator of the machine may do without a token: directly on the database, while the
// server runs or not. Each change is audited with the actor "system"; a running server notices
// revocations and new keys within a second.

#include <optional>
#include <string>
#include <vector>

#include "unhidra/auth/settings.h"
#include "unhidra/base/id.h"
#include "unhidra/base/random.h"
#include "unhidra/pki/key_provider.h"
#include "unhidra/storage/database.h"

namespace unhidra::auth {

struct OrganizationCreated {
  OrgId id;
  std::string name;
  std::string invitation;  // for its first administrator
  Timestamp invitation_expires_at{};
};
struct UserCreated {
  UserId id;
  OrgId org_id;
  std::string username;
  std::string one_time_password;
};
struct DeviceLine {
  DeviceId id;
  std::string username;  // empty: an IoT device of the organisation
  std::string name;
  std::string platform;
  std::string kind;
  Timestamp created_at{};
  std::optional<Timestamp> last_seen_at;
  std::optional<Timestamp> revoked_at;
};
struct SessionLine {
  SessionId id;
  std::string username;
  std::optional<DeviceId> device_id;
  Timestamp created_at{};
  Timestamp last_used_at{};
  Timestamp expires_at{};
  std::string ip_address;
  std::string user_agent;
};
struct KeyLine {
  std::string kid;
  std::string algorithm;
  Timestamp not_before{};
  std::optional<Timestamp> retire_at;
};

// Blocks. `organization` is a name or an id; empty for the first one. All references outlive it.
class Administration {
 public:
  Administration(storage::Database& database, const pki::KeyProvider& provider, const Clock& clock,
                 RandomSource& random, AuthSettings settings);

  Result<OrganizationCreated> create_organization(std::string_view name);
  Result<UserCreated> create_user(std::string_view organization, std::string_view username,
                                  std::string_view display_name, std::string_view role);
  Result<UserCreated> reset_password(std::string_view organization, std::string_view username);

  // At most 1,000 lines; of one user, or of the organisation.
  Result<std::vector<DeviceLine>> devices(std::string_view organization, std::string_view username);
  Status revoke_device(DeviceId device);
  Result<std::vector<SessionLine>> sessions(std::string_view organization,
                                            std::string_view username);
  Status revoke_session(SessionId session);

  Result<std::vector<KeyLine>> signing_keys();
  // At once: nothing that the keys before it signed is worth anything any more.
  Result<KeyLine> rotate_signing_keys(bool at_once);

  // Id of an organisation; Errc::not_found.
  Result<OrgId> organization_id(std::string_view organization);

 private:
  storage::Database& database_;
  const pki::KeyProvider& provider_;
  const Clock& clock_;
  RandomSource& random_;
  AuthSettings settings_;
};

}  // namespace unhidra::auth
