#pragma once
// Plain bytes. Secrets do not live here: see secret.h.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/base/error.h"

namespace unhidra {

using Byte = std::uint8_t;
using Bytes = std::vector<Byte>;
using ByteView = std::span<const Byte>;
using MutableByteView = std::span<Byte>;
template <std::size_t N>
using ByteArray = std::array<Byte, N>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(ByteView view) {
  return {view.begin(), view.end()};
}
inline Bytes to_bytes(std::string_view text) {
  return to_bytes(as_bytes(text));
}
inline void append(Bytes& out, ByteView more) {
  out.insert(out.end(), more.begin(), more.end());
}

// Compares without a branch on the content; only the lengths may leak.
bool constant_time_equal(ByteView a, ByteView b);

// Exactly N bytes, or Errc::invalid.
template <std::size_t N>
Result<ByteArray<N>> to_array(ByteView bytes) {
  if (bytes.size() != N) {
    return fail(Errc::invalid,
                "expected " + std::to_string(N) + " bytes, got " + std::to_string(bytes.size()));
  }
  ByteArray<N> out;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

}  // namespace unhidra
