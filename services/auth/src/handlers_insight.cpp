// What administrators look at: the audit log and the open connections.

#include <algorithm>

#include "unhidra/audit/chain.h"
#include "unhidra/auth/errc.h"
#include "unhidra/base/codec.h"
#include "unhidra/base/text.h"
#include "unhidra/messaging/gather.h"
#include "unhidra/wire/codec.h"
#include "unhidra/wire/internal.h"

#include "core.h"
#include "roles.h"

namespace unhidra::auth {
namespace {

using storage::Transaction;

// ---- audit ----

Result<body::AuditEntry> entry_body(const audit::StoredEvent& stored) {
  const auto& event = stored.event;
  std::optional<std::string> actor;
  if (const auto id = UserId::from_bytes(event.actor_id)) {
    actor = id->to_string();
  }
  UNHIDRA_TRY(auto metadata, access::parse_json(stored.metadata_json));
  return body::AuditEntry{.position = static_cast<std::int64_t>(stored.position),
                          .event_id = event.event_id,
                          .event_type = event.event_type,
                          .timestamp = event.timestamp,
                          .actor_id = std::move(actor),
                          .actor_type = event.actor_type,
                          .resource_type = event.resource_type,
                          .resource_id = event.resource_id,
                          .action = event.action,
                          .outcome = std::string(audit::to_string(event.outcome)),
                          .ip_address = event.ip_address,
                          .user_agent = event.user_agent,
                          .metadata = std::move(metadata),
                          .prev_hash = to_hex(stored.prev_hash),
                          .event_hash = to_hex(stored.event_hash)};
}

Result<audit::ListRequest> audit_request(const Context& context, const access::PageRequest& page) {
  audit::ListRequest request;
  request.org_id = context.principal().org_id;
  request.limit = page.limit;
  if (!page.position.empty()) {
    ByteReader reader(page.position);
    request.before = reader.u64();
    UNHIDRA_TRY_VOID(reader.finish("the cursor"));
  }
  request.event_type = context.query("event_type").value_or("");
  if (const auto actor = context.query("actor_id")) {
    UNHIDRA_TRY(const auto id, UserId::parse(*actor));
    request.actor_id = to_bytes(id.bytes());
  }
  return request;
}

Task<Result<body::List<body::AuditEntry>>> audit_list(AuthCore& core, Context& context) {
  UNHIDRA_CO_TRY(const auto page, access::page_request(context));
  UNHIDRA_CO_TRY(const auto request, audit_request(context, page));
  const auto actor = actor_of(context);
  UNHIDRA_CO_TRY(const auto found,
                 co_await context.transact([&](Transaction& tx) -> Result<audit::Page> {
                   UNHIDRA_TRY_VOID(present_principal(tx, core.domain, actor));
                   return audit::list(tx, request);
                 }));
  body::List<body::AuditEntry> out;
  for (const auto& event : found.events) {
    UNHIDRA_CO_TRY(auto item, entry_body(event));
    out.items.push_back(std::move(item));
  }
  if (found.next_before != 0) {
    out.next_cursor =
        access::encode_cursor(context.operation().name, ByteWriter().u64(found.next_before).view());
  }
  co_return out;
}

// ---- connections ----

body::Connection connection_body(const wire::ConnectionRecord& record) {
  return {.connection_id = record.connection_id,
          .user_id = record.user_id,
          .device_id = record.device_id,
          .session_id = record.session_id,
          .connected_at = record.connected_at,
          .ip_address = record.ip,
          .user_agent = record.user_agent,
          .messages_in = record.messages_in,
          .messages_out = record.messages_out};
}

body::List<body::Connection> connections_page(const Context& context,
                                              const access::PageRequest& page, ConnectionId after,
                                              wire::ConnectionList list) {
  auto& all = list.connections;
  std::erase_if(all, [&](const auto& record) { return record.connection_id <= after; });
  std::ranges::sort(all, {}, &wire::ConnectionRecord::connection_id);
  body::List<body::Connection> out;
  out.next_cursor = access::next_cursor(
      context.operation().name, page, all,
      [](const wire::ConnectionRecord& record) { return record.connection_id.bytes(); });
  std::ranges::transform(all, std::back_inserter(out.items), connection_body);
  return out;
}

Task<Result<body::List<body::Connection>>> connections_list(AuthCore& core, Context& context) {
  UNHIDRA_CO_TRY(const auto page, access::page_request(context));
  UNHIDRA_CO_TRY(const auto after, position_or(page, ConnectionId()));
  const auto actor = actor_of(context);
  // One more than the page, from each gateway: the first of them all are among these.
  auto question = std::move(ByteWriter()
                                .raw(actor.org.bytes())
                                .raw(after.bytes())
                                .u32(static_cast<std::uint32_t>(page.limit) + 1))
                      .take();
  UNHIDRA_CO_TRY(const auto answers,
                 co_await messaging::gather(core.bus, "gateway.connections", std::move(question)));
  wire::ConnectionList list;
  for (const auto& answer : answers) {
    UNHIDRA_CO_TRY(auto part, wire::decode<wire::ConnectionList>(
                                  answer, wire::Limits{.max_size = messaging::kMaxPayload}));
    std::ranges::move(part.connections, std::back_inserter(list.connections));
  }
  UNHIDRA_CO_TRY(const auto present, co_await context.transact([&](Transaction& tx) {
    return present_principal(tx, core.domain, actor);
  }));
  (void)present;
  co_return connections_page(context, page, after, std::move(list));
}

}  // namespace

void bind_insight(access::Handlers& handlers, AuthCore& core) {
  handlers.on_rest("audit.list", [&core](Context& context) { return audit_list(core, context); });
  handlers.on_rest("connections.list",
                   [&core](Context& context) { return connections_list(core, context); });
}

}  // namespace unhidra::auth
