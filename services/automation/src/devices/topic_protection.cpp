#include "devices/topic_protection.h"

#include <algorithm>

#include <boost/json.hpp>

#include "unhidra/automation/errc.h"
#include "unhidra/mqtt/topic.h"
#include "unhidra/runtime/log.h"

namespace unhidra::automation {
namespace {

using storage::Row;
using storage::Transaction;

std::string written(const std::vector<std::string>& filters) {
  return boost::json::serialize(boost::json::value_from(filters));
}

Result<std::vector<std::string>> filters_of(std::string_view text) {
  boost::system::error_code error;
  const auto value = boost::json::parse(text, error);
  const auto filters = error ? boost::json::result<std::vector<std::string>>(error)
                             : boost::json::try_value_to<std::vector<std::string>>(value);
  if (!filters) {
    return fail(Errc::bad_policy, "the stored topic filters are damaged");
  }
  return *filters;
}

Result<TopicProtection> read_protection(const Row& row) {
  TopicProtection out;
  if (const auto text = row.get<std::optional<std::string>>("encrypted_topics")) {
    UNHIDRA_TRY(out.encrypted_topics, filters_of(*text));
  }
  UNHIDRA_TRY(out.plaintext_topics, filters_of(row.get<std::string>("plaintext_topics")));
  out.version = row.get<std::int64_t>("version");
  return out;
}

Status check_filters(const std::vector<std::string>& filters) {
  if (filters.size() > kMaxProtectedFilters) {
    return fail(Errc::bad_request, "at most 64 topic filters of each kind");
  }
  for (const auto& filter : filters) {
    if (filter.size() > kMaxProtectedFilterSize || filter.starts_with("$share/") ||
        !mqtt::is_valid_topic_filter(filter)) {
      return fail(Errc::bad_request, "\"" + filter + "\" is no topic filter of at most 256 bytes");
    }
  }
  return {};
}

std::string listed(const std::vector<std::string>& filters) {
  std::string out;
  for (const auto& filter : filters) {
    out.append(out.empty() ? "" : " ").append(filter);
  }
  return out;
}

}  // namespace

Result<TopicProtection> find_protection(Transaction& tx, OrgId org) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT encrypted_topics, plaintext_topics, version FROM "
                                        "topic_protection WHERE org_id = $1",
                                        org));
  return rows.empty() ? TopicProtection{} : read_protection(rows.front());
}

Result<std::map<OrgId, TopicProtection>> all_protections(Transaction& tx) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT org_id, encrypted_topics, plaintext_topics, "
                                        "version FROM topic_protection"));
  std::map<OrgId, TopicProtection> out;
  for (const auto row : rows) {
    UNHIDRA_TRY(auto protection, read_protection(row));
    out.emplace(row.get<OrgId>("org_id"), std::move(protection));
  }
  return out;
}

Result<std::map<OrgId, std::int64_t>> protection_versions(Transaction& tx) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT org_id, version FROM topic_protection"));
  std::map<OrgId, std::int64_t> out;
  for (const auto row : rows) {
    out.emplace(row.get<OrgId>("org_id"), row.get<std::int64_t>("version"));
  }
  return out;
}

Result<TopicProtection> set_protection(Transaction& tx, OrgId org, const TopicProtection& wanted,
                                       Timestamp now, access::AuditDraft& draft) {
  UNHIDRA_TRY_VOID(check_filters(wanted.plaintext_topics));
  if (wanted.encrypted_topics) {
    UNHIDRA_TRY_VOID(check_filters(*wanted.encrypted_topics));
  }
  UNHIDRA_TRY(const auto present, find_protection(tx, org));
  if (wanted.version != 0 && wanted.version != present.version) {
    return fail(Errc::conflict, "the present version is " + std::to_string(present.version));
  }
  auto out = wanted;
  out.version = present.version + 1;
  const auto encrypted =
      wanted.encrypted_topics ? std::optional(written(*wanted.encrypted_topics)) : std::nullopt;
  UNHIDRA_TRY_VOID(tx.execute(
      "INSERT INTO topic_protection (org_id, encrypted_topics, plaintext_topics, version, "
      "updated_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (org_id) DO UPDATE SET "
      "encrypted_topics = excluded.encrypted_topics, plaintext_topics = "
      "excluded.plaintext_topics, version = excluded.version, updated_at = excluded.updated_at",
      org, encrypted, written(wanted.plaintext_topics), out.version, now));
  draft.resource_id = org.to_string();
  draft.note("encrypted_topics",
             wanted.encrypted_topics ? listed(*wanted.encrypted_topics) : "as the server");
  draft.note("plaintext_topics", listed(wanted.plaintext_topics));
  draft.note("version", std::to_string(out.version));
  return out;
}

void tell_protection_changed(messaging::Bus& bus, OrgId org) {
  if (const auto status = bus.publish(kProtectionSubject, to_bytes(org.bytes())); !status) {
    log::warn("topic_protection.change_unpublished", {{"error", status.error()}});
  }
}

}  // namespace unhidra::automation
