#include "unhidra/storage/transaction.h"

#include "connection.h"
#include "rows_builder.h"

namespace unhidra::storage {

Transaction::Transaction(Connection& connection)
    : connection_(connection), fault_(std::make_shared<detail::Fault>()) {}

Transaction::~Transaction() = default;

Result<std::uint64_t> Transaction::execute_with(std::string_view sql,
                                                std::span<const Param> params) {
  if (fault_->error) {
    return fail(*fault_->error);
  }
  auto changed = connection_.execute(sql, params);
  if (!changed) {
    fault_->error = changed.error();
  }
  return changed;
}

Result<Rows> Transaction::query_with(std::string_view sql, std::span<const Param> params) {
  if (fault_->error) {
    return fail(*fault_->error);
  }
  RowsBuilder builder(fault_);
  if (auto status = connection_.query(sql, params, builder); !status) {
    fault_->error = status.error();
    return fail(std::move(status).error());
  }
  return builder.take();
}

Dialect Transaction::dialect() const {
  return connection_.dialect();
}

Status Transaction::status() const {
  if (fault_->error) {
    return fail(*fault_->error);
  }
  return {};
}

}  // namespace unhidra::storage
