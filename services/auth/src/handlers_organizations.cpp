// Organisations and invitations into them.

#include "unhidra/auth/errc.h"

#include "accounts.h"
#include "core.h"
#include "names.h"

namespace unhidra::auth {
namespace {

using access::AuditDraft;
using storage::Transaction;

constexpr std::chrono::seconds kMaxInvitation = std::chrono::days(90);

body::Organization organization_body(const store::Organization& organization) {
  return {.organization_id = organization.id,
          .name = organization.name,
          .open_sign_up = organization.open_sign_up,
          .created_at = organization.created_at,
          .invitation = std::nullopt};
}

Task<Result<body::Organization>> organization_get(AuthCore& /*core*/, Context& context) {
  const auto org = context.principal().org_id;
  co_return co_await context.read([&](Transaction& tx) -> Result<body::Organization> {
    UNHIDRA_TRY(const auto found, store::find_organization(tx, org));
    if (!found) {
      return fail(Errc::not_found, "there is no such organisation");
    }
    return organization_body(*found);
  });
}

Result<body::Organization> update_organization(Transaction& tx, const AuthCore& core,
                                               const Actor& actor,
                                               const body::OrganizationChange& change,
                                               AuditDraft& draft) {
  UNHIDRA_TRY_VOID(present_principal(tx, core.domain, actor));
  UNHIDRA_TRY(auto organization, store::find_organization(tx, actor.org));
  if (!organization) {
    return fail(Errc::not_found, "there is no such organisation");
  }
  draft.resource_id = actor.org.to_string();
  if (change.name) {
    draft.note("before.name", organization->name);
    draft.note("after.name", *change.name);
    organization->name = *change.name;
  }
  if (change.open_sign_up) {
    draft.note("before.open_sign_up", organization->open_sign_up ? "true" : "false");
    draft.note("after.open_sign_up", *change.open_sign_up ? "true" : "false");
    organization->open_sign_up = *change.open_sign_up;
  }
  UNHIDRA_TRY(const bool updated, store::update(tx, *organization));
  if (!updated) {
    return fail(Errc::name_taken, "an organisation of this name exists");
  }
  return organization_body(*organization);
}

Task<Result<body::Organization>> organization_update(AuthCore& core, Context& context,
                                                     body::OrganizationChange in) {
  if (in.name) {
    UNHIDRA_CO_TRY(in.name, check_organization_name(*in.name));
  }
  const auto actor = actor_of(context);
  co_return co_await context.transact([&](Transaction& tx, AuditDraft& draft) {
    return update_organization(tx, core, actor, in, draft);
  });
}

Task<Result<body::Organization>> organizations_create(AuthCore& core, Context& context,
                                                      body::NewOrganization in) {
  UNHIDRA_CO_TRY(const auto name, check_organization_name(in.name));
  const auto actor = actor_of(context);
  UNHIDRA_CO_TRY(
      const auto made,
      co_await context.transact([&](Transaction& tx, AuditDraft& draft) -> Result<NewOrganization> {
        UNHIDRA_TRY(auto out, create_organization(tx, core.domain, actor, name));
        draft.resource_id = out.organization.id.to_string();
        draft.note("name", name);
        return out;
      }));
  auto answer = organization_body(made.organization);
  answer.invitation = invitation_body(made.invitation.invitation);
  answer.invitation->token = made.invitation.token;
  co_return answer;
}

Task<Result<body::List<body::Organization>>> organizations_list(AuthCore& core, Context& context) {
  UNHIDRA_CO_TRY(const auto page, access::page_request(context));
  const auto actor = actor_of(context);
  UNHIDRA_CO_TRY(auto rows, co_await context.transact(
                                [&](Transaction& tx) -> Result<std::vector<store::Organization>> {
                                  UNHIDRA_TRY_VOID(present_principal(tx, core.domain, actor));
                                  UNHIDRA_TRY(const auto after, position_or(page, OrgId()));
                                  return store::list_organizations(tx, after, page.limit + 1);
                                }));
  co_return page_of<body::Organization>(context, page, std::move(rows), organization_body);
}

// ---- invitations ----

Task<Result<body::Invitation>> invitations_create(AuthCore& core, Context& context,
                                                  body::NewInvitation in) {
  const auto role = access::parse_role(in.role.value_or("member"));
  std::chrono::milliseconds lifetime = core.domain.settings.invitation_lifetime;
  if (in.expires_in) {
    if (*in.expires_in < 60 || *in.expires_in > kMaxInvitation.count()) {
      co_return fail(Errc::bad_request, "expires_in is 60 seconds to 90 days");
    }
    lifetime = std::chrono::seconds(*in.expires_in);
  }
  if (!role) {
    co_return fail(Errc::bad_request, "there is no such role");
  }
  const auto actor = actor_of(context);
  UNHIDRA_CO_TRY(
      auto made,
      co_await context.transact([&](Transaction& tx, AuditDraft& draft) -> Result<NewInvitation> {
        UNHIDRA_TRY(auto out, create_invitation(tx, core.domain, actor, *role, lifetime));
        draft.resource_id = out.invitation.id.to_string();
        draft.note("after.role", std::string(access::to_string(*role)));
        return out;
      }));
  auto answer = invitation_body(made.invitation);
  answer.token = std::move(made.token);
  co_return answer;
}

Task<Result<body::List<body::Invitation>>> invitations_list(AuthCore& /*core*/, Context& context) {
  UNHIDRA_CO_TRY(const auto page, access::page_request(context));
  const auto org = context.principal().org_id;
  UNHIDRA_CO_TRY(auto rows, co_await context.read(
                                [&](Transaction& tx) -> Result<std::vector<store::Invitation>> {
                                  UNHIDRA_TRY(const auto after, position_or(page, InvitationId()));
                                  return store::list_invitations(tx, org, after, page.limit + 1);
                                }));
  co_return page_of<body::Invitation>(context, page, std::move(rows), invitation_body);
}

Task<Result<void>> invitations_revoke(AuthCore& core, Context& context) {
  const auto actor = actor_of(context);
  const auto id = context.path_id<InvitationId>("invitation_id");
  co_return co_await context.transact(
      [&](Transaction& tx) { return revoke_invitation(tx, core.domain, actor, id); });
}

}  // namespace

void bind_organizations(access::Handlers& handlers, AuthCore& core) {
  const auto bind = [&](std::string_view name, auto handler) {
    handlers.on_rest(name, [&core, handler](Context& context) { return handler(core, context); });
  };
  bind("organization.get", organization_get);
  bind("organizations.list", organizations_list);
  bind("invitations.list", invitations_list);
  bind("invitations.revoke", invitations_revoke);
  handlers.on_json<body::OrganizationChange>(
      "organization.update", [&core](Context& context, body::OrganizationChange in) {
        return organization_update(core, context, std::move(in));
      });
  handlers.on_json<body::NewOrganization>(
      "organizations.create", [&core](Context& context, body::NewOrganization in) {
        return organizations_create(core, context, std::move(in));
      });
  handlers.on_json<body::NewInvitation>("invitations.create",
                                        [&core](Context& context, body::NewInvitation in) {
                                          return invitations_create(core, context, std::move(in));
                                        });
}

}  // namespace unhidra::auth
