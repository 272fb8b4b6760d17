#pragma once
// Parameters in the form libpq takes.

#include <array>
#include <charconv>
#include <span>
#include <vector>

#include "unhidra/storage/param.h"

namespace unhidra::storage {

// The server infers their types from the statement. Bytes and
// text go as they are; numbers as text, which suits whatever integer type is inferred.
class BoundParams {
 public:
  void bind(std::span<const Param> params) {
    values_.assign(params.size(), nullptr);
    lengths_.assign(params.size(), 0);
    formats_.assign(params.size(), 0);
    digits_.resize(params.size());
    for (std::size_t i = 0; i < params.size(); ++i) {
      bind_one(params[i], i);
    }
  }
  int count() const { return static_cast<int>(values_.size()); }
  const char* const* values() const { return values_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  static constexpr std::size_t kDigits = 32;

  void bind_one(const Param& param, std::size_t i) {
    auto& digits = digits_[i];
    char* const last = digits.data() + digits.size() - 1;
    switch (param.type()) {
      case ColumnType::null:
        return;
      case ColumnType::integer:
        *std::to_chars(digits.data(), last, param.integer()).ptr = '\0';
        values_[i] = digits.data();
        return;
      case ColumnType::real:
        *std::to_chars(digits.data(), last, param.real()).ptr = '\0';
        values_[i] = digits.data();
        return;
      case ColumnType::text:
      case ColumnType::bytes:
        values_[i] = param.text().data() != nullptr ? param.text().data() : "";
        lengths_[i] = static_cast<int>(param.text().size());
        formats_[i] = 1;
    }
  }

  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::vector<std::array<char, kDigits>> digits_;
};

}  // namespace unhidra::storage
