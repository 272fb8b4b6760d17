#include "unhidra/storage/rows.h"

#include "unhidra/storage/errc.h"

namespace unhidra::storage {
namespace {

constexpr std::size_t kNoColumn = SIZE_MAX;
constexpr detail::Cell kNullCell{};

}  // namespace

const Rows::ColumnNames& Rows::columns() const {
  static const ColumnNames kNone;
  return columns_ ? *columns_ : kNone;
}

const detail::Cell& Row::cell(std::size_t column) const {
  const auto width = rows_->columns().size();
  if (column >= width || row_ >= rows_->size_) {
    return kNullCell;
  }
  return rows_->cells_[row_ * width + column];
}

std::size_t Row::index_of(std::string_view column) const {
  const auto& names = rows_->columns();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == column) {
      return i;
    }
  }
  if (rows_->fault_ && !rows_->fault_->error) {
    rows_->fault_->error =
        Error(Errc::column_mismatch, "the answer has no column '" + std::string(column) + "'");
  }
  return kNoColumn;
}

std::string_view Row::content(const detail::Cell& cell) const {
  // data() of an empty buffer may be null, which a view of length 0 may be too.
  return {rows_->buffer_.data() + cell.offset, cell.size};
}

void Row::fault(std::size_t column, std::string_view expected) const {
  if (!rows_->fault_ || rows_->fault_->error) {
    return;
  }
  const auto& names = rows_->columns();
  const auto name = column < names.size() ? names[column] : "number " + std::to_string(column);
  rows_->fault_->error =
      Error(Errc::column_mismatch, "column " + name + " does not hold " + std::string(expected));
}

const detail::Cell* Row::typed(std::size_t column, ColumnType type, std::string_view name) const {
  const auto& found = cell(column);
  if (found.type == type) {
    return &found;
  }
  fault(column, name);
  return nullptr;
}

}  // namespace unhidra::storage
