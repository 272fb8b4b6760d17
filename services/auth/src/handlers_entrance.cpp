// Set-up, sign-up, login, refresh, key set: what is open to everyone.

#include "unhidra/auth/errc.h"

#include "accounts.h"
#include "core.h"
#include "devices.h"
#include "names.h"
#include "password_rules.h"
#include "store_roles.h"

namespace unhidra::auth {
namespace {

using access::AuditDraft;
using storage::Transaction;

// A user with the session that was just started for him.
struct Entry {
  store::User user;
  access::RoleSet roles;
  StartedSession started;
};

Result<Entry> enter(Transaction& tx, const AuthCore& core, store::User user, const Origin& origin) {
  UNHIDRA_TRY(const auto roles, store::roles_of(tx, user.org_id, user.id));
  UNHIDRA_TRY(auto started, start_session(tx, core.domain, user.org_id, user.id, origin));
  UNHIDRA_TRY_VOID(store::set_last_login(tx, user.org_id, user.id, started.session.created_at));
  return Entry{std::move(user), roles, std::move(started)};
}

Result<body::Tokens> answer(const AuthCore& core, Result<Entry> entry) {
  if (!entry) {
    return fail(std::move(entry).error());
  }
  return issue_tokens(core, entry->started, entry->user, entry->roles);
}

// Name and password of a new account, checked; the hash is still to come.
Result<NewAccount> check_account(std::string_view username, const SecretBytes& password,
                                 const std::optional<std::string>& display_name) {
  NewAccount account;
  UNHIDRA_TRY(account.username, normalise_username(username));
  UNHIDRA_TRY_VOID(check_new_password(text_of(password), account.username));
  UNHIDRA_TRY(account.display_name, check_display_name(display_name.value_or("")));
  return account;
}

Task<Result<body::SetupStatus>> setup_status(AuthCore& core, Context& context) {
  UNHIDRA_CO_TRY(const bool required,
                 co_await context.read([](Transaction& tx) { return setup_required(tx); }));
  co_return body::SetupStatus{.required = required,
                              .open_sign_up = core.domain.settings.open_sign_up};
}

Task<Result<body::Tokens>> setup_complete(AuthCore& core, Context& context, body::Setup in) {
  const auto token = text_of(in.setup_token);
  UNHIDRA_CO_TRY_VOID(
      co_await context.read([&](Transaction& tx) { return check_setup_token(tx, token); }));
  UNHIDRA_CO_TRY(auto account, check_account(in.username, in.password, in.display_name));
  std::string organization;
  if (in.organization) {
    UNHIDRA_CO_TRY(organization, check_organization_name(*in.organization));
  }
  UNHIDRA_CO_TRY(account.password_hash, co_await core.passwords.hash(std::move(in.password)));
  const auto origin = origin_of(context);
  co_return answer(
      core, co_await context.transact([&](Transaction& tx, AuditDraft& draft) -> Result<Entry> {
        UNHIDRA_TRY(auto user, complete_setup(tx, core.domain, token, organization, account));
        draft.org_id = user.org_id;
        draft.set_actor(user.id);
        draft.resource_id = user.org_id.to_string();
        return enter(tx, core, std::move(user), origin);
      }));
}

// The set-up token is the invitation of the first administrator.
bool is_setup_token(std::string_view token) {
  return token.starts_with("uhs_");
}

// Refuses before the costly hash what would be refused after it.
Status check_sign_up(Transaction& tx, const Domain& domain, const body::Register& in) {
  if (!in.invitation) {
    UNHIDRA_TRY_VOID(sign_up_organization(tx, domain, in.organization.value_or("")));
    return {};
  }
  const auto token = text_of(*in.invitation);
  if (is_setup_token(token)) {
    return check_setup_token(tx, token);
  }
  UNHIDRA_TRY_VOID(look_at_invitation(tx, domain, token));
  return {};
}

Result<store::User> admit(Transaction& tx, const Domain& domain, const body::Register& in,
                          const NewAccount& account) {
  const auto organization = in.organization.value_or("");
  if (!in.invitation) {
    return sign_up(tx, domain, organization, account);
  }
  const auto token = text_of(*in.invitation);
  return is_setup_token(token) ? complete_setup(tx, domain, token, organization, account)
                               : redeem_invitation(tx, domain, token, account);
}

Task<Result<body::Tokens>> auth_register(AuthCore& core, Context& context, body::Register in) {
  UNHIDRA_CO_TRY(auto account, check_account(in.username, in.password, in.display_name));
  UNHIDRA_CO_TRY_VOID(
      co_await context.read([&](Transaction& tx) { return check_sign_up(tx, core.domain, in); }));
  UNHIDRA_CO_TRY(account.password_hash, co_await core.passwords.hash(std::move(in.password)));
  const auto origin = origin_of(context);
  co_return answer(
      core, co_await context.transact([&](Transaction& tx, AuditDraft& draft) -> Result<Entry> {
        UNHIDRA_TRY(auto user, admit(tx, core.domain, in, account));
        draft.org_id = user.org_id;
        draft.set_actor(user.id);
        draft.resource_id = user.id.to_string();
        draft.note("invited", in.invitation ? "true" : "false");
        return enter(tx, core, std::move(user), origin);
      }));
}

// ---- login ----

struct Candidate {
  std::optional<OrgId> org;
  std::optional<store::User> user;
};

Result<Candidate> find_candidate(Transaction& tx, std::string_view organization,
                                 const std::string& username) {
  UNHIDRA_TRY(const auto org, store::find_organization(tx, organization));
  if (!org) {
    return Candidate{};
  }
  UNHIDRA_TRY(auto user, store::find_user(tx, org->id, username));
  return Candidate{org->id, std::move(user)};
}

std::unexpected<Error> bad_credentials() {
  return fail(Errc::bad_credentials, "username or password is wrong");
}

// Between the check of the password and here the account may have been disabled or its password
// changed.
Result<Entry> finish_login(Transaction& tx, const AuthCore& core, const store::User& checked,
                           const std::optional<std::string>& replacement,
                           std::optional<DeviceId> device, const Origin& origin) {
  UNHIDRA_TRY(auto user, store::find_user(tx, checked.org_id, checked.id));
  if (!user || user->disabled || user->password_hash != checked.password_hash) {
    return bad_credentials();
  }
  if (replacement) {
    UNHIDRA_TRY_VOID(
        store::replace_hash(tx, user->org_id, user->id, *user->password_hash, *replacement));
  }
  UNHIDRA_TRY(auto entry, enter(tx, core, *std::move(user), origin));
  if (device) {
    UNHIDRA_TRY_VOID(return_to_device(tx, entry.user, entry.started.session, *device));
  }
  return entry;
}

// One path for every answer: an unknown name costs the same hash as a known one.
Task<Result<body::Tokens>> auth_login(AuthCore& core, Context& context, body::Login in) {
  const auto username = normalise_username(in.username).value_or("");
  const auto organization = in.organization.value_or("");
  // Counted per account as well, whether it exists or not: guesses may come from many addresses.
  const auto account = hash_credential(organization + "/" + username);
  UNHIDRA_CO_TRY_VOID(co_await context.limit(access::LimitClass::login, account));
  UNHIDRA_CO_TRY(const auto candidate, co_await context.read([&](Transaction& tx) {
    return find_candidate(tx, organization, username);
  }));
  const auto& user = candidate.user;
  if (candidate.org) {
    context.audit().org_id = *candidate.org;
  }
  if (user) {
    context.audit().set_actor(user->id);
    context.audit().resource_id = user->id.to_string();
  }
  auto stored = user ? user->password_hash : std::nullopt;
  UNHIDRA_CO_TRY(const auto verdict,
                 co_await core.passwords.verify(std::move(stored), std::move(in.password)));
  if (!user || !verdict.matches || user->disabled) {
    context.audit().note("cause", !user              ? "no such user"
                                  : !verdict.matches ? "wrong password"
                                                     : "disabled");
    co_return bad_credentials();
  }
  const auto origin = origin_of(context);
  co_return answer(
      core, co_await context.transact([&](Transaction& tx, AuditDraft& draft) -> Result<Entry> {
        UNHIDRA_TRY(auto entry,
                    finish_login(tx, core, *user, verdict.replacement, in.device_id, origin));
        draft.resource_id = entry.started.session.id.to_string();
        if (in.device_id) {
          draft.note("device", in.device_id->to_string());
        }
        return entry;
      }));
}

// ---- refresh ----

struct Refreshed {
  RefreshOutcome outcome;
  std::optional<store::User> user;
  access::RoleSet roles;
};

// The revocation must be committed although the request fails, so it has a transaction of its own.
Task<Status> end_family(AuthCore& core, const store::Session& session) {
  auto ended = co_await core.database.write(
      [&](Transaction& tx) -> Result<Ended> {
        Ended out;
        UNHIDRA_TRY(out.sessions,
                    store::revoke_session(tx, session.org_id, session.id,
                                          {core.domain.clock.now(), "refresh_reused"}));
        return out;
      },
      storage::LaneKey(session.org_id));
  if (!ended) {
    co_return fail(std::move(ended).error());
  }
  core.revocations.tell(*ended);
  co_return Status();
}

// Rotates; any other outcome rolls back and is told by the error, the session by `seen`.
Result<Refreshed> try_refresh(Transaction& tx, const AuthCore& core, const RefreshToken& token,
                              std::string_view retry_key, AuditDraft& draft,
                              std::optional<store::Session>& seen) {
  Refreshed out;
  UNHIDRA_TRY(out.outcome, refresh(tx, core.domain, token, retry_key));
  seen = out.outcome.session;
  if (out.outcome.kind == RefreshOutcome::Kind::reused) {
    return fail(Errc::refresh_reused,
                "this refresh token was used before, so the session was ended; log in again");
  }
  if (out.outcome.kind == RefreshOutcome::Kind::invalid) {
    return fail(Errc::invalid_session, "this session is over; log in again");
  }
  UNHIDRA_TRY(out.user, store::find_user(tx, seen->org_id, seen->user_id));
  UNHIDRA_TRY(out.roles, store::roles_of(tx, seen->org_id, seen->user_id));
  draft.org_id = seen->org_id;
  draft.set_actor(seen->user_id);
  draft.resource_id = seen->id.to_string();
  return out;
}

void note_session(Context& context, const std::optional<store::Session>& session) {
  if (session) {
    context.audit().org_id = session->org_id;
    context.audit().set_actor(session->user_id);
    context.audit().resource_id = session->id.to_string();
  }
}

Task<Result<body::Tokens>> auth_refresh(AuthCore& core, Context& context, body::Refresh in) {
  UNHIDRA_CO_TRY(const auto token, RefreshToken::parse(text_of(in.refresh_token)));
  const auto retry_key = in.retry_key ? text_of(*in.retry_key) : std::string_view();
  std::optional<store::Session> seen;
  auto refreshed = co_await context.transact([&](Transaction& tx, AuditDraft& draft) {
    return try_refresh(tx, core, token, retry_key, draft, seen);
  });
  if (!refreshed) {
    note_session(context, seen);
    if (refreshed.error() == Errc::refresh_reused) {
      context.audit().note("cause", "refresh token used twice");
      UNHIDRA_CO_TRY_VOID(co_await end_family(core, *seen));
    }
    co_return fail(std::move(refreshed).error());
  }
  co_return issue_tokens(core, *refreshed->outcome.next, *refreshed->user, refreshed->roles);
}

Task<Result<access::Reply>> auth_jwks(AuthCore& core, Context& /*context*/) {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(core.domain.settings.key_set_lifetime);
  access::Reply reply;
  reply.content_type = "application/jwk-set+json";
  reply.headers = {{"Cache-Control", "public, max-age=" + std::to_string(seconds.count())}};
  reply.body = to_bytes(core.keys.key_set());
  co_return reply;
}

}  // namespace

void bind_entrance(access::Handlers& handlers, AuthCore& core) {
  handlers.on_rest("setup.status",
                   [&core](Context& context) { return setup_status(core, context); });
  handlers.on_json<body::Setup>("setup.complete", [&core](Context& context, body::Setup in) {
    return setup_complete(core, context, std::move(in));
  });
  handlers.on_json<body::Register>("auth.register", [&core](Context& context, body::Register in) {
    return auth_register(core, context, std::move(in));
  });
  handlers.on_json<body::Login>("auth.login", [&core](Context& context, body::Login in) {
    return auth_login(core, context, std::move(in));
  });
  handlers.on_json<body::Refresh>("auth.refresh", [&core](Context& context, body::Refresh in) {
    return auth_refresh(core, context, std::move(in));
  });
  handlers.on_rest("auth.jwks", [&core](Context& context) { return auth_jwks(core, context); });
}

}  // namespace unhidra::auth
