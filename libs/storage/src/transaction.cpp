#include "unhidra/storage/transaction.h"

#include "unhidra/base/text.h"

#include "connection.h"
#include "rows_builder.h"

namespace unhidra::storage {

namespace {

// The same on both databases: SQLite alone would take anything.
Status check_texts(std::span<const Param> params) {
  for (const auto& param : params) {
    if (param.type() == ColumnType::text &&
        (param.text().find('\0') != std::string_view::npos || !is_valid_utf8(param.text()))) {
      return fail(Errc::bad_text, "a text is not UTF-8 or holds a NUL");
    }
  }
  return {};
}

}  // namespace

Transaction::Transaction(Connection& connection)
    : connection_(connection), fault_(std::make_shared<detail::Fault>()) {}

Transaction::~Transaction() = default;

Result<std::uint64_t> Transaction::execute_with(std::string_view sql,
                                                std::span<const Param> params) {
  if (fault_->error) {
    return fail(*fault_->error);
  }
  if (auto status = check_texts(params); !status) {
    fault_->error = status.error();
    return fail(std::move(status).error());
  }
  auto changed = connection_.execute(sql, params);
  if (!changed) {
    fault_->error = changed.error();
  }
  return changed;
}

Status Transaction::execute_later_with(std::string_view sql, std::span<const Param> params) {
  if (fault_->error) {
    return fail(*fault_->error);
  }
  auto status = check_texts(params);
  if (status) {
    status = connection_.execute_later(sql, params);
  }
  if (!status) {
    fault_->error = status.error();
  }
  return status;
}

std::unique_ptr<GroupPart>& Transaction::part_of(const void* key) {
  return connection_.group().part(key);
}

Result<Rows> Transaction::query_with(std::string_view sql, std::span<const Param> params) {
  if (fault_->error) {
    return fail(*fault_->error);
  }
  RowsBuilder builder(fault_);
  if (auto status = check_texts(params); !status) {
    fault_->error = status.error();
    return fail(std::move(status).error());
  }
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
