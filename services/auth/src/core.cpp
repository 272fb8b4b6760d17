#include "core.h"

#include "unhidra/access/profile_change.h"
#include "unhidra/runtime/log.h"

namespace unhidra::auth {

Actor actor_of(const Context& context) {
  const auto& principal = context.principal();
  return {.org = principal.org_id,
          .user = principal.user_id,
          .session = principal.session_id,
          .operation = &context.operation()};
}

Origin origin_of(const Context& context) {
  return {.ip_address = context.peer().ip, .user_agent = context.peer().user_agent};
}

Task<void> tell_renamed(AuthCore& core, OrgId org, UserId user) {
  constexpr std::chrono::seconds kPatience{2};
  const auto told = co_await core.bus.request(std::string(access::kProfileChangedSubject),
                                              access::ProfileChange{org, user}.encode(), kPatience);
  if (!told) {
    log::debug("profile_change.untold", {{"error", told.error()}});
  }
}

std::string_view text_of(const SecretBytes& secret) {
  return as_text(secret.expose());
}

std::vector<std::string> role_names(access::RoleSet roles) {
  std::vector<std::string> out;
  for (const auto name : roles.names()) {
    out.emplace_back(name);
  }
  return out;
}

body::Session session_body(const store::Session& session, SessionId current) {
  return {.session_id = session.id,
          .device_id = session.device_id,
          .created_at = session.created_at,
          .last_used_at = session.last_used_at,
          .expires_at = session.expires_at,
          .ip_address = session.ip_address,
          .user_agent = session.user_agent,
          .current = session.id == current};
}

body::Device device_body(const store::Device& device, std::optional<DeviceId> current) {
  return {.device_id = device.id,
          .user_id = device.user_id,
          .name = device.name,
          .platform = device.platform,
          .kind = device.kind,
          .created_at = device.created_at,
          .last_seen_at = device.last_seen_at,
          .revoked_at = device.revoked_at,
          .current = current == device.id};
}

Result<std::vector<store::Session>> sessions_page(storage::Transaction& tx, const Domain& domain,
                                                  OrgId org, UserId user,
                                                  const access::PageRequest& page) {
  store::SessionQuery query{.org_id = org,
                            .user_id = user,
                            .before = std::nullopt,
                            .now = domain.clock.now(),
                            .limit = page.limit + 1};
  if (!page.position.empty()) {
    UNHIDRA_TRY(query.before, SessionId::from_bytes(page.position));
  }
  return store::list_sessions(tx, query);
}

Result<std::vector<store::Device>> devices_page(storage::Transaction& tx, OrgId org, UserId user,
                                                const access::PageRequest& page) {
  UNHIDRA_TRY(const auto after, position_or(page, DeviceId()));
  return store::list_devices_of_user(tx, org, user, after, page.limit + 1);
}

body::Invitation invitation_body(const store::Invitation& invitation) {
  return {.invitation_id = invitation.id,
          .role = std::string(access::to_string(invitation.role)),
          .created_by =
              invitation.created_by.is_nil() ? std::nullopt : std::optional(invitation.created_by),
          .created_at = invitation.created_at,
          .expires_at = invitation.expires_at,
          .used_at = invitation.used_at,
          .used_by = invitation.used_by,
          .revoked_at = invitation.revoked_at,
          .token = std::nullopt};
}

std::int64_t whole_seconds(std::chrono::microseconds duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

Result<std::string> access_token(const AuthCore& core, const store::Session& session,
                                 const store::User& user, access::RoleSet roles) {
  const auto& settings = core.domain.settings;
  const auto now = core.domain.clock.now();
  const pki::AccessClaims claims{
      .user = user.id,
      .org = session.org_id,
      .session = session.id,
      .device = session.device_id,
      .roles = user.must_change_password ? std::vector<std::string>() : role_names(roles),
      .issuer = settings.issuer,
      .audience = std::string(kAudience),
      .token_id = core.domain.make_id<EventId>().to_string(),
      .issued_at = now,
      .not_before = now,
      .expires_at = now + settings.access_token_lifetime};
  return core.keys.sign(claims);
}

Result<body::Tokens> issue_tokens(const AuthCore& core, const StartedSession& started,
                                  const store::User& user, access::RoleSet roles) {
  const auto& session = started.session;
  UNHIDRA_TRY(auto token, access_token(core, session, user, roles));
  return body::Tokens{
      .access_token = std::move(token),
      .token_type = "Bearer",
      .expires_in = whole_seconds(core.domain.settings.access_token_lifetime),
      .refresh_token = started.refresh_token.to_text(),
      .refresh_expires_in = whole_seconds(session.expires_at - core.domain.clock.now()),
      .session_id = session.id,
      .user_id = user.id,
      .organization_id = session.org_id,
      .device_id = session.device_id,
      .must_change_password = user.must_change_password,
      .gateway_url = core.domain.settings.gateway_url.empty()
                         ? std::nullopt
                         : std::optional(core.domain.settings.gateway_url)};
}

}  // namespace unhidra::auth
