#include "devices/protection_handlers.h"

#include "devices/topic_protection.h"

namespace unhidra::automation {
namespace {

using access::AuditDraft;
using storage::Transaction;
using Context = access::OperationContext;

namespace body {

struct TopicProtection {
  std::vector<std::string> encrypted_topics;
  bool inherited = true;  // those are the server's
  std::vector<std::string> plaintext_topics;
  std::int64_t version = 0;
};
BOOST_DESCRIBE_STRUCT(TopicProtection, (), (encrypted_topics, inherited, plaintext_topics, version))

struct WantedProtection {
  std::optional<std::vector<std::string>> encrypted_topics;  // absent: the server's
  std::vector<std::string> plaintext_topics;
  std::optional<std::int64_t> if_version;
};
BOOST_DESCRIBE_STRUCT(WantedProtection, (), (encrypted_topics, plaintext_topics, if_version))

}  // namespace body

body::TopicProtection protection_body(const TopicProtection& protection,
                                      const std::vector<std::string>& server_filters) {
  return {.encrypted_topics = protection.encrypted_topics.value_or(server_filters),
          .inherited = !protection.encrypted_topics,
          .plaintext_topics = protection.plaintext_topics,
          .version = protection.version};
}

struct ProtectionDesk {
  const std::vector<std::string>& server_filters;
  messaging::Bus& bus;
};

Task<Result<body::TopicProtection>> get_protection(ProtectionDesk desk, Context& context) {
  const auto org = context.principal().org_id;
  UNHIDRA_CO_TRY(const auto found,
                 co_await context.read([&](Transaction& tx) { return find_protection(tx, org); }));
  co_return protection_body(found, desk.server_filters);
}

Task<Result<body::TopicProtection>> change_protection(ProtectionDesk desk, Context& context,
                                                      body::WantedProtection in) {
  const auto org = context.principal().org_id;
  const TopicProtection wanted{.encrypted_topics = std::move(in.encrypted_topics),
                               .plaintext_topics = std::move(in.plaintext_topics),
                               .version = in.if_version.value_or(0)};
  const auto now = context.clock().now();
  UNHIDRA_CO_TRY(const auto set, co_await context.transact([&](Transaction& tx, AuditDraft& draft) {
    return set_protection(tx, org, wanted, now, draft);
  }));
  tell_protection_changed(desk.bus, org);
  co_return protection_body(set, desk.server_filters);
}

}  // namespace

void bind_protection(access::Handlers& handlers, const std::vector<std::string>& server_filters,
                     messaging::Bus& bus) {
  const ProtectionDesk desk{server_filters, bus};
  handlers.on_rest("topic_protection.get",
                   [desk](Context& context) { return get_protection(desk, context); });
  handlers.on_json<body::WantedProtection>("topic_protection.set",
                                           [desk](Context& context, body::WantedProtection in) {
                                             return change_protection(desk, context, std::move(in));
                                           });
}

}  // namespace unhidra::automation
