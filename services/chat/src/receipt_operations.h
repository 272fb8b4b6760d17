#pragma once
// The handlers of the receipts that the server counts.

#include "unhidra/access/context.h"
#include "unhidra/chat/chat_role.h"
#include "unhidra/wire/frame_bodies.h"

#include "receipts.h"

namespace unhidra::chat {

class ReceiptOperations {
 public:
  explicit ReceiptOperations(ChatDependencies dependencies) : deps_(dependencies) {}
  void bind(access::Handlers& handlers);

 private:
  using Context = access::OperationContext;

  Task<Result<void>> report(Context& context, wire::ReportReceipts request);
  Task<Result<wire::ReceiptCounts>> count(Context& context, wire::FetchReceiptCounts request);
  Task<Result<void>> withdraw(Context& context, wire::WithdrawReceipts request);

  ChatDependencies deps_;
  ReceiptCache cache_;
};

}  // namespace unhidra::chat
