#include "passwords/password_handlers.h"

#include "unhidra/access/revocation.h"
#include "unhidra/automation/errc.h"
#include "unhidra/base/text.h"
#include "unhidra/runtime/log.h"

#include "passwords/store_passwords.h"

namespace unhidra::automation {
namespace {

using access::AuditDraft;
using storage::Transaction;
using Context = access::OperationContext;

constexpr std::size_t kMaxName = 100;

namespace body {

struct NewPassword {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(NewPassword, (), (name))

struct MadePassword {
  MqttPasswordId password_id;
  std::string username;
  std::string password;
};
BOOST_DESCRIBE_STRUCT(MadePassword, (), (password_id, username, password))

struct Password {
  MqttPasswordId password_id;
  std::string name;
  Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(Password, (), (password_id, name, created_at))

struct Passwords {
  std::vector<Password> items;
};
BOOST_DESCRIBE_STRUCT(Passwords, (), (items))

}  // namespace body

Task<Result<body::MadePassword>> create(Context& context, body::NewPassword in) {
  if (in.name.empty() || in.name.size() > kMaxName || printable(in.name) != in.name) {
    co_return fail(Errc::bad_request, "name: expected 1 to 100 printable bytes");
  }
  const auto secret = context.random().secret_array<24>();
  const auto text = "uhm_" + to_base64url(secret.expose());
  const auto id = MqttPasswordId::make(context.clock(), context.random());
  const MqttPassword made{
      .id = id,
      .org_id = context.principal().org_id,
      .user_id = context.principal().user_id,
      .name = in.name,
      .verifier = make_verifier(as_bytes(text), salt_of(id.to_string()), kScramIterations),
      .created_at = context.clock().now()};
  UNHIDRA_CO_TRY_VOID(co_await context.transact([&](Transaction& tx, AuditDraft& draft) -> Status {
    UNHIDRA_TRY(const auto all, store::list(tx, made.org_id, made.user_id));
    if (all.size() >= kMaxMqttPasswords) {
      return fail(Errc::conflict, "there are 32 passwords already; take one back first");
    }
    draft.resource_id = id.to_string();
    return store::insert(tx, made);
  }));
  co_return body::MadePassword{.password_id = id, .username = id.to_string(), .password = text};
}

Task<Result<body::Passwords>> list(Context& context) {
  const auto& who = context.principal();
  UNHIDRA_CO_TRY(const auto rows, co_await context.read([&](Transaction& tx) {
    return store::list(tx, who.org_id, who.user_id);
  }));
  body::Passwords out;
  for (const auto& row : rows) {
    out.items.push_back({.password_id = row.id, .name = row.name, .created_at = row.created_at});
  }
  co_return out;
}

Task<Result<void>> revoke(messaging::Bus& bus, Context& context) {
  const auto& who = context.principal();
  const auto id = context.path_id<MqttPasswordId>("password_id");
  UNHIDRA_CO_TRY_VOID(co_await context.transact([&](Transaction& tx) -> Status {
    UNHIDRA_TRY(const auto found, store::remove(tx, who.org_id, who.user_id, id));
    return found ? Status() : fail(Errc::not_found, "there is no such password");
  }));
  // The password stands for a session.
  const access::Revocation revocation{access::Revocation::Kind::session, id.uuid()};
  if (const auto told = bus.publish(access::kRevokedSubject, revocation.encode()); !told) {
    log::warn("mqtt_password.revocation_unpublished", {{"error", told.error()}});
  }
  co_return Result<void>();
}

}  // namespace

void bind_passwords(access::Handlers& handlers, messaging::Bus& bus) {
  handlers.on_json<body::NewPassword>("mqtt_passwords.create", create);
  handlers.on_rest("mqtt_passwords.list", list);
  handlers.on_rest("mqtt_passwords.revoke",
                   [&bus](Context& context) { return revoke(bus, context); });
}

}  // namespace unhidra::automation
