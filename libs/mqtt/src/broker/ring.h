#pragma once
// A queue that costs nothing while it is empty; elements are found by index.

#include <cstddef>
#include <memory>
#include <utility>

namespace unhidra::mqtt {

template <class T>
class Ring {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](std::size_t index) { return slots_[(head_ + index) & (capacity_ - 1)]; }
  const T& operator[](std::size_t index) const { return slots_[(head_ + index) & (capacity_ - 1)]; }
  T& front() { return (*this)[0]; }
  T& back() { return (*this)[size_ - 1]; }

  void push_back(T value) {
    if (size_ == capacity_) {
      resize(capacity_ == 0 ? kFirst : capacity_ * 2);
    }
    (*this)[size_++] = std::move(value);
  }
  void pop_front() {
    slots_[head_] = T();
    head_ = (head_ + 1) & (capacity_ - 1);
    --size_;
    if (size_ == 0) {
      // A small one stays, so that a steady trickle does not allocate.
      if (capacity_ > kKept) {
        clear();
      }
    } else if (capacity_ > kKept && size_ * 8 <= capacity_) {
      resize(capacity_ / 2);
    }
  }
  void clear() {
    slots_.reset();
    capacity_ = head_ = size_ = 0;
  }

 private:
  static constexpr std::size_t kFirst = 4;
  static constexpr std::size_t kKept = 16;

  void resize(std::size_t capacity) {
    auto slots = std::make_unique<T[]>(capacity);
    for (std::size_t i = 0; i < size_; ++i) {
      slots[i] = std::move((*this)[i]);
    }
    slots_ = std::move(slots);
    capacity_ = capacity;
    head_ = 0;
  }

  std::unique_ptr<T[]> slots_;
  std::size_t capacity_ = 0;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace unhidra::mqtt
