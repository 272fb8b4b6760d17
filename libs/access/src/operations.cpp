#include <array>

#include "unhidra/access/operation.h"
#include "unhidra/wire/frame_bodies.h"

namespace unhidra::access {
namespace {

using enum Permission;

constexpr std::uint32_t kSmallBody = 4 * 1024;
constexpr std::uint32_t kJsonBody = 16 * 1024;
constexpr std::uint32_t kEnrolmentBody = 32 * 1024;  // base64 of a certificate request
constexpr std::uint32_t kCmpBody = 16 * 1024;        // one message
constexpr std::string_view kCmp = "application/pkixcmp";

constexpr std::uint32_t kFilePart = 8 * 1024 * 1024;  // storage::kObjectPart

constexpr std::uint32_t kProtectionBody = 64 * 1024;
constexpr std::uint32_t kPolicyBody = 1024 * 1024;  // modules and data

constexpr std::array<std::string_view, 1> kLimited{"limit"};
constexpr std::array<std::string_view, 2> kPaged{"cursor", "limit"};
constexpr std::array<std::string_view, 1> kAtOffset{"offset"};
constexpr std::array<std::string_view, 5> kDeviceQuery{"cursor", "limit", "type", "group", "label"};
constexpr std::array<std::string_view, 4> kAuditQuery{"cursor", "limit", "event_type", "actor_id"};

// ---- the columns, in the words of the rows below ----

constexpr Operation rest(std::string_view name, std::string_view method, std::string_view path) {
  Operation out;
  out.name = name;
  out.face = Face::rest;
  out.serving = Serving::auth;
  out.method = method;
  out.path = path;
  out.audit = AuditPolicy::never;
  return out;
}
template <class Request>
constexpr Operation frame(std::string_view name, Serving serving, Permission permission,
                          std::uint32_t body_limit) {
  Operation out;
  out.name = name;
  out.face = Face::frame;
  out.serving = serving;
  out.frame = wire::request_field<Request>();
  out.access = Access::permission;
  out.permission = permission;
  out.audit = AuditPolicy::never;
  out.limit = LimitClass::requests;
  out.body_limit = body_limit;
  return out;
}

// A row is written as a chain of what is special about it. (A chain of plain members: clang does
// not evaluate a function template in a constant before it has seen the end of the file.)
struct Row : Operation {
  constexpr explicit Row(const Operation& operation) : Operation(operation) {}

  constexpr Row& everyone() {
    access = Access::everyone;
    return *this;
  }
  constexpr Row& self() {
    access = Access::self;
    return *this;
  }
  constexpr Row& needs(Permission needed) {
    access = Access::permission;
    permission = needed;
    return *this;
  }
  constexpr Row& operators(Permission needed) {
    access = Access::operators;
    permission = needed;
    return *this;
  }
  constexpr Row& served_by(Serving who) {
    serving = who;
    return *this;
  }
  constexpr Row& limited(LimitClass by) {
    limit = by;
    return *this;
  }
  constexpr Row& body(std::uint32_t bytes) {
    body_limit = bytes;
    return *this;
  }
  constexpr Row& takes(std::string_view type) {
    content_type = type;
    return *this;
  }
  constexpr Row& answers(int status) {
    success_status = status;
    return *this;
  }
  constexpr Row& understands(std::span<const std::string_view> parameters) {
    query = parameters;
    return *this;
  }
  constexpr Row& secret() {
    secret_answer = true;
    return *this;
  }
  constexpr Row& secret_request() {
    secret_body = true;
    return *this;
  }
  // Changes what is stored: always audited.
  constexpr Row& changes(std::string_view event, std::string_view what, std::string_view resource) {
    mutates = true;
    audit = AuditPolicy::always;
    event_type = event;
    action = what;
    resource_type = resource;
    return *this;
  }
  // Reads what belongs to others: audited too.
  constexpr Row& reads_others(std::string_view event, std::string_view resource) {
    audit = AuditPolicy::always;
    event_type = event;
    action = "read";
    resource_type = resource;
    return *this;
  }
};

template <class... Rows>
constexpr std::array<Operation, sizeof...(Rows)> table(const Rows&... rows) {
  return {static_cast<const Operation&>(rows)...};
}

// clang-format off
constexpr auto kOperations = table(
  // ---- the installation ----
  Row(rest("setup.status", "GET", "/v1/setup")).everyone().limited(LimitClass::open),
  Row(rest("setup.complete", "POST", "/v1/setup")).everyone().limited(LimitClass::registration)
    .secret_request().body(kJsonBody).answers(201).secret().changes("installation.set_up", "create", "organization"),

  // ---- accounts and sessions ----
  Row(rest("auth.register", "POST", "/v1/register")).everyone().limited(LimitClass::registration)
    .secret_request().body(kJsonBody).answers(201).secret().changes("user.registered", "create", "user"),
  Row(rest("auth.login", "POST", "/v1/login")).everyone().limited(LimitClass::login)
    .secret_request().body(kSmallBody).secret().changes("session.created", "authenticate", "session"),
  Row(rest("auth.refresh", "POST", "/v1/token/refresh")).everyone().limited(LimitClass::refresh)
    .secret_request().body(kSmallBody).secret().changes("session.refreshed", "authenticate", "session"),
  Row(rest("auth.logout", "POST", "/v1/logout")).self().limited(LimitClass::writes)
    .answers(204).changes("session.ended", "delete", "session"),
  Row(rest("auth.jwks", "GET", "/.well-known/jwks.json")).everyone().limited(LimitClass::open),
  Row(rest("account.get", "GET", "/v1/account")).self(),
  Row(rest("account.update", "PATCH", "/v1/account")).self().limited(LimitClass::writes)
    .body(kSmallBody).changes("user.profile_changed", "update", "user"),
  Row(rest("account.change_password", "POST", "/v1/account/password")).self()
    .limited(LimitClass::credential_change).secret_request().body(kSmallBody).answers(204)
    .changes("user.password_changed", "update", "user"),
  Row(rest("sessions.list", "GET", "/v1/sessions")).self().understands(kPaged),
  Row(rest("sessions.revoke", "DELETE", "/v1/sessions/{session_id}")).self()
    .limited(LimitClass::writes).answers(204).changes("session.revoked", "delete", "session"),
  Row(rest("devices.register", "POST", "/v1/devices")).self()
    .limited(LimitClass::device_registration).body(kSmallBody).answers(201).secret()
    .changes("device.registered", "create", "device"),
  Row(rest("devices.list", "GET", "/v1/devices")).self().understands(kPaged),
  Row(rest("devices.revoke", "DELETE", "/v1/devices/{device_id}")).self()
    .limited(LimitClass::writes).answers(204).changes("device.revoked", "delete", "device"),

  // ---- administration of an organisation ----
  Row(rest("organization.get", "GET", "/v1/organization")).self(),
  Row(rest("organization.update", "PATCH", "/v1/organization")).needs(organization_manage)
    .limited(LimitClass::administration).body(kSmallBody)
    .changes("organization.updated", "update", "organization"),
  Row(rest("invitations.create", "POST", "/v1/invitations")).needs(invitations_manage)
    .limited(LimitClass::administration).body(kSmallBody).answers(201).secret()
    .changes("invitation.created", "create", "invitation"),
  Row(rest("invitations.list", "GET", "/v1/invitations")).needs(invitations_manage).understands(kPaged),
  Row(rest("invitations.revoke", "DELETE", "/v1/invitations/{invitation_id}")).needs(invitations_manage)
    .limited(LimitClass::administration).answers(204).changes("invitation.revoked", "delete", "invitation"),
  Row(rest("users.list", "GET", "/v1/users")).needs(users_list).understands(kPaged),
  Row(rest("users.create", "POST", "/v1/users")).needs(users_manage)
    .limited(LimitClass::administration).body(kJsonBody).answers(201).secret()
    .changes("user.created", "create", "user"),
  Row(rest("users.get", "GET", "/v1/users/{user_id}")).needs(users_list),
  Row(rest("users.update", "PATCH", "/v1/users/{user_id}")).needs(users_manage)
    .limited(LimitClass::administration).body(kJsonBody).changes("user.updated", "update", "user"),
  Row(rest("users.reset_password", "POST", "/v1/users/{user_id}/password")).needs(users_manage)
    .limited(LimitClass::credential_change).secret().changes("user.password_reset", "update", "user"),
  Row(rest("users.devices", "GET", "/v1/users/{user_id}/devices")).needs(users_manage)
    .understands(kPaged).reads_others("user.devices_read", "user"),
  Row(rest("users.revoke_device", "DELETE", "/v1/users/{user_id}/devices/{device_id}")).needs(users_manage)
    .limited(LimitClass::administration).answers(204).changes("device.revoked_by_admin", "delete", "device"),
  Row(rest("users.sessions", "GET", "/v1/users/{user_id}/sessions")).needs(users_manage)
    .understands(kPaged).reads_others("user.sessions_read", "user"),
  Row(rest("users.revoke_session", "DELETE", "/v1/users/{user_id}/sessions/{session_id}")).needs(users_manage)
    .limited(LimitClass::administration).answers(204).changes("session.revoked_by_admin", "delete", "session"),
  Row(rest("roles.list", "GET", "/v1/roles")).self(),
  Row(rest("roles.assign", "PUT", "/v1/users/{user_id}/roles/{role}")).needs(roles_assign)
    .limited(LimitClass::administration).answers(204).changes("role.assigned", "update", "user"),
  Row(rest("roles.unassign", "DELETE", "/v1/users/{user_id}/roles/{role}")).needs(roles_assign)
    .limited(LimitClass::administration).answers(204).changes("role.unassigned", "update", "user"),
  Row(rest("iot_devices.create", "POST", "/v1/iot-devices")).needs(iot_devices_manage)
    .limited(LimitClass::device_registration).body(kSmallBody).answers(201).secret()
    .changes("iot_device.created", "create", "device"),
  Row(rest("iot_devices.revoke", "DELETE", "/v1/iot-devices/{device_id}")).needs(iot_devices_manage)
    .limited(LimitClass::administration).answers(204).changes("iot_device.revoked", "delete", "device"),
  Row(rest("connections.list", "GET", "/v1/connections")).needs(connections_read)
    .understands(kPaged).reads_others("connections.read", "connection"),
  Row(rest("audit.list", "GET", "/v1/audit")).needs(audit_read)
    .understands(kAuditQuery).reads_others("audit.read", "audit_log"),

  // ---- administration of the installation ----
  Row(rest("organizations.list", "GET", "/v1/organizations")).needs(organizations_manage)
    .understands(kPaged).reads_others("organizations.read", "organization"),
  Row(rest("organizations.create", "POST", "/v1/organizations")).needs(organizations_manage)
    .limited(LimitClass::administration).body(kJsonBody).answers(201).secret()
    .changes("organization.created", "create", "organization"),

  // ---- devices: enrolment (EST, CMP), certificate status, certificates ----
  Row(rest("est.ca_certificates", "GET", "/.well-known/est/cacerts")).everyone()
    .served_by(Serving::automation).limited(LimitClass::open),
  Row(rest("est.csr_attributes", "GET", "/.well-known/est/csrattrs")).everyone()
    .served_by(Serving::automation).limited(LimitClass::open),
  Row(rest("est.enroll", "POST", "/.well-known/est/simpleenroll")).everyone()
    .served_by(Serving::automation).limited(LimitClass::enrolment).secret_request()
    .body(kEnrolmentBody).takes("application/pkcs10").changes("device.enrolled", "create", "device"),
  Row(rest("est.enroll_with_key", "POST", "/.well-known/est/serverkeygen")).everyone()
    .served_by(Serving::automation).limited(LimitClass::enrolment).secret_request().secret()
    .body(kEnrolmentBody).takes("application/pkcs10").changes("device.enrolled_with_key", "create", "device"),
  Row(rest("est.reenroll", "POST", "/.well-known/est/simplereenroll")).everyone()
    .served_by(Serving::automation).limited(LimitClass::enrolment).secret_request()
    .body(kEnrolmentBody).takes("application/pkcs10").changes("device.reenrolled", "update", "device"),
  Row(rest("cmp.enroll", "POST", "/.well-known/cmp/initialization")).everyone()
    .served_by(Serving::automation).limited(LimitClass::enrolment).secret_request()
    .body(kCmpBody).takes(kCmp).changes("device.enrolled_by_cmp", "create", "device"),
  Row(rest("cmp.renew", "POST", "/.well-known/cmp/keyupdate")).everyone()
    .served_by(Serving::automation).limited(LimitClass::enrolment).secret_request()
    .body(kCmpBody).takes(kCmp).changes("device.reenrolled_by_cmp", "update", "device"),
  Row(rest("cmp.poll", "POST", "/.well-known/cmp/poll")).everyone()
    .served_by(Serving::automation).limited(LimitClass::enrolment).secret_request()
    .body(kCmpBody).takes(kCmp).changes("device.enrolment_polled", "create", "device"),
  Row(rest("cmp.confirm", "POST", "/.well-known/cmp/confirm")).everyone()
    .served_by(Serving::automation).limited(LimitClass::enrolment).secret_request()
    .body(kCmpBody).takes(kCmp).changes("device.enrolment_confirmed", "update", "device"),
  Row(rest("cmp.revoke", "POST", "/.well-known/cmp/revocation")).everyone()
    .served_by(Serving::automation).limited(LimitClass::enrolment).secret_request()
    .body(kCmpBody).takes(kCmp).changes("device.revoked_by_itself", "delete", "device"),
  Row(rest("cmp.ask", "POST", "/.well-known/cmp/getcacerts")).everyone()
    .served_by(Serving::automation).limited(LimitClass::enrolment).body(kCmpBody).takes(kCmp),
  Row(rest("certificate_status.crl", "GET", "/pki/devices.crl")).everyone()
    .served_by(Serving::automation).limited(LimitClass::open),
  Row(rest("certificate_status.crl_of", "GET", "/pki/devices/{list}")).everyone()
    .served_by(Serving::automation).limited(LimitClass::open),
  Row(rest("certificate_status.ocsp", "POST", "/pki/ocsp")).everyone()
    .served_by(Serving::automation).limited(LimitClass::open).body(kSmallBody)
    .takes("application/ocsp-request"),
  Row(rest("certificate_status.ocsp_get", "GET", "/pki/ocsp/{request}")).everyone()
    .served_by(Serving::automation).limited(LimitClass::open),
  Row(rest("enrolment_codes.create", "POST", "/v1/iot-devices/{device_id}/enrolment-codes"))
    .needs(iot_devices_manage).served_by(Serving::automation).limited(LimitClass::administration)
    .answers(201).secret().changes("device.enrolment_code_created", "create", "device"),
  Row(rest("device_certificates.list", "GET", "/v1/iot-devices/{device_id}/certificates"))
    .needs(iot_devices_manage).served_by(Serving::automation),
  Row(rest("device_certificates.revoke", "DELETE", "/v1/iot-devices/{device_id}/certificates"))
    .needs(iot_devices_manage).served_by(Serving::automation).limited(LimitClass::administration)
    .answers(204).changes("device.certificates_revoked", "delete", "device"),

  Row(rest("mqtt_passwords.create", "POST", "/v1/mqtt-passwords")).self()
    .served_by(Serving::automation).limited(LimitClass::credential_change).body(kSmallBody)
    .answers(201).secret().changes("mqtt_password.created", "create", "mqtt_password"),
  Row(rest("mqtt_passwords.list", "GET", "/v1/mqtt-passwords")).self().served_by(Serving::automation),
  Row(rest("mqtt_passwords.revoke", "DELETE", "/v1/mqtt-passwords/{password_id}")).self()
    .served_by(Serving::automation).limited(LimitClass::writes).answers(204)
    .changes("mqtt_password.revoked", "delete", "mqtt_password"),

  Row(rest("enrolment_requests.list", "GET", "/v1/enrolment-requests")).needs(iot_devices_read)
    .served_by(Serving::automation).understands(kPaged),
  Row(rest("enrolment_requests.approve", "POST", "/v1/iot-devices/{device_id}/enrolment-request/approval"))
    .needs(iot_devices_manage).served_by(Serving::automation).limited(LimitClass::administration)
    .body(kSmallBody).answers(204).changes("device.enrolment_approved", "update", "device"),
  Row(rest("enrolment_requests.deny", "DELETE", "/v1/iot-devices/{device_id}/enrolment-request"))
    .needs(iot_devices_manage).served_by(Serving::automation).limited(LimitClass::administration)
    .answers(204).changes("device.enrolment_denied", "update", "device"),

  // ---- devices: registry and twins ----
  Row(rest("iot_devices.list", "GET", "/v1/iot-devices")).needs(iot_devices_read)
    .served_by(Serving::automation).understands(kDeviceQuery),
  Row(rest("iot_devices.get", "GET", "/v1/iot-devices/{device_id}")).needs(iot_devices_read)
    .served_by(Serving::automation),
  Row(rest("iot_devices.update", "PATCH", "/v1/iot-devices/{device_id}")).needs(iot_devices_manage)
    .served_by(Serving::automation).limited(LimitClass::administration).body(kJsonBody)
    .changes("iot_device.updated", "update", "device"),
  Row(rest("iot_devices.delete", "DELETE", "/v1/iot-devices/{device_id}/record")).needs(iot_devices_manage)
    .served_by(Serving::automation).limited(LimitClass::administration).answers(204)
    .changes("iot_device.deleted", "delete", "device"),
  Row(rest("device_twins.get", "GET", "/v1/iot-devices/{device_id}/twin")).needs(iot_devices_read)
    .served_by(Serving::automation),
  Row(rest("device_twins.want", "PUT", "/v1/iot-devices/{device_id}/twin")).needs(iot_devices_manage)
    .served_by(Serving::automation).limited(LimitClass::administration).body(kJsonBody)
    .changes("device_twin.wanted", "update", "device"),
  // The device itself, by the certificate of its connection.
  Row(rest("own_twin.get", "GET", "/v1/device/twin")).everyone().served_by(Serving::automation)
    .limited(LimitClass::open),
  Row(rest("own_twin.report", "PUT", "/v1/device/twin")).everyone().served_by(Serving::automation)
    .limited(LimitClass::open).body(kJsonBody).changes("device_twin.reported", "update", "device"),

  // ---- the topic policy: versions, and one that is asked beside ----
  Row(rest("topic_protection.get", "GET", "/v1/topic-protection")).needs(policies_read)
    .served_by(Serving::automation),
  Row(rest("topic_protection.set", "PUT", "/v1/topic-protection")).needs(policies_manage)
    .served_by(Serving::automation).limited(LimitClass::administration).body(kProtectionBody)
    .changes("topic_protection.changed", "update", "topic_protection"),
  Row(rest("policies.list", "GET", "/v1/policies")).needs(policies_read)
    .served_by(Serving::automation).understands(kPaged),
  Row(rest("policies.get", "GET", "/v1/policies/{version}")).needs(policies_read)
    .served_by(Serving::automation),
  Row(rest("policies.add", "POST", "/v1/policies")).needs(policies_manage)
    .served_by(Serving::automation).limited(LimitClass::administration).body(kPolicyBody).answers(201)
    .changes("policy.added", "create", "policy"),
  Row(rest("policies.activate", "POST", "/v1/policies/{version}/activation")).needs(policies_manage)
    .served_by(Serving::automation).limited(LimitClass::administration)
    .changes("policy.activated", "update", "policy"),
  Row(rest("policies.roll_back", "DELETE", "/v1/policies/activation")).needs(policies_manage)
    .served_by(Serving::automation).limited(LimitClass::administration)
    .changes("policy.rolled_back", "update", "policy"),
  // Shows inputs: who did what.
  Row(rest("policies.dry_run", "GET", "/v1/policies/{version}/dry-run")).needs(policies_read)
    .served_by(Serving::automation).limited(LimitClass::administration).understands(kLimited)
    .reads_others("policy.dry_run", "policy"),
  Row(rest("policy_shadow.get", "GET", "/v1/policy-shadow")).needs(policies_read)
    .served_by(Serving::automation).understands(kLimited).reads_others("policy.shadow_read", "policy"),
  Row(rest("policy_shadow.start", "PUT", "/v1/policy-shadow")).needs(policies_manage)
    .served_by(Serving::automation).limited(LimitClass::administration).body(kSmallBody)
    .changes("policy.shadow_started", "update", "policy"),
  Row(rest("policy_shadow.end", "DELETE", "/v1/policy-shadow")).needs(policies_manage)
    .served_by(Serving::automation).limited(LimitClass::administration).answers(204)
    .changes("policy.shadow_ended", "update", "policy"),

  // ---- encrypted files: only members of the conversation, as the handlers decide ----
  Row(rest("files.begin", "POST", "/v1/files")).needs(messages_send).served_by(Serving::files)
    .limited(LimitClass::writes).body(kSmallBody).answers(201).changes("file.begun", "create", "file"),
  Row(rest("files.get", "GET", "/v1/files/{file_id}")).needs(conversations_read).served_by(Serving::files),
  Row(rest("files.put_part", "PUT", "/v1/files/{file_id}/content")).needs(messages_send)
    .served_by(Serving::files).limited(LimitClass::file_transfers).body(kFilePart)
    .takes("application/octet-stream").understands(kAtOffset).changes("file.part_stored", "update", "file"),
  Row(rest("files.complete", "POST", "/v1/files/{file_id}/completion")).needs(messages_send)
    .served_by(Serving::files).limited(LimitClass::writes).body(kSmallBody)
    .changes("file.uploaded", "update", "file"),
  Row(rest("files.download", "GET", "/v1/files/{file_id}/content")).needs(conversations_read)
    .served_by(Serving::files).limited(LimitClass::file_transfers),
  Row(rest("files.link", "POST", "/v1/files/{file_id}/links")).needs(conversations_read)
    .served_by(Serving::files).limited(LimitClass::writes).answers(201).secret()
    .changes("file.link_created", "create", "file"),
  // The link says who may read, what, and how long; all of it is looked at again.
  Row(rest("files.download_by_link", "GET", "/v1/file-links/{link}")).everyone()
    .served_by(Serving::files).limited(LimitClass::file_transfers),
  Row(rest("files.delete", "DELETE", "/v1/files/{file_id}")).needs(messages_send).served_by(Serving::files)
    .limited(LimitClass::writes).answers(204).changes("file.deleted", "delete", "file"),
  Row(rest("files.usage", "GET", "/v1/file-usage")).self().served_by(Serving::files),

  // ---- every role, both ports ----
  Row(rest("system.health", "GET", "/health")).everyone().served_by(Serving::every).limited(LimitClass::none),
  Row(rest("system.ready", "GET", "/ready")).everyone().served_by(Serving::every).limited(LimitClass::none),
  Row(rest("system.metrics", "GET", "/metrics")).operators(metrics_read).served_by(Serving::every)
    .limited(LimitClass::none),
  Row(rest("system.openapi", "GET", "/openapi.yaml")).everyone().served_by(Serving::every)
    .limited(LimitClass::open),

  // ---- the gateway's connection ----
  Row([] {
    auto row = rest("connection.open", "GET", "/v1/ws");
    row.face = Face::upgrade;
    row.success_status = 101;
    return row;
  }()).self().served_by(Serving::gateway).limited(LimitClass::connections),
  Row(frame<wire::Authenticate>("connection.authenticate", Serving::gateway, {}, 8 * 1024)).self(),
  // Presence is not stored: it lives as long as the connection.
  Row(frame<wire::SetPresence>("presence.set", Serving::gateway, presence_use, 64)),
  Row(frame<wire::WatchPresence>("presence.watch", Serving::gateway, presence_use, 64 * 1024)),

  // ---- users and keys ----
  // Whom somebody may know of, the handler decides: a guest those with whom he shares a conversation.
  Row(frame<wire::LookUpUser>("users.look_up", Serving::chat, users_look_up, 1024)),
  Row(frame<wire::ListPeople>("people.list", Serving::chat, users_look_up, 1024))
    .limited(LimitClass::people_search),
  Row(frame<wire::PublishKeys>("keys.publish", Serving::chat, keys_publish, 16 * 1024))
    .changes("device.keys_published", "update", "device"),
  Row(frame<wire::CountPreKeys>("keys.count", Serving::chat, keys_publish, 64)),
  // Takes one-time prekeys away, so it changes what is stored.
  Row(frame<wire::FetchPreKeyBundles>("keys.fetch_bundles", Serving::chat, keys_fetch, 4 * 1024))
    .limited(LimitClass::prekey_fetch).changes("prekeys.fetched", "read", "user"),
  Row(frame<wire::FetchKeyDigest>("keys.fetch_digest", Serving::chat, keys_publish, 64)),
  Row(frame<wire::PublishDeviceList>("device_lists.publish", Serving::chat, keys_publish, 16 * 1024))
    .changes("device_list.published", "update", "user"),
  Row(frame<wire::FetchDeviceLists>("device_lists.fetch", Serving::chat, keys_fetch, 4 * 1024)),
  Row(frame<wire::ListPendingDevices>("devices.list_pending", Serving::chat, keys_publish, 64)),

  // ---- conversations ----
  Row(frame<wire::OpenDirectConversation>("conversations.open_direct", Serving::chat, conversations_open, 1024))
    .changes("conversation.opened", "create", "conversation"),
  Row(frame<wire::ListConversations>("conversations.list", Serving::chat, conversations_read, 1024)),
  Row(frame<wire::SendMessage>("messages.send", Serving::chat, messages_send, 768 * 1024))
    .limited(LimitClass::messages).changes("message.sent", "create", "conversation"),
  Row(frame<wire::FetchInbox>("inbox.fetch", Serving::chat, conversations_read, 64)),
  Row(frame<wire::AcknowledgeInbox>("inbox.acknowledge", Serving::chat, conversations_read, 64))
    .changes("inbox.acknowledged", "delete", "device"),
  Row(frame<wire::FetchLog>("conversations.fetch_log", Serving::chat, conversations_read, 1024)),

  // ---- groups ----
  Row(frame<wire::PublishKeyPackages>("key_packages.publish", Serving::chat, keys_publish, 256 * 1024))
    .changes("device.key_packages_published", "update", "device"),
  Row(frame<wire::CountKeyPackages>("key_packages.count", Serving::chat, keys_publish, 64)),
  // Takes KeyPackages away, so it changes what is stored.
  Row(frame<wire::ClaimKeyPackages>("key_packages.claim", Serving::chat, keys_fetch, 1024))
    .limited(LimitClass::prekey_fetch).changes("key_packages.claimed", "read", "user"),
  Row(frame<wire::CreateGroup>("groups.create", Serving::chat, conversations_open, 64 * 1024))
    .changes("group.created", "create", "conversation"),
  Row(frame<wire::CommitGroup>("groups.commit", Serving::chat, messages_send, 1000 * 1024))
    .limited(LimitClass::messages).changes("group.committed", "update", "conversation"),
  Row(frame<wire::ProposeToGroup>("groups.propose", Serving::chat, messages_send, 64 * 1024))
    .limited(LimitClass::messages).changes("group.proposed", "update", "conversation"),
  Row(frame<wire::SendGroupMessage>("groups.send", Serving::chat, messages_send, 128 * 1024))
    .limited(LimitClass::messages).changes("group.message_sent", "create", "conversation"),
  Row(frame<wire::FetchGroupLog>("groups.fetch_log", Serving::chat, conversations_read, 1024)),
  Row(frame<wire::FetchGroupInfo>("groups.fetch_info", Serving::chat, conversations_read, 1024)),
  Row(frame<wire::FetchRatchetTree>("groups.fetch_tree", Serving::chat, conversations_read, 1024)),
  Row(frame<wire::ResetGroup>("groups.reset", Serving::chat, conversations_open, 64 * 1024))
    .limited(LimitClass::messages).changes("group.reset", "update", "conversation"),

  // ---- typing, chat policy, versions of messages ----
  // Stored nowhere: it is told on.
  Row(frame<wire::SendTyping>("typing.send", Serving::chat, messages_send, 64)),
  Row(frame<wire::FetchChatPolicy>("chat_policy.fetch", Serving::chat, conversations_read, 64)),
  Row(frame<wire::SetChatPolicy>("chat_policy.set", Serving::chat, chat_policy_manage, 64))
    .limited(LimitClass::administration).changes("chat_policy.changed", "update", "organization"),
  Row(frame<wire::FetchMessageVersions>("message_versions.fetch", Serving::chat, message_versions_read, 1024))
    .reads_others("message.versions_read", "conversation"),

  // ---- receipts of large groups ----
  // How far somebody has read is overwritten, and leaves no event: an audit log of it would keep for good who looked at what when
  // (docs/decisions/0043).
  Row(frame<wire::ReportReceipts>("receipts.report", Serving::chat, conversations_read, 8 * 1024)),
  Row(frame<wire::FetchReceiptCounts>("receipts.count", Serving::chat, conversations_read, 1024)),
  Row(frame<wire::WithdrawReceipts>("receipts.withdraw", Serving::chat, conversations_read, 64))
    .changes("receipts.withdrawn", "delete", "user"),

  // ---- spaces and channels: what a role may do in one of them, the handlers decide (chat/src/places.h) ----
  Row(frame<wire::CreateSpace>("spaces.create", Serving::chat, channels_create, 1024))
    .limited(LimitClass::administration).changes("space.created", "create", "space"),
  Row(frame<wire::UpdateSpace>("spaces.update", Serving::chat, channels_create, 1024))
    .limited(LimitClass::administration).changes("space.updated", "update", "space"),
  Row(frame<wire::DeleteSpace>("spaces.delete", Serving::chat, channels_create, 64))
    .limited(LimitClass::administration).changes("space.deleted", "delete", "space"),
  Row(frame<wire::ListSpaces>("spaces.list", Serving::chat, channels_use, 1024)),
  Row(frame<wire::SetPlaceRole>("places.set_role", Serving::chat, channels_use, 1024))
    .limited(LimitClass::administration).changes("place.role_set", "update", "place"),
  Row(frame<wire::CreateChannel>("channels.create", Serving::chat, channels_create, 1024))
    .limited(LimitClass::administration).changes("channel.created", "create", "channel"),
  Row(frame<wire::UpdateChannel>("channels.update", Serving::chat, channels_use, 1024))
    .limited(LimitClass::administration).changes("channel.updated", "update", "channel"),
  Row(frame<wire::DeleteChannel>("channels.delete", Serving::chat, channels_use, 64))
    .limited(LimitClass::administration).changes("channel.deleted", "delete", "channel"),
  Row(frame<wire::ListChannels>("channels.list", Serving::chat, channels_use, 1024)),
  Row(frame<wire::JoinChannel>("channels.join", Serving::chat, conversations_open, 64))
    .changes("channel.joined", "update", "channel"),
  Row(frame<wire::RemoveFromChannel>("channels.remove_member", Serving::chat, channels_use, 1024))
    .limited(LimitClass::administration).changes("channel.member_removed", "update", "channel"),
  Row(frame<wire::UnbanFromChannel>("channels.unban", Serving::chat, channels_use, 1024))
    .limited(LimitClass::administration).changes("channel.member_unbanned", "update", "channel"),
  Row(frame<wire::SetChannelOverride>("channels.set_override", Serving::chat, channels_use, 1024))
    .limited(LimitClass::administration).changes("channel.override_set", "update", "channel"),
  Row(frame<wire::FetchChannel>("channels.fetch", Serving::chat, channels_use, 64)));
// clang-format on

constexpr std::uint32_t kFrames = 128;

constexpr std::array<const Operation*, kFrames> index_frames() {
  std::array<const Operation*, kFrames> out{};
  for (const auto& operation : kOperations) {
    if (operation.face == Face::frame) {
      out.at(operation.frame) = &operation;
    }
  }
  return out;
}
constexpr auto kByFrame = index_frames();

}  // namespace

std::string_view to_string(Serving serving) {
  switch (serving) {
    case Serving::auth:
      return "auth";
    case Serving::gateway:
      return "gateway";
    case Serving::chat:
      return "chat";
    case Serving::automation:
      return "automation";
    case Serving::files:
      return "files";
    case Serving::every:
      break;
  }
  return "every";
}

std::span<const Operation> operations() {
  return kOperations;
}

const Operation* find_operation(std::string_view name) {
  for (const auto& operation : kOperations) {
    if (operation.name == name) {
      return &operation;
    }
  }
  return nullptr;
}

const Operation* find_frame(std::uint32_t frame) {
  return frame < kFrames ? kByFrame[frame] : nullptr;
}

bool is_id_parameter(std::string_view name) {
  return name.ends_with("_id");
}

}  // namespace unhidra::access
