#include "unhidra/base/secret.h"

#include <cstring>

namespace unhidra {

void wipe(MutableByteView bytes) noexcept {
  if (bytes.empty()) {
    return;
  }
  std::memset(bytes.data(), 0, bytes.size());
  // The memory is "read" here, so the store above is not dead.
  __asm__ __volatile__("" : : "r"(bytes.data()) : "memory");
}

bool constant_time_equal(ByteView a, ByteView b) {
  if (a.size() != b.size()) {
    return false;
  }
  Byte difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<Byte>(difference | (a[i] ^ b[i]));
  }
  // Keeps the compiler from turning the loop into an early exit.
  __asm__ __volatile__("" : "+r"(difference));
  return difference == 0;
}

SecretBytes::SecretBytes(std::size_t size)
    : data_(size == 0 ? nullptr : std::make_unique<Byte[]>(size)), size_(size) {}

SecretBytes SecretBytes::copy_of(ByteView bytes) {
  SecretBytes out(bytes.size());
  std::copy(bytes.begin(), bytes.end(), out.data_.get());
  return out;
}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    wipe({data_.get(), size_});
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

SecretBytes::~SecretBytes() {
  wipe({data_.get(), size_});
}

}  // namespace unhidra
