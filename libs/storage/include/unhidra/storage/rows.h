#pragma once
// The answer of a query, held in two flat buffers.
//
//   UNHIDRA_TRY(const auto rows, tx.query("SELECT user_id, name FROM users WHERE org_id = $1",
//   org)); for (const Row row : rows) { use(row.get<UserId>("user_id"), row.get<std::string>(1)); }
//
// A getter answers the value, not a Result: when the column is missing, NULL or of another type it
// answers T{} and notes the fault in the transaction, which then cannot succeed any more: its
// closure's result is replaced by Errc::column_mismatch and its writes are rolled back. That is
// always a bug or a damaged database, never something a user can cause. So read rows inside the
// closure: what is read after its end can tell nobody about a fault.

#include <concepts>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "unhidra/base/bytes.h"
#include "unhidra/base/id.h"
#include "unhidra/base/time.h"
#include "unhidra/storage/param.h"

namespace unhidra::storage {

class Rows;

namespace detail {

struct Cell {
  ColumnType type = ColumnType::null;
  std::size_t size = 0;  // of text and bytes
  union {
    std::int64_t integer = 0;
    double real;
    std::size_t offset;  // of text and bytes, in the buffer
  };
};

// The first fault of a transaction; shared by its answers.
struct Fault {
  std::optional<Error> error;
};

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <class T>
inline constexpr bool kIsId = false;
template <class Tag>
inline constexpr bool kIsId<Id<Tag>> = true;
template <class T>
inline constexpr bool kIsByteArray = false;
template <std::size_t N>
inline constexpr bool kIsByteArray<ByteArray<N>> = true;
template <class T>
inline constexpr bool kIsUnsupported = true;

}  // namespace detail

// A view of one row; lives as long as its Rows. Views (std::string_view, ByteView) too.
class Row {
 public:
  // T: bool, an integer (range checked), double, std::string, std::string_view, Bytes, ByteView,
  // ByteArray<N>, an Id, Timestamp, or std::optional of one of them where NULL may stand.
  template <class T>
  T get(std::size_t column) const;
  template <class T>
  T get(std::string_view column) const {
    return get<T>(index_of(column));
  }
  bool is_null(std::size_t column) const { return cell(column).type == ColumnType::null; }
  bool is_null(std::string_view column) const { return is_null(index_of(column)); }

 private:
  friend class Rows;
  Row(const Rows* rows, std::size_t row) : rows_(rows), row_(row) {}
  const detail::Cell& cell(std::size_t column) const;
  std::size_t index_of(std::string_view column) const;
  std::string_view content(const detail::Cell& cell) const;
  void fault(std::size_t column, std::string_view expected) const;
  // The cell when it has the type; else notes the fault.
  const detail::Cell* typed(std::size_t column, ColumnType type, std::string_view name) const;
  template <class T>
  T get_integer(std::size_t column) const;
  template <class T>
  T get_fixed_bytes(std::size_t column) const;

  const Rows* rows_;
  std::size_t row_;
};

class Rows {
 public:
  using ColumnNames = std::vector<std::string>;

  class Iterator {
   public:
    using value_type = Row;
    using difference_type = std::ptrdiff_t;
    Iterator(const Rows* rows, std::size_t row) : rows_(rows), row_(row) {}
    Row operator*() const { return (*rows_)[row_]; }
    Iterator& operator++() {
      ++row_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return row_ == other.row_; }

   private:
    const Rows* rows_;
    std::size_t row_;
  };

  Rows() = default;
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Row operator[](std::size_t row) const { return Row(this, row); }
  Row front() const { return (*this)[0]; }
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size_}; }
  const ColumnNames& columns() const;

 private:
  friend class Row;
  friend class RowsBuilder;
  std::size_t size_ = 0;
  std::vector<detail::Cell> cells_;
  std::vector<char> buffer_;
  std::shared_ptr<const ColumnNames> columns_;
  std::shared_ptr<detail::Fault> fault_;
};

template <class T>
T Row::get_integer(std::size_t column) const {
  const auto* found = typed(column, ColumnType::integer, "an integer");
  if (found == nullptr) {
    return T{};
  }
  if constexpr (!std::is_same_v<T, bool>) {
    if (!std::in_range<T>(found->integer)) {
      fault(column, "an integer in range");
      return T{};
    }
  }
  return static_cast<T>(found->integer);
}

template <class T>
T Row::get_fixed_bytes(std::size_t column) const {
  const auto* found = typed(column, ColumnType::bytes, "bytes");
  if (found == nullptr) {
    return T{};
  }
  const auto bytes = as_bytes(content(*found));
  if constexpr (detail::kIsId<T>) {
    if (auto id = T::from_bytes(bytes)) {
      return *id;
    }
  } else {
    if (auto array = to_array<std::tuple_size_v<T>>(bytes)) {
      return *array;
    }
  }
  fault(column, "bytes of another length");
  return T{};
}

template <class T>
T Row::get(std::size_t column) const {
  if constexpr (detail::kIsOptional<T>) {
    if (is_null(column)) {
      return std::nullopt;
    }
    return get<typename T::value_type>(column);
  } else if constexpr (std::integral<T>) {
    return get_integer<T>(column);
  } else if constexpr (std::is_same_v<T, double>) {
    const auto* found = typed(column, ColumnType::real, "a number");
    return found == nullptr ? 0.0 : found->real;
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    return from_unix_micros(get_integer<std::int64_t>(column));
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>) {
    const auto* found = typed(column, ColumnType::text, "text");
    return found == nullptr ? T{} : T(content(*found));
  } else if constexpr (std::is_same_v<T, Bytes> || std::is_same_v<T, ByteView>) {
    const auto* found = typed(column, ColumnType::bytes, "bytes");
    if (found == nullptr) {
      return T{};
    }
    const auto bytes = as_bytes(content(*found));
    return T(bytes.begin(), bytes.end());
  } else if constexpr (detail::kIsId<T> || detail::kIsByteArray<T>) {
    return get_fixed_bytes<T>(column);
  } else {
    static_assert(!detail::kIsUnsupported<T>, "no column type is read as T");
  }
}

}  // namespace unhidra::storage
