#pragma once
// How many people have the messages that are shown, in groups in which receipts are counted by the
// server. Asked for while they are shown, stored nowhere.

#include <map>
#include <optional>
#include <set>
#include <span>

#include "environment.h"
#include "requests.h"

namespace unhidra::client {

// What is shown outlives a connection.
class ReceiptCountDesk {
 public:
  ReceiptCountDesk(const Environment& env, Link& link, Requests& requests, Actions& staged)
      : env_(env), link_(link), requests_(requests), staged_(staged) {}

  // ---- the host ----
  // Errc::too_many_watched.
  Status watch(ConversationId conversation, std::span<const std::uint64_t> seqs);
  std::optional<ReceiptCount> of(ConversationId conversation, std::uint64_t seq) const;

  // ---- the connection ----
  // The conversation that is to be asked about now; whether it is one in which receipts are counted
  // the caller knows.
  std::optional<ConversationId> due() const;
  void ask();
  // Nothing is counted there: the next look is after a while.
  void put_off();
  void on_counts(const wire::ReceiptCounts& answer);

 private:
  static constexpr std::size_t kMaxKnown = 1000;

  const Environment& env_;
  Link& link_;
  Requests& requests_;
  Actions& staged_;

  ConversationId shown_;
  std::set<std::uint64_t> seqs_;
  std::map<std::pair<ConversationId, std::uint64_t>, ReceiptCount> known_;
};

}  // namespace unhidra::client
