// `unhidra admin ...`: works on the database, beside a running server or without one.

#include <cstdio>

#include "unhidra/audit/chain.h"
#include "unhidra/base/text.h"

#include "admin_output.h"
#include "commands.h"
#include "errc.h"
#include "workplace.h"

namespace unhidra::server {
namespace {

template <class IdType>
Result<IdType> parse_id(const std::string& text) {
  auto id = IdType::parse(text);
  if (!id) {
    return fail(Errc::bad_option, "'" + printable(text) + "' is no id");
  }
  return id;
}

}  // namespace

Result<int> admin_create_organization(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(const auto place, open_workplace(sources));
  UNHIDRA_TRY(const auto made, place->administration->create_organization(options.name));
  print_fields({{"organization_id", made.id.to_string()},
                {"name", made.name},
                {"invitation", made.invitation},
                {"role", "org_admin"},
                {"expires_at", time_text(made.invitation_expires_at)}},
               options.json);
  return 0;
}

Result<int> admin_create_user(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(const auto place, open_workplace(sources));
  UNHIDRA_TRY(const auto made,
              place->administration->create_user(options.organization, options.username,
                                                 options.display_name, options.role));
  print_fields({{"user_id", made.id.to_string()},
                {"organization_id", made.org_id.to_string()},
                {"username", made.username},
                {"one_time_password", made.one_time_password}},
               options.json);
  return 0;
}

Result<int> admin_reset_password(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(const auto place, open_workplace(sources));
  UNHIDRA_TRY(const auto made,
              place->administration->reset_password(options.organization, options.username));
  print_fields({{"username", made.username}, {"one_time_password", made.one_time_password}},
               options.json);
  return 0;
}

Result<int> admin_list_devices(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(const auto place, open_workplace(sources));
  UNHIDRA_TRY(const auto devices,
              place->administration->devices(options.organization, options.username));
  Table table({"device_id", "user", "name", "platform", "kind", "created_at", "last_seen_at",
               "revoked_at"});
  for (const auto& device : devices) {
    table.add({device.id.to_string(), device.username, device.name, device.platform, device.kind,
               time_text(device.created_at), time_text(device.last_seen_at),
               time_text(device.revoked_at)});
  }
  table.print(options.json);
  return 0;
}

Result<int> admin_revoke_device(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(const auto id, parse_id<DeviceId>(options.id));
  UNHIDRA_TRY(const auto place, open_workplace(sources));
  UNHIDRA_TRY_VOID(place->administration->revoke_device(id));
  print_fields({{"revoked", id.to_string()}}, options.json);
  return 0;
}

Result<int> admin_list_sessions(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(const auto place, open_workplace(sources));
  UNHIDRA_TRY(const auto sessions,
              place->administration->sessions(options.organization, options.username));
  Table table({"session_id", "user", "device_id", "created_at", "last_used_at", "expires_at",
               "ip_address", "user_agent"});
  for (const auto& session : sessions) {
    table.add({session.id.to_string(), session.username,
               session.device_id ? session.device_id->to_string() : "-",
               time_text(session.created_at), time_text(session.last_used_at),
               time_text(session.expires_at), session.ip_address, session.user_agent});
  }
  table.print(options.json);
  return 0;
}

Result<int> admin_revoke_session(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(const auto id, parse_id<SessionId>(options.id));
  UNHIDRA_TRY(const auto place, open_workplace(sources));
  UNHIDRA_TRY_VOID(place->administration->revoke_session(id));
  print_fields({{"revoked", id.to_string()}}, options.json);
  return 0;
}

Result<int> admin_list_keys(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(const auto place, open_workplace(sources));
  UNHIDRA_TRY(const auto keys, place->administration->signing_keys());
  Table table({"kid", "algorithm", "signs_from", "verifies_until"});
  for (const auto& key : keys) {
    table.add({key.kid, key.algorithm, time_text(key.not_before), time_text(key.retire_at)});
  }
  table.print(options.json);
  return 0;
}

Result<int> admin_rotate_keys(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(const auto place, open_workplace(sources));
  UNHIDRA_TRY(const auto key, place->administration->rotate_signing_keys(options.now));
  print_fields(
      {{"kid", key.kid}, {"algorithm", key.algorithm}, {"signs_from", time_text(key.not_before)}},
      options.json);
  return 0;
}

Result<int> admin_verify_audit(const SourceOptions& sources, const AdminOptions& options) {
  UNHIDRA_TRY(const auto place, open_workplace(sources));
  std::optional<OrgId> org;
  if (!options.organization.empty()) {
    UNHIDRA_TRY(org, place->administration->organization_id(options.organization));
  }
  UNHIDRA_TRY(const auto verified, audit::verify(*place->database, org));
  if (verified.findings.empty()) {
    print_fields({{"chains", std::to_string(verified.chains)},
                  {"rows", std::to_string(verified.rows)},
                  {"result", "every row is as it was written"}},
                 options.json);
    return 0;
  }
  Table table({"organization_id", "position", "damage", "explanation"});
  for (const auto& finding : verified.findings) {
    table.add({finding.org_id.to_string(), std::to_string(finding.position),
               std::string(audit::to_string(finding.damage)), finding.explanation});
  }
  table.print(options.json);
  return 1;
}

Result<int> admin_show_messages(const SourceOptions& sources, const AdminOptions& options) {
  constexpr std::size_t kShown = 24;
  UNHIDRA_TRY(const auto place, open_workplace(sources));
  UNHIDRA_TRY(const auto rows, place->database->read_sync([&](storage::Transaction& tx) {
    return tx.query(
        "SELECT received_at, conversation_id, seq, sender_device_id, device_id, "
        "ciphertext FROM device_inbox ORDER BY received_at DESC, device_id LIMIT $1",
        options.limit);
  }));
  Table table({"received_at", "conversation_id", "seq", "from_device", "for_device", "bytes",
               "ciphertext"});
  for (const auto row : rows) {
    const auto ciphertext = row.get<Bytes>("ciphertext");
    const ByteView shown = ByteView(ciphertext).first(std::min(kShown, ciphertext.size()));
    table.add({time_text(row.get<Timestamp>("received_at")),
               row.get<ConversationId>("conversation_id").to_string(),
               std::to_string(row.get<std::int64_t>("seq")),
               row.get<DeviceId>("sender_device_id").to_string(),
               row.get<DeviceId>("device_id").to_string(), std::to_string(ciphertext.size()),
               to_hex(shown) + (shown.size() < ciphertext.size() ? "..." : "")});
  }
  table.print(options.json);
  return 0;
}

}  // namespace unhidra::server
