#pragma once
// Fills Rows; used by the connections alone.

#include <memory>
#include <string_view>
#include <utility>

#include "unhidra/storage/rows.h"

namespace unhidra::storage {

class RowsBuilder {
 public:
  explicit RowsBuilder(std::shared_ptr<detail::Fault> fault) { rows_.fault_ = std::move(fault); }

  void set_columns(std::shared_ptr<const Rows::ColumnNames> columns) {
    constexpr std::size_t kTypicalRows = 2;
    constexpr std::size_t kTypicalContent = 128;
    rows_.cells_.reserve(columns->size() * kTypicalRows);
    rows_.buffer_.reserve(columns->empty() ? 0 : kTypicalContent);
    rows_.columns_ = std::move(columns);
  }
  void end_row() { ++rows_.size_; }
  void add_null() { rows_.cells_.emplace_back(); }
  void add_integer(std::int64_t value) {
    auto& cell = rows_.cells_.emplace_back();
    cell.type = ColumnType::integer;
    cell.integer = value;
  }
  void add_real(double value) {
    auto& cell = rows_.cells_.emplace_back();
    cell.type = ColumnType::real;
    cell.real = value;
  }
  // `type` is text or bytes.
  void add_content(ColumnType type, std::string_view content) {
    auto& cell = rows_.cells_.emplace_back();
    cell.type = type;
    cell.size = content.size();
    cell.offset = rows_.buffer_.size();
    rows_.buffer_.insert(rows_.buffer_.end(), content.begin(), content.end());
  }
  Rows take() { return std::move(rows_); }

 private:
  Rows rows_;
};

}  // namespace unhidra::storage
