#include <set>

#include "unhidra/storage/database.h"

#include "diagnosis.h"
#include "record.h"
#include "stored.h"

namespace unhidra::audit {
namespace {

using storage::Row;
using storage::Transaction;

constexpr std::int64_t kPageRows = 1'000;

using Rows = std::vector<StoredEvent>;
using Known = std::span<const std::pair<OrgId, ChainPoint>>;

// One chain, from its first row to the head that it had when the run began.
class ChainRun {
 public:
  ChainRun(storage::Database& database, const OrgId& org, Known known)
      : database_(database), org_(org) {
    for (const auto& [known_org, point] : known) {
      if (known_org == org && point.position > 0) {
        known_.push_back(point);
      }
    }
  }

  // The first damage, or nothing.
  Result<std::optional<Finding>> run();
  std::uint64_t rows() const { return last_.position; }
  const ChainPoint& last() const { return last_; }

 private:
  using Found = Result<std::optional<Finding>>;

  Finding finding(std::uint64_t position, Damage damage, std::string explanation) const {
    return {org_, position, damage, std::move(explanation)};
  }
  Status read_start();
  Found check_rows();
  Found check_page(const Rows& page);
  Found check_known(const StoredEvent& row) const;
  Found check_end() const;
  Result<Rows> read_page() const;
  Result<std::optional<std::uint64_t>> first_unreadable() const;

  storage::Database& database_;
  const OrgId org_;
  std::vector<ChainPoint> known_;
  std::optional<ChainPoint> head_;
  std::optional<StoredEvent> beyond_;  // the first row after the head
  bool below_one_ = false;             // a row with position 0 or less
  ChainPoint last_;                    // verified up to here
};

Result<Rows> select_rows(Transaction& tx, const OrgId& org, std::uint64_t after,
                         std::uint64_t up_to, std::int64_t limit) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT " UNHIDRA_AUDIT_COLUMNS
                       " FROM audit_log WHERE org_id = $1 AND position > $2 AND position <= $3"
                       " ORDER BY position LIMIT $4",
                       org, after, up_to, limit));
  Rows out;
  out.reserve(rows.size());
  for (const Row row : rows) {
    out.push_back(read_stored(row));
  }
  return out;
}

// Head and what lies outside of it, in one snapshot: rows that are appended later are no matter.
Status ChainRun::read_start() {
  return database_.read_sync([this](Transaction& tx) -> Status {
    UNHIDRA_TRY(head_, read_head(tx, org_));
    UNHIDRA_TRY(
        const auto below,
        tx.query("SELECT position FROM audit_log WHERE org_id = $1 AND position < 1 LIMIT 1",
                 org_));
    below_one_ = !below.empty();
    const auto end = head_ ? head_->position : 0;
    UNHIDRA_TRY(auto after, select_rows(tx, org_, end, INT64_MAX, 1));
    beyond_.reset();
    if (!after.empty()) {
      beyond_ = std::move(after.front());
    }
    return {};
  });
}

Result<Rows> ChainRun::read_page() const {
  // Without a head all rows are looked at: the first damaged one may lie before the end.
  const auto up_to = head_ ? head_->position : std::uint64_t{INT64_MAX};
  return database_.read_sync(
      [&](Transaction& tx) { return select_rows(tx, org_, last_.position, up_to, kPageRows); });
}

// Somewhere in this page stands a row that does not even have the form of one.
Result<std::optional<std::uint64_t>> ChainRun::first_unreadable() const {
  auto after = last_.position;
  for (std::int64_t i = 0; i < kPageRows; ++i) {
    const auto row = database_.read_sync(
        [&](Transaction& tx) { return select_rows(tx, org_, after, INT64_MAX, 1); });
    if (!row && row.error() == storage::Errc::column_mismatch) {
      return after + 1;
    }
    if (!row) {
      return fail(row.error());
    }
    if (row->empty()) {
      break;
    }
    after = row->front().position;
  }
  return std::nullopt;
}

Result<std::optional<Finding>> ChainRun::run() {
  if (auto status = read_start(); !status) {
    if (status.error() == storage::Errc::column_mismatch) {
      return finding(1, Damage::head_mismatch, "the head, or the row after it, is unreadable");
    }
    return fail(std::move(status).error());
  }
  if (below_one_) {
    return finding(0, Damage::inserted, "a row stands before the first one");
  }
  UNHIDRA_TRY(auto found, check_rows());
  if (found) {
    return found;
  }
  return check_end();
}

Result<std::optional<Finding>> ChainRun::check_rows() {
  for (;;) {
    const auto page = read_page();
    if (!page && page.error() == storage::Errc::column_mismatch) {
      UNHIDRA_TRY(const auto position, first_unreadable());
      return finding(position.value_or(last_.position + 1), Damage::edited,
                     "a row holds values of a form that is never written");
    }
    if (!page) {
      return fail(page.error());
    }
    if (page->empty()) {
      return std::nullopt;
    }
    UNHIDRA_TRY(auto found, check_page(*page));
    if (found) {
      return found;
    }
  }
}

Result<std::optional<Finding>> ChainRun::check_page(const Rows& page) {
  for (const auto& row : page) {
    const bool right = row.position == last_.position + 1 && row.prev_hash == last_.hash &&
                       hash_of(row, row.position) == row.event_hash;
    if (!right) {
      return diagnose(database_, org_, last_, row, head_ ? head_->position : row.position);
    }
    UNHIDRA_TRY(auto found, check_known(row));
    if (found) {
      return found;
    }
    last_ = {row.position, row.event_hash};
  }
  return std::nullopt;
}

Result<std::optional<Finding>> ChainRun::check_known(const StoredEvent& row) const {
  for (const auto& point : known_) {
    if (point.position == row.position && point.hash != row.event_hash) {
      return finding(row.position, Damage::rewritten,
                     "the chain is right in itself, but an earlier run saw another row here");
    }
  }
  return std::nullopt;
}

Result<std::optional<Finding>> ChainRun::check_end() const {
  for (const auto& point : known_) {
    if (point.position > last_.position) {
      return finding(last_.position + 1, Damage::cut_tail,
                     "an earlier run saw " + std::to_string(point.position) + " rows, " +
                         std::to_string(last_.position) + " are left");
    }
  }
  if (!head_) {
    if (last_.position == 0) {
      return std::nullopt;
    }
    return finding(last_.position, Damage::head_mismatch,
                   "the rows are right, but the head is gone");
  }
  if (last_.position < head_->position) {
    return finding(last_.position + 1, Damage::cut_tail,
                   "the head says that there were " + std::to_string(head_->position) + " rows, " +
                       std::to_string(last_.position) + " are left");
  }
  if (last_.hash != head_->hash) {
    return finding(last_.position, Damage::head_mismatch,
                   "the head has another hash than the last row: one of the two was changed");
  }
  if (beyond_) {
    const bool follows = beyond_->position == last_.position + 1 &&
                         beyond_->prev_hash == last_.hash &&
                         hash_of(*beyond_, beyond_->position) == beyond_->event_hash;
    return follows ? finding(beyond_->position, Damage::head_mismatch,
                             "the head was set back: a right row follows it")
                   : finding(beyond_->position, Damage::inserted,
                             "a row that the chain does not lead to stands after the end");
  }
  return std::nullopt;
}

// What the tables name as organisations, each once.
Result<std::vector<Bytes>> list_orgs(Transaction& tx) {
  std::vector<Bytes> out;
  UNHIDRA_TRY(const auto heads, tx.query("SELECT org_id FROM audit_heads ORDER BY org_id"));
  for (const Row row : heads) {
    out.push_back(row.get<Bytes>(0));
  }
  // From one organisation's rows to the next along the primary key.
  Bytes after;
  for (;;) {
    UNHIDRA_TRY(
        const auto next,
        tx.query("SELECT org_id FROM audit_log WHERE org_id > $1 ORDER BY org_id LIMIT 1", after));
    if (next.empty()) {
      return out;
    }
    after = next.front().get<Bytes>(0);
    UNHIDRA_TRY_VOID(tx.status());
    out.push_back(after);
  }
}

// All organisations that have a chain, or should have.
Result<std::set<OrgId>> find_chains(storage::Database& database, Known known,
                                    std::vector<Finding>& findings) {
  std::set<OrgId> out;
  for (const auto& [org, point] : known) {
    out.insert(org);
  }
  UNHIDRA_TRY(const auto orgs, database.read_sync(list_orgs));
  for (const auto& bytes : orgs) {
    if (const auto org = OrgId::from_bytes(bytes)) {
      out.insert(*org);
    } else {
      findings.push_back({OrgId(), 0, Damage::inserted, "a row names no organisation"});
    }
  }
  return out;
}

}  // namespace

std::string_view to_string(Damage damage) {
  switch (damage) {
    case Damage::edited:
      return "edited";
    case Damage::missing:
      return "missing";
    case Damage::inserted:
      return "inserted";
    case Damage::reordered:
      return "reordered";
    case Damage::cut_tail:
      return "cut_tail";
    case Damage::rewritten:
      return "rewritten";
    case Damage::head_mismatch:
      break;
  }
  return "head_mismatch";
}

Result<Verification> verify(storage::Database& database, std::optional<OrgId> org, Known known) {
  Verification out;
  std::set<OrgId> chains;
  if (org) {
    chains.insert(*org);
  } else {
    UNHIDRA_TRY(chains, find_chains(database, known, out.findings));
  }
  for (const auto& chain : chains) {
    ChainRun run(database, chain, known);
    UNHIDRA_TRY(auto found, run.run());
    out.chains += 1;
    out.rows += run.rows();
    if (found) {
      out.findings.push_back(std::move(*found));
    } else {
      out.heads.emplace_back(chain, run.last());
    }
  }
  return out;
}

}  // namespace unhidra::audit
