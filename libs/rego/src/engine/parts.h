#pragma once
// A few things in a row, without memory of their own as long as they are few.

#include <array>
#include <span>
#include <vector>

namespace unhidra::rego {

template <class T>
class Parts {
 public:
  void add(T part) {
    if (size_ < kFew && more_.empty()) {
      few_[size_++] = std::move(part);
      return;
    }
    if (more_.empty()) {
      more_.assign(std::make_move_iterator(few_.begin()), std::make_move_iterator(few_.end()));
    }
    more_.push_back(std::move(part));
  }
  std::span<T> all() { return more_.empty() ? std::span<T>(few_.data(), size_) : more_; }

 private:
  static constexpr std::size_t kFew = 6;
  std::array<T, kFew> few_{};
  std::size_t size_ = 0;
  std::vector<T> more_;
};

}  // namespace unhidra::rego
