#include "receipt_operations.h"

#include "unhidra/access/frame_handlers.h"

namespace unhidra::chat {

using storage::Transaction;

void ReceiptOperations::bind(access::Handlers& handlers) {
  handlers.on_frame<wire::ReportReceipts>("receipts.report",
                                          [this](Context& context, wire::ReportReceipts request) {
                                            return report(context, std::move(request));
                                          });
  handlers.on_frame<wire::FetchReceiptCounts>(
      "receipts.count", [this](Context& context, wire::FetchReceiptCounts request) {
        return count(context, std::move(request));
      });
  handlers.on_frame<wire::WithdrawReceipts>(
      "receipts.withdraw", [this](Context& context, wire::WithdrawReceipts request) {
        return withdraw(context, request);
      });
}

Task<Result<void>> ReceiptOperations::report(Context& context, wire::ReportReceipts request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  co_return co_await context.transact(
      [&](Transaction& tx) { return store_receipts(tx, asker, request); });
}

Task<Result<wire::ReceiptCounts>> ReceiptOperations::count(Context& context,
                                                           wire::FetchReceiptCounts request) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  const auto id = request.conversation_id;
  auto found = cache_.find(id, deps_.clock.steady_now());
  auto positions = found.positions;
  UNHIDRA_CO_TRY(
      auto counts,
      co_await context.read([&](Transaction& tx) -> Result<std::vector<wire::ReceiptCount>> {
        UNHIDRA_TRY(const bool counted, counts_receipts(tx, asker, id));
        if (!counted) {
          return std::vector<wire::ReceiptCount>();
        }
        if (found.positions == nullptr) {
          UNHIDRA_TRY(auto fresh, receipt_positions(tx, asker.org_id, id));
          positions = std::make_shared<const ReceiptPositions>(std::move(fresh));
        }
        return count_receipts(tx, asker.org_id, request, *positions);
      }));
  auto left = found.left;
  if (positions != nullptr && found.positions == nullptr) {
    left = ReceiptCache::lifetime(positions->people() + 1);
    cache_.put(id, positions, deps_.clock.steady_now());
  }
  co_return wire::ReceiptCounts{id, std::move(counts), static_cast<std::uint32_t>(left.count())};
}

Task<Result<void>> ReceiptOperations::withdraw(Context& context, wire::WithdrawReceipts) {
  UNHIDRA_CO_TRY(const auto asker, asker_of(context));
  context.audit().resource_id = asker.user_id.to_string();
  co_return co_await context.transact(
      [&](Transaction& tx) { return withdraw_receipts(tx, asker); });
}

}  // namespace unhidra::chat
