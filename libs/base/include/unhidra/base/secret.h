#pragma once
// Secrets: move-only, wiped when dropped, not printable, compared in constant time. `expose()` is
// the one way to the content, so that a reader can search for every place that touches a secret.

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include "unhidra/base/bytes.h"

namespace unhidra {

// Overwrites memory in a way that the compiler must not remove.
void wipe(MutableByteView bytes) noexcept;

// A secret of a length known only at run time. Never grows in place, so nothing is left behind by a
// reallocation.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size);
  // Copies; the caller wipes its own original.
  static SecretBytes copy_of(ByteView bytes);

  SecretBytes(SecretBytes&& other) noexcept
      : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  ByteView expose() const { return {data_.get(), size_}; }
  MutableByteView expose_mutable() { return {data_.get(), size_}; }
  SecretBytes clone() const { return copy_of(expose()); }

  friend bool operator==(const SecretBytes& a, const SecretBytes& b) {
    return constant_time_equal(a.expose(), b.expose());
  }

 private:
  std::unique_ptr<Byte[]> data_;
  std::size_t size_ = 0;
};

// A secret of fixed length, held in place: no allocation on the hot path.
template <std::size_t N>
class SecretArray {
 public:
  static constexpr std::size_t kSize = N;
  SecretArray() = default;
  static SecretArray copy_of(std::span<const Byte, N> bytes) {
    SecretArray out;
    std::copy(bytes.begin(), bytes.end(), out.bytes_.begin());
    return out;
  }

  SecretArray(SecretArray&& other) noexcept : bytes_(other.bytes_) { wipe(other.bytes_); }
  SecretArray& operator=(SecretArray&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      wipe(other.bytes_);
    }
    return *this;
  }
  SecretArray(const SecretArray&) = delete;
  SecretArray& operator=(const SecretArray&) = delete;
  ~SecretArray() { wipe(bytes_); }

  static constexpr std::size_t size() { return N; }
  std::span<const Byte, N> expose() const { return bytes_; }
  std::span<Byte, N> expose_mutable() { return bytes_; }
  SecretArray clone() const { return copy_of(bytes_); }

  friend bool operator==(const SecretArray& a, const SecretArray& b) {
    return constant_time_equal(a.bytes_, b.bytes_);
  }

 private:
  std::array<Byte, N> bytes_{};
};

}  // namespace unhidra
