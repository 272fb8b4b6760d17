#pragma once
// A parameter of a statement: a view of the caller's value, so that binding allocates nothing. It
// lives as long as the call it is passed to.
//
// C++                              column
// nullptr, empty std::optional     NULL
// bool, integers, Timestamp        BIGINT (0/1; microseconds since 1970 UTC)
// double                           DOUBLE PRECISION
// std::string, string_view         TEXT
// Bytes, ByteView, ByteArray, Id   BYTEA

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "unhidra/base/bytes.h"
#include "unhidra/base/id.h"
#include "unhidra/base/time.h"

namespace unhidra::storage {

enum class ColumnType : std::uint8_t { null, integer, real, text, bytes };

class Param {
 public:
  Param(std::nullptr_t) {}
  template <std::integral T>
  Param(T value) : type_(ColumnType::integer), integer_(static_cast<std::int64_t>(value)) {}
  Param(double value) : type_(ColumnType::real), real_(value) {}
  Param(Timestamp value) : Param(to_unix_micros(value)) {}
  Param(std::string_view value)
      : type_(ColumnType::text), data_(value.data()), size_(value.size()) {}
  Param(const std::string& value) : Param(std::string_view(value)) {}
  Param(const char* value) : Param(std::string_view(value)) {}
  Param(ByteView value)
      : type_(ColumnType::bytes),
        data_(reinterpret_cast<const char*>(value.data())),
        size_(value.size()) {}
  Param(const Bytes& value) : Param(ByteView(value)) {}
  template <std::size_t N>
  Param(const ByteArray<N>& value) : Param(ByteView(value)) {}
  template <class Tag>
  Param(const Id<Tag>& id) : Param(id.bytes()) {}
  template <class T>
  Param(const std::optional<T>& value) : Param(value ? Param(*value) : Param(nullptr)) {}

  ColumnType type() const { return type_; }
  std::int64_t integer() const { return integer_; }
  double real() const { return real_; }
  std::string_view text() const { return {data_, size_}; }

 private:
  ColumnType type_ = ColumnType::null;
  std::int64_t integer_ = 0;
  double real_ = 0;
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace unhidra::storage
