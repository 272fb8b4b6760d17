#pragma once
// What the handlers share.

#include "unhidra/access/handlers.h"
#include "unhidra/access/paging.h"
#include "unhidra/messaging/bus.h"

#include "bodies.h"
#include "domain.h"
#include "key_ring.h"
#include "passwords.h"
#include "revocations.h"
#include "sessions.h"
#include "store_devices.h"
#include "store_users.h"

namespace unhidra::auth {

using Context = access::OperationContext;

struct AuthCore {
  Domain domain;
  messaging::Bus& bus;
  storage::Database& database;
  Passwords& passwords;
  KeyRing& keys;
  Revocations& revocations;
};

// ---- what most handlers do ----

Actor actor_of(const Context& context);
Origin origin_of(const Context& context);
std::string_view text_of(const SecretBytes& secret);
body::Session session_body(const store::Session& session, SessionId current);
body::Device device_body(const store::Device& device, std::optional<DeviceId> current);
body::Invitation invitation_body(const store::Invitation& invitation);
std::vector<std::string> role_names(access::RoleSet roles);
// Of a committed change: those who know the user learn what he is called now.
Task<void> tell_renamed(AuthCore& core, OrgId org, UserId user);

std::int64_t whole_seconds(std::chrono::microseconds duration);
Result<std::string> access_token(const AuthCore& core, const store::Session& session,
                                 const store::User& user, access::RoleSet roles);
// The access token for a session, and its fresh refresh token beside it.
Result<body::Tokens> issue_tokens(const AuthCore& core, const StartedSession& started,
                                  const store::User& user, access::RoleSet roles);

// One row more than the page asks for.
Result<std::vector<store::Session>> sessions_page(storage::Transaction& tx, const Domain& domain,
                                                  OrgId org, UserId user,
                                                  const access::PageRequest& page);
Result<std::vector<store::Device>> devices_page(storage::Transaction& tx, OrgId org, UserId user,
                                                const access::PageRequest& page);

// The id after which a page begins, or `first`.
template <class IdType>
Result<IdType> position_or(const access::PageRequest& page, IdType first) {
  if (page.position.empty()) {
    return first;
  }
  return IdType::from_bytes(page.position);
}

// A list of rows (one more than asked for) as a page of bodies.
template <class Body, class Record, class Convert>
body::List<Body> page_of(const Context& context, const access::PageRequest& page,
                         std::vector<Record> rows, Convert convert) {
  body::List<Body> out;
  out.next_cursor = access::next_cursor(context.operation().name, page, rows,
                                        [](const Record& row) { return row.id.bytes(); });
  for (const auto& row : rows) {
    out.items.push_back(convert(row));
  }
  return out;
}

// ---- handlers, each bound under the name of its operation ----
void bind_entrance(access::Handlers& handlers, AuthCore& core);       // set-up, sign-up, login
void bind_account(access::Handlers& handlers, AuthCore& core);        // the own account
void bind_devices(access::Handlers& handlers, AuthCore& core);        // devices of users and IoT
void bind_users(access::Handlers& handlers, AuthCore& core);          // users and their roles
void bind_organizations(access::Handlers& handlers, AuthCore& core);  // and invitations
void bind_insight(access::Handlers& handlers, AuthCore& core);        // audit log, connections

}  // namespace unhidra::auth
