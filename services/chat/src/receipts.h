#pragma once
// How far people have come in groups that are too large for receipts among the members: each
// reports to the server, which tells counts alone. Why: docs/decisions/0043.

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "unhidra/base/time.h"
#include "unhidra/storage/transaction.h"
#include "unhidra/wire/receipts.h"

#include "asker.h"

namespace unhidra::chat {

// In groups of so many people receipts are sent among the members, and the server counts nothing.
inline constexpr std::size_t kPeopleWithNamedReceipts = 50;
inline constexpr std::size_t kMaxReceiptMarks = 100;
inline constexpr std::size_t kMaxReceiptSeqs = 50;

// Only ever forward, never beyond the log's end. What is not counted is passed over in silence:
// small groups, conversations of two, such as the asker is not in, and all where the organisation
// has receipts off. Errc::malformed.
Status store_receipts(storage::Transaction& tx, const Asker& asker,
                      const wire::ReportReceipts& report);

// All that the person has reported.
Status withdraw_receipts(storage::Transaction& tx, const Asker& asker);
// Of everybody in the organisation.
Status forget_receipts(storage::Transaction& tx, OrgId org);
// Of somebody who is out of the group; of all in it.
Status forget_receipts(storage::Transaction& tx, ConversationId id, UserId user);
Status forget_receipts(storage::Transaction& tx, ConversationId id);

// How far the members of one group have come.
class ReceiptPositions {
 public:
  struct Position {
    UserId user;
    std::uint64_t delivered = 0;
    std::uint64_t read = 0;
  };
  explicit ReceiptPositions(std::vector<Position> positions);

  // `author` is not among those who are counted.
  wire::ReceiptCount count(std::uint64_t seq, UserId author) const;
  std::size_t people() const { return by_user_.size(); }

 private:
  std::vector<Position> by_user_;
  std::vector<std::uint64_t> delivered_;  // sorted
  std::vector<std::uint64_t> read_;       // likewise
};

// Nothing is counted here: small groups, or receipts are off. Errc::not_found: not a member.
Result<bool> counts_receipts(storage::Transaction& tx, const Asker& asker, ConversationId id);
Result<ReceiptPositions> receipt_positions(storage::Transaction& tx, OrgId org, ConversationId id);
// Of those that are messages of the conversation. Errc::malformed.
Result<std::vector<wire::ReceiptCount>> count_receipts(storage::Transaction& tx, OrgId org,
                                                       const wire::FetchReceiptCounts& request,
                                                       const ReceiptPositions& positions);

// Positions that were read a moment ago, so that who asks does not make the server read a large
// group each time. Bounded: when it is full it forgets all. Safe from any thread.
class ReceiptCache {
 public:
  static constexpr std::size_t kMaxPeople = 500'000;
  static constexpr std::chrono::seconds kAtLeast{2};
  // What is known stands so long: 10 seconds of 10,000 people.
  static std::chrono::milliseconds lifetime(std::size_t people);

  struct Found {
    std::shared_ptr<const ReceiptPositions> positions;  // null: to be read
    std::chrono::milliseconds left{};
  };
  Found find(ConversationId id, SteadyTime now);
  void put(ConversationId id, std::shared_ptr<const ReceiptPositions> positions, SteadyTime now);

 private:
  struct Entry {
    std::shared_ptr<const ReceiptPositions> positions;
    SteadyTime until;
  };
  std::mutex mutex_;
  std::map<ConversationId, Entry> entries_;
  std::size_t people_ = 0;
};

}  // namespace unhidra::chat
