// Receipts of large groups: told to the server, which counts (docs/decisions/0043).

#include <algorithm>

#include "engine_impl.h"

namespace unhidra::client {

namespace {

constexpr std::size_t kMaxMarks = 100;  // of one report

}  // namespace

// The more people are in a group, the less often each of them reports.
std::chrono::milliseconds Engine::Impl::report_interval(std::size_t people) const {
  const std::chrono::milliseconds fair(people * 1000 /
                                       std::max(limits_.receipt_reports_per_second, 1U));
  return std::max<std::chrono::milliseconds>(limits_.receipt_report_interval, fair);
}

// A message reaches all members at one moment: their reports are spread over the interval.
Status Engine::Impl::owe_report(ConversationId id) {
  UNHIDRA_TRY(const auto people, people_in(id));
  const auto spread =
      limits_.spread_reports ? std::max<std::int64_t>(1, report_interval(people).count()) : 1;
  const auto at = clock_.steady_now() +
                  std::chrono::milliseconds(random_.below(static_cast<std::uint64_t>(spread)));
  const auto gap = link_.report_gap.find(id);
  link_.report_at[id] = gap == link_.report_gap.end() ? at : std::max(at, gap->second);
  link_.reports_not_before = {};
  reports_due_.insert(id);
  return {};
}

// What is owed in one conversation, if its time has come.
Status Engine::Impl::add_mark(ConversationId id, wire::ReportReceipts& report) {
  const auto scheduled = link_.report_at.find(id);
  if (scheduled == link_.report_at.end()) {
    return owe_report(id);  // since before this connection
  }
  if (scheduled->second > clock_.steady_now()) {
    return {};
  }
  auto& record = conversations_.at(id);
  UNHIDRA_TRY(const auto way, receipt_way(record));
  if (way == ReceiptWay::members) {
    reports_due_.erase(id);
    owe_receipt(id);
    return {};
  }
  const bool delivered = record.delivered.seq > std::max(record.told_delivered, record.told_read);
  const bool read = record.read.seq > record.told_read && record.delivered.seq > record.told_read;
  if (way == ReceiptWay::server && (delivered || read)) {
    report.marks.push_back({id, record.delivered.seq, record.read.seq});
    return {};
  }
  reports_due_.erase(id);
  record.told_delivered = record.delivered.seq;
  record.told_read = record.read.seq;
  save(record);
  return {};
}

Status Engine::Impl::pump_reports() {
  if (progress_.withdraw_receipts && link_.reported.empty() &&
      requests_.may_ask({Ask::withdraw_receipts})) {
    requests_.ask({Ask::withdraw_receipts}, wire::WithdrawReceipts{});
  }
  const auto now = clock_.steady_now();
  if (reports_due_.empty() || now < link_.reports_not_before || !may_tell() ||
      !link_.policy_known || !requests_.may_ask({Ask::report_receipts})) {
    return {};
  }
  wire::ReportReceipts report;
  const std::vector<ConversationId> due(reports_due_.begin(), reports_due_.end());
  for (const auto& id : due) {
    if (report.marks.size() < kMaxMarks) {
      UNHIDRA_TRY_VOID(add_mark(id, report));
    }
  }
  link_.reports_not_before = SteadyTime::max();
  for (const auto& id : reports_due_) {
    link_.reports_not_before = std::min(link_.reports_not_before, link_.report_at[id]);
  }
  if (!report.marks.empty()) {
    link_.reported = report.marks;
    requests_.ask({Ask::report_receipts}, report);
  }
  return {};
}

// Also when the server will not have it: nothing is gained by telling it again.
Status Engine::Impl::on_reported() {
  for (const auto& mark : std::exchange(link_.reported, {})) {
    const auto id = mark.conversation_id;
    auto& record = conversations_.at(id);
    record.told_delivered = std::max(record.told_delivered, mark.delivered_seq);
    record.told_read = std::max(record.told_read, mark.read_seq);
    save(record);
    reports_due_.erase(id);
    UNHIDRA_TRY(const auto people, people_in(id));
    link_.report_gap[id] = clock_.steady_now() + report_interval(people);
    if (record.delivered.seq > record.told_delivered || record.read.seq > record.told_read) {
      owe_receipt(id);
    }
  }
  return {};
}

Status Engine::Impl::pump_receipt_counts() {
  const auto shown = receipt_counts_.due();
  if (!shown || !link_.policy_known || !may_tell()) {
    return {};
  }
  if (counts_receipts(*shown)) {
    receipt_counts_.ask();
  } else {
    receipt_counts_.put_off();
  }
  return {};
}

Result<bool> Engine::Impl::take(const PendingRequest& request, const wire::ReceiptCounts& counts) {
  if (request.question.ask != Ask::receipt_counts) {
    return false;
  }
  receipt_counts_.on_counts(counts);
  return true;
}

}  // namespace unhidra::client
