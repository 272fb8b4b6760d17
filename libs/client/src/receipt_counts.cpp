#include "receipt_counts.h"

namespace unhidra::client {

namespace {

constexpr std::uint32_t kMostDoublings = 8;

}  // namespace

Status ReceiptCountDesk::watch(ConversationId conversation, std::span<const std::uint64_t> seqs) {
  std::set<std::uint64_t> wanted(seqs.begin(), seqs.end());
  wanted.erase(0);
  if (wanted.size() > env_.limits.max_receipt_counts) {
    return fail(Errc::too_many_watched, "the counts of at most " +
                                            std::to_string(env_.limits.max_receipt_counts) +
                                            " messages are asked for at once");
  }
  const bool more = shown_ != conversation || !std::ranges::includes(seqs_, wanted);
  shown_ = conversation;
  seqs_ = std::move(wanted);
  if (more) {
    // Soon, but scrolling asks no more often than this.
    link_.counts_unchanged = 0;
    link_.counts_not_before =
        std::min(link_.counts_not_before, link_.counts_asked + env_.limits.first_retry);
  }
  return {};
}

std::optional<ReceiptCount> ReceiptCountDesk::of(ConversationId conversation,
                                                 std::uint64_t seq) const {
  const auto found = known_.find({conversation, seq});
  return found == known_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<ConversationId> ReceiptCountDesk::due() const {
  if (seqs_.empty() || env_.clock.steady_now() < link_.counts_not_before ||
      !requests_.may_ask({Ask::receipt_counts})) {
    return std::nullopt;
  }
  return shown_;
}

void ReceiptCountDesk::ask() {
  link_.counts_asked = env_.clock.steady_now();
  requests_.ask({Ask::receipt_counts},
                wire::FetchReceiptCounts{shown_, {seqs_.begin(), seqs_.end()}});
}

void ReceiptCountDesk::put_off() {
  link_.counts_asked = env_.clock.steady_now();
  link_.counts_not_before = link_.counts_asked + env_.limits.receipt_counts_patience;
}

// While nothing changes it is asked less and less often.
void ReceiptCountDesk::on_counts(const wire::ReceiptCounts& answer) {
  event::ReceiptCountsChanged changed{answer.conversation_id, {}};
  if (known_.size() > kMaxKnown) {
    known_.clear();
  }
  for (const auto& one : answer.counts) {
    const ReceiptCount count{one.seq, one.delivered, one.read, one.people};
    auto& known = known_[{answer.conversation_id, one.seq}];
    if (known != count) {
      known = count;
      changed.counts.push_back(count);
    }
  }
  link_.counts_unchanged =
      changed.counts.empty() ? std::min(link_.counts_unchanged + 1, kMostDoublings) : 0;
  const auto pause = std::min<std::chrono::milliseconds>(
      env_.limits.receipt_counts_interval * (std::int64_t{1} << link_.counts_unchanged),
      env_.limits.receipt_counts_patience);
  link_.counts_not_before = env_.clock.steady_now() +
                            std::max(pause, std::chrono::milliseconds(answer.ask_again_after_ms));
  if (!changed.counts.empty()) {
    staged_.events.push_back(std::move(changed));
  }
}

}  // namespace unhidra::client
