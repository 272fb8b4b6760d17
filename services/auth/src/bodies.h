#pragma once
// Bodies of the REST interface; api/openapi.yaml describes the same. Times are RFC 3339 in UTC,
// durations seconds. An absent optional member is left out.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "unhidra/access/json.h"
#include "unhidra/base/id.h"
#include "unhidra/base/secret.h"

namespace unhidra::auth::body {

template <class T>
struct List {
  std::vector<T> items;
  std::optional<std::string> next_cursor;
  BOOST_DESCRIBE_CLASS(List, (), (items, next_cursor), (), ())
};

// ---- set-up, sign-up, login ----

struct SetupStatus {
  bool required = false;  // no administrator exists yet: POST /v1/setup
  bool open_sign_up = false;
};
BOOST_DESCRIBE_STRUCT(SetupStatus, (), (required, open_sign_up))

struct Setup {
  SecretBytes setup_token;
  std::optional<std::string> organization;  // its name; "Default" when left out
  std::string username;
  SecretBytes password;
  std::optional<std::string> display_name;
};
BOOST_DESCRIBE_STRUCT(Setup, (), (setup_token, organization, username, password, display_name))

struct Register {
  std::string username;
  SecretBytes password;
  std::optional<std::string> display_name;
  std::optional<SecretBytes> invitation;    // its token; needed unless sign-up is open
  std::optional<std::string> organization;  // open sign-up only; the first one when left out
};
BOOST_DESCRIBE_STRUCT(Register, (), (username, password, display_name, invitation, organization))

struct Login {
  std::string username;
  SecretBytes password;
  std::optional<std::string> organization;  // name or id; the first one when left out
  std::optional<DeviceId> device_id;        // a device of the account that comes back
};
BOOST_DESCRIBE_STRUCT(Login, (), (username, password, organization, device_id))

struct Refresh {
  SecretBytes refresh_token;
  // A secret of the client, at least 16 characters: with the same one the same refresh may be
  // repeated when its answer was lost.
  std::optional<SecretBytes> retry_key;
};
BOOST_DESCRIBE_STRUCT(Refresh, (), (refresh_token, retry_key))

struct Tokens {
  std::string access_token;
  std::string token_type = "Bearer";
  std::int64_t expires_in = 0;
  std::string refresh_token;
  std::int64_t refresh_expires_in = 0;
  SessionId session_id;
  UserId user_id;
  OrgId organization_id;
  std::optional<DeviceId> device_id;       // the device that the session is bound to
  bool must_change_password = false;       // until then the session has no permissions
  std::optional<std::string> gateway_url;  // where to connect: wss://host:port/v1/ws
};
BOOST_DESCRIBE_STRUCT(Tokens, (),
                      (access_token, token_type, expires_in, refresh_token, refresh_expires_in,
                       session_id, user_id, organization_id, device_id, must_change_password,
                       gateway_url))

// The session's new access token names the device; its refresh token stays good.
struct RegisteredDevice {
  DeviceId device_id;
  std::string access_token;
  std::string token_type = "Bearer";
  std::int64_t expires_in = 0;
};
BOOST_DESCRIBE_STRUCT(RegisteredDevice, (), (device_id, access_token, token_type, expires_in))

// ---- the own account ----

struct Account {
  UserId user_id;
  std::string username;
  std::string display_name;
  OrgId organization_id;
  std::string organization;
  std::vector<std::string> roles;
  SessionId session_id;
  std::optional<DeviceId> device_id;
  bool must_change_password = false;
  Timestamp created_at{};
};
BOOST_DESCRIBE_STRUCT(Account, (),
                      (user_id, username, display_name, organization_id, organization, roles,
                       session_id, device_id, must_change_password, created_at))

struct AccountChange {
  std::string display_name;
};
BOOST_DESCRIBE_STRUCT(AccountChange, (), (display_name))

struct ChangePassword {
  SecretBytes current_password;
  SecretBytes new_password;
};
BOOST_DESCRIBE_STRUCT(ChangePassword, (), (current_password, new_password))

struct Session {
  SessionId session_id;
  std::optional<DeviceId> device_id;
  Timestamp created_at{};
  Timestamp last_used_at{};
  Timestamp expires_at{};
  std::string ip_address;
  std::string user_agent;
  bool current = false;
};
BOOST_DESCRIBE_STRUCT(Session, (),
                      (session_id, device_id, created_at, last_used_at, expires_at, ip_address,
                       user_agent, current))

struct NewDevice {
  std::string name;
  std::optional<std::string> platform;
};
BOOST_DESCRIBE_STRUCT(NewDevice, (), (name, platform))

struct Device {
  DeviceId device_id;
  std::optional<UserId> user_id;
  std::string name;
  std::string platform;
  std::string kind;  // "client" or "iot"
  Timestamp created_at{};
  std::optional<Timestamp> last_seen_at;
  std::optional<Timestamp> revoked_at;
  bool current = false;
};
BOOST_DESCRIBE_STRUCT(Device, (),
                      (device_id, user_id, name, platform, kind, created_at, last_seen_at,
                       revoked_at, current))

struct CreatedIotDevice {
  Device device;
  std::string api_key;  // shown this once
};
BOOST_DESCRIBE_STRUCT(CreatedIotDevice, (), (device, api_key))

// ---- administration ----

struct NewInvitation {
  std::optional<std::string> role;         // "member" when left out
  std::optional<std::int64_t> expires_in;  // seconds
};
BOOST_DESCRIBE_STRUCT(NewInvitation, (), (role, expires_in))

struct Invitation {
  InvitationId invitation_id;
  std::string role;
  std::optional<UserId> created_by;
  Timestamp created_at{};
  Timestamp expires_at{};
  std::optional<Timestamp> used_at;
  std::optional<UserId> used_by;
  std::optional<Timestamp> revoked_at;
  std::optional<std::string> token;  // in the answer to its creation alone
};
BOOST_DESCRIBE_STRUCT(Invitation, (),
                      (invitation_id, role, created_by, created_at, expires_at, used_at, used_by,
                       revoked_at, token))

struct User {
  UserId user_id;
  std::string username;
  std::string display_name;
  bool disabled = false;
  std::vector<std::string> roles;
  Timestamp created_at{};
  std::optional<std::string> one_time_password;  // in the answer to its creation alone
};
BOOST_DESCRIBE_STRUCT(User, (),
                      (user_id, username, display_name, disabled, roles, created_at,
                       one_time_password))

struct NewUser {
  std::string username;
  std::optional<std::string> display_name;
  std::optional<std::string> role;  // "member" when left out
};
BOOST_DESCRIBE_STRUCT(NewUser, (), (username, display_name, role))

struct UserChange {
  std::optional<std::string> display_name;
  std::optional<bool> disabled;
};
BOOST_DESCRIBE_STRUCT(UserChange, (), (display_name, disabled))

struct OneTimePassword {
  std::string one_time_password;
};
BOOST_DESCRIBE_STRUCT(OneTimePassword, (), (one_time_password))

struct Role {
  std::string role;
  std::string scope;
  std::vector<std::string> permissions;
};
BOOST_DESCRIBE_STRUCT(Role, (), (role, scope, permissions))

struct NewOrganization {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(NewOrganization, (), (name))

struct OrganizationChange {
  std::optional<std::string> name;
  std::optional<bool> open_sign_up;
};
BOOST_DESCRIBE_STRUCT(OrganizationChange, (), (name, open_sign_up))

struct Organization {
  OrgId organization_id;
  std::string name;
  bool open_sign_up = false;
  Timestamp created_at{};
  std::optional<Invitation> invitation;  // for its first administrator; at creation alone
};
BOOST_DESCRIBE_STRUCT(Organization, (),
                      (organization_id, name, open_sign_up, created_at, invitation))

struct Connection {
  ConnectionId connection_id;
  UserId user_id;
  DeviceId device_id;
  SessionId session_id;
  Timestamp connected_at{};
  std::string ip_address;
  std::string user_agent;
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;
};
BOOST_DESCRIBE_STRUCT(Connection, (),
                      (connection_id, user_id, device_id, session_id, connected_at, ip_address,
                       user_agent, messages_in, messages_out))

struct AuditEntry {
  std::int64_t position = 0;
  EventId event_id;
  std::string event_type;
  Timestamp timestamp{};
  std::optional<std::string> actor_id;
  std::string actor_type;
  std::string resource_type;
  std::string resource_id;
  std::string action;
  std::string outcome;
  std::string ip_address;
  std::string user_agent;
  boost::json::value metadata;
  std::string prev_hash;  // hex
  std::string event_hash;
};
BOOST_DESCRIBE_STRUCT(AuditEntry, (),
                      (position, event_id, event_type, timestamp, actor_id, actor_type,
                       resource_type, resource_id, action, outcome, ip_address, user_agent,
                       metadata, prev_hash, event_hash))

}  // namespace unhidra::auth::body
