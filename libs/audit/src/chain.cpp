#include "unhidra/audit/chain.h"

#include <algorithm>

#include "unhidra/base/text.h"

#include "record.h"
#include "stored.h"

namespace unhidra::audit {
namespace {

// Bytes.
constexpr std::size_t kMaxName = 64;       // types, action, metadata keys
constexpr std::size_t kMaxFreeText = 256;  // resource id, user agent, one metadata value
constexpr std::size_t kMaxAddress = 64;
constexpr std::size_t kMaxMetadata = 4'096;  // the JSON text
constexpr std::size_t kMaxPage = 1'000;
constexpr std::uint64_t kFilterWindow = 20'000;

bool is_plain(char c) {
  return c >= ' ' && c <= '~';
}

// Printable, and cut between two characters.
void clean(std::string& text, std::size_t max) {
  if (text.size() <= max && std::ranges::all_of(text, is_plain)) {
    return;  // as nearly always: printable() would answer the same
  }
  // Cut first: the work on a foreign text is bounded. The replacement may lengthen it.
  text = printable(std::string_view(text).substr(0, max));
  if (text.size() <= max) {
    return;
  }
  auto end = max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  text.resize(end);
}

Status check_name(std::string_view what, std::string_view name) {
  const bool well_formed = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
  });
  if (name.empty() || name.size() > kMaxName || !well_formed) {
    return fail(Errc::bad_event, std::string(what) + " is no name: '" + printable(name) + "'");
  }
  return {};
}

Status check(const AuditEvent& event) {
  UNHIDRA_TRY_VOID(check_name("event_type", event.event_type));
  UNHIDRA_TRY_VOID(check_name("actor_type", event.actor_type));
  UNHIDRA_TRY_VOID(check_name("resource_type", event.resource_type));
  UNHIDRA_TRY_VOID(check_name("action", event.action));
  if (event.event_id.is_nil()) {
    return fail(Errc::bad_event, "an event needs an id");
  }
  if (!event.actor_id.empty() && event.actor_id.size() != sizeof(Uuid)) {
    return fail(Errc::bad_event, "actor_id is no id");
  }
  for (std::size_t i = 0; i < event.metadata.size(); ++i) {
    UNHIDRA_TRY_VOID(check_name("a metadata key", event.metadata[i].first));
    for (std::size_t j = 0; j < i; ++j) {
      if (event.metadata[i].first == event.metadata[j].first) {
        return fail(Errc::bad_event, "metadata names '" + event.metadata[i].first + "' twice");
      }
    }
  }
  return {};
}

// As it will be stored.
void make_clean(AuditEvent& event) {
  clean(event.resource_id, kMaxFreeText);
  clean(event.ip_address, kMaxAddress);
  clean(event.user_agent, kMaxFreeText);
  for (auto& [key, value] : event.metadata) {
    clean(value, kMaxFreeText);
  }
}

Status insert_row(storage::Transaction& tx, const AuditEvent& event, std::string_view metadata,
                  const ByteArray<32>& prev_hash, const ChainPoint& point) {
  const auto actor =
      event.actor_id.empty() ? storage::Param(nullptr) : storage::Param(event.actor_id);
  return tx.execute_later(
      "INSERT INTO audit_log (" UNHIDRA_AUDIT_COLUMNS
      ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
      event.org_id, point.position, event.event_id, event.event_type, actor, event.actor_type,
      event.resource_type, event.resource_id, event.action, to_string(event.outcome), metadata,
      event.ip_address, event.user_agent, event.timestamp, prev_hash, point.hash);
}

// The heads of the chains that this group of writes appends to. Each is locked when it is first
// needed, so that two writers meet there and the database sends the later one back to the start; it
// moves once, by as many events as the group has.
class GroupHeads final : public storage::GroupPart {
 public:
  std::unique_ptr<GroupPart> clone() const override { return std::make_unique<GroupHeads>(*this); }

  Result<ChainPoint*> head_of(storage::Transaction& tx, const OrgId& org) {
    if (const auto found = std::ranges::find(heads_, org, &Head::org); found != heads_.end()) {
      return &found->now;
    }
    UNHIDRA_TRY(const auto locked, lock(tx, org));
    return &heads_.emplace_back(Head{org, locked.position, locked}).now;
  }

  Status finish(storage::Transaction& tx) override {
    for (auto& head : heads_) {
      UNHIDRA_TRY(const auto moved,
                  tx.execute("UPDATE audit_heads SET position = $2, hash = $3 "
                             "WHERE org_id = $1 AND position = $4",
                             head.org, head.now.position, head.now.hash, head.before));
      if (moved != 1) {
        return fail(Errc::broken_chain,
                    "the head of the audit log is not where it was a moment ago");
      }
    }
    return {};
  }

 private:
  struct Head {
    OrgId org;
    std::uint64_t before = 0;
    ChainPoint now;
  };

  static Result<ChainPoint> lock(storage::Transaction& tx, const OrgId& org) {
    UNHIDRA_TRY(const auto rows,
                tx.query("UPDATE audit_heads SET position = position WHERE org_id = $1 "
                         "RETURNING position, hash",
                         org));
    if (!rows.empty()) {
      return ChainPoint{rows.front().get<std::uint64_t>(0), rows.front().get<ByteArray<32>>(1)};
    }
    const ChainPoint begin;
    UNHIDRA_TRY_VOID(
        tx.execute("INSERT INTO audit_heads (org_id, position, hash) VALUES ($1, $2, $3)", org,
                   begin.position, begin.hash));
    return begin;
  }

  std::vector<Head> heads_;
};

std::optional<Bytes> no_bytes_is_null(const Bytes& bytes) {
  return bytes.empty() ? std::nullopt : std::optional(bytes);
}

}  // namespace

Result<ChainPoint> append(storage::Transaction& tx, AuditEvent event) {
  UNHIDRA_TRY_VOID(check(event));
  make_clean(event);
  const auto metadata = canonical_json(std::move(event.metadata));
  if (metadata.size() > kMaxMetadata) {
    return fail(Errc::bad_event, "the metadata is too long");
  }
  UNHIDRA_TRY(auto* const head, tx.group_part<GroupHeads>().head_of(tx, event.org_id));
  ChainPoint point{head->position + 1, {}};
  point.hash = record_hash(event, metadata, point.position, head->hash);
  UNHIDRA_TRY_VOID(insert_row(tx, event, metadata, head->hash, point));
  *head = point;
  return point;
}

Result<Page> list(storage::Transaction& tx, const ListRequest& request) {
  Page page;
  auto before = request.before;
  if (before == 0) {
    UNHIDRA_TRY(const auto head, read_head(tx, request.org_id));
    before = head ? head->position + 1 : 0;
  }
  const auto limit = std::clamp<std::size_t>(request.limit, 1, kMaxPage);
  const bool filtered = !request.event_type.empty() || !request.actor_id.empty();
  const std::uint64_t window = filtered ? kFilterWindow : limit;
  const std::uint64_t low = before > window ? before - window : 1;
  UNHIDRA_TRY(
      const auto rows,
      tx.query("SELECT " UNHIDRA_AUDIT_COLUMNS
               " FROM audit_log WHERE org_id = $1 AND position < $2 AND position >= $3"
               " AND ($4 = '' OR event_type = $4) AND (CAST($5 AS BYTEA) IS NULL OR actor_id = $5)"
               " ORDER BY position DESC LIMIT $6",
               request.org_id, before, low, request.event_type, no_bytes_is_null(request.actor_id),
               limit));
  for (const auto row : rows) {
    page.events.push_back(read_stored(row));
  }
  const auto reached = rows.size() == limit ? page.events.back().position : low;
  page.next_before = reached > 1 ? reached : 0;
  return page;
}

}  // namespace unhidra::audit
