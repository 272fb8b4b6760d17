#include "receipts.h"

#include <algorithm>

#include "unhidra/chat/errc.h"

#include "conversations.h"
#include "group_store.h"
#include "message_rules.h"

namespace unhidra::chat {
namespace {

using storage::Row;
using storage::Transaction;

Result<bool> is_large(Transaction& tx, ConversationId id) {
  UNHIDRA_TRY(const auto rows, tx.query("SELECT 1 FROM conversation_members WHERE "
                                        "conversation_id = $1 AND left_at IS NULL LIMIT $2",
                                        id, kPeopleWithNamedReceipts + 1));
  return rows.size() > kPeopleWithNamedReceipts;
}

Status store_mark(Transaction& tx, const Asker& asker, const wire::ReceiptMark& mark) {
  const auto id = mark.conversation_id;
  UNHIDRA_TRY(const bool member, is_member(tx, asker, id));
  if (!member) {
    return {};
  }
  UNHIDRA_TRY(const auto group, look_for_group(tx, asker.org_id, id));
  UNHIDRA_TRY(const bool large, is_large(tx, id));
  if (!group || !large) {
    return {};
  }
  const auto read = std::min(mark.read_seq, group->head_seq);
  const auto delivered = std::max(read, std::min(mark.delivered_seq, group->head_seq));
  return tx.execute_later(
      "INSERT INTO receipts (conversation_id, user_id, org_id, delivered_seq, read_seq) VALUES "
      "($1, $2, $3, $4, $5) ON CONFLICT (conversation_id, user_id) DO UPDATE SET "
      "delivered_seq = CASE WHEN excluded.delivered_seq > receipts.delivered_seq THEN "
      "excluded.delivered_seq ELSE receipts.delivered_seq END, "
      "read_seq = CASE WHEN excluded.read_seq > receipts.read_seq THEN excluded.read_seq ELSE "
      "receipts.read_seq END",
      id, asker.user_id, asker.org_id, delivered, read);
}

// How many of the sorted ones are at `seq` or beyond.
std::uint32_t reaching(const std::vector<std::uint64_t>& sorted, std::uint64_t seq) {
  return static_cast<std::uint32_t>(sorted.end() - std::ranges::lower_bound(sorted, seq));
}

}  // namespace

Status store_receipts(Transaction& tx, const Asker& asker, const wire::ReportReceipts& report) {
  if (report.marks.empty() || report.marks.size() > kMaxReceiptMarks) {
    return fail(Errc::malformed, "a report is about 1 to 100 conversations");
  }
  UNHIDRA_TRY(const auto policy, chat_policy(tx, asker.org_id));
  if (!policy.receipts) {
    return {};
  }
  for (const auto& mark : report.marks) {
    UNHIDRA_TRY_VOID(store_mark(tx, asker, mark));
  }
  return {};
}

Status withdraw_receipts(Transaction& tx, const Asker& asker) {
  return tx.execute_later("DELETE FROM receipts WHERE org_id = $1 AND user_id = $2", asker.org_id,
                          asker.user_id);
}

Status forget_receipts(Transaction& tx, OrgId org) {
  return tx.execute_later("DELETE FROM receipts WHERE org_id = $1", org);
}

Status forget_receipts(Transaction& tx, ConversationId id, UserId user) {
  return tx.execute_later("DELETE FROM receipts WHERE conversation_id = $1 AND user_id = $2", id,
                          user);
}

Status forget_receipts(Transaction& tx, ConversationId id) {
  return tx.execute_later("DELETE FROM receipts WHERE conversation_id = $1", id);
}

ReceiptPositions::ReceiptPositions(std::vector<Position> positions)
    : by_user_(std::move(positions)) {
  std::ranges::sort(by_user_, {}, &Position::user);
  for (const auto& one : by_user_) {
    delivered_.push_back(one.delivered);
    read_.push_back(one.read);
  }
  std::ranges::sort(delivered_);
  std::ranges::sort(read_);
}

wire::ReceiptCount ReceiptPositions::count(std::uint64_t seq, UserId author) const {
  wire::ReceiptCount out{seq, reaching(delivered_, seq), reaching(read_, seq),
                         static_cast<std::uint32_t>(by_user_.size())};
  const auto own = std::ranges::lower_bound(by_user_, author, {}, &Position::user);
  if (own != by_user_.end() && own->user == author) {
    out.delivered -= own->delivered >= seq ? 1 : 0;
    out.read -= own->read >= seq ? 1 : 0;
    --out.people;
  }
  return out;
}

Result<bool> counts_receipts(Transaction& tx, const Asker& asker, ConversationId id) {
  UNHIDRA_TRY(const bool member, is_member(tx, asker, id));
  if (!member) {
    return fail(Errc::not_found, "no such conversation");
  }
  UNHIDRA_TRY(const auto policy, chat_policy(tx, asker.org_id));
  return policy.receipts ? is_large(tx, id) : Result<bool>(false);
}

Result<ReceiptPositions> receipt_positions(Transaction& tx, OrgId org, ConversationId id) {
  UNHIDRA_TRY(const auto rows,
              tx.query("SELECT r.user_id, r.delivered_seq, r.read_seq FROM receipts r JOIN "
                       "conversation_members m ON m.conversation_id = r.conversation_id AND "
                       "m.user_id = r.user_id WHERE r.conversation_id = $1 AND r.org_id = $2 AND "
                       "m.left_at IS NULL",
                       id, org));
  std::vector<ReceiptPositions::Position> out;
  out.reserve(rows.size());
  for (const Row row : rows) {
    out.push_back({row.get<UserId>(0), row.get<std::uint64_t>(1), row.get<std::uint64_t>(2)});
  }
  return ReceiptPositions(std::move(out));
}

Result<std::vector<wire::ReceiptCount>> count_receipts(Transaction& tx, OrgId org,
                                                       const wire::FetchReceiptCounts& request,
                                                       const ReceiptPositions& positions) {
  if (request.seqs.empty() || request.seqs.size() > kMaxReceiptSeqs) {
    return fail(Errc::malformed, "1 to 50 messages are asked about at once");
  }
  std::vector<wire::ReceiptCount> out;
  for (const auto seq : request.seqs) {
    UNHIDRA_TRY(const auto rows,
                tx.query("SELECT sender_user_id FROM messages WHERE conversation_id = $1 AND "
                         "seq = $2 AND org_id = $3 AND kind = 0",
                         request.conversation_id, seq, org));
    if (!rows.empty()) {
      out.push_back(positions.count(seq, rows.front().get<UserId>(0)));
    }
  }
  return out;
}

std::chrono::milliseconds ReceiptCache::lifetime(std::size_t people) {
  return std::max<std::chrono::milliseconds>(kAtLeast, std::chrono::milliseconds(people));
}

ReceiptCache::Found ReceiptCache::find(ConversationId id, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end() || found->second.until <= now) {
    return {};
  }
  return {found->second.positions,
          std::chrono::ceil<std::chrono::milliseconds>(found->second.until - now)};
}

void ReceiptCache::put(ConversationId id, std::shared_ptr<const ReceiptPositions> positions,
                       SteadyTime now) {
  const std::lock_guard lock(mutex_);
  const auto people = positions->people() + 1;
  const auto until = now + lifetime(people);
  auto& entry = entries_[id];
  people_ -= entry.positions == nullptr ? 0 : entry.positions->people() + 1;
  people_ += people;
  entry = {std::move(positions), until};
  if (people_ > kMaxPeople) {
    entries_.clear();
    people_ = 0;
  }
}

}  // namespace unhidra::chat
