#pragma once
// What kind of field a member's type stands for.

#include <algorithm>
#include <concepts>

#include "unhidra/wire/field.h"

namespace unhidra::wire {

template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = !std::is_same_v<std::vector<T>, Bytes>;
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class Tag>
ByteView fixed_view(const Id<Tag>& id) {
  return id.bytes();
}
template <std::size_t N>
ByteView fixed_view(const ByteArray<N>& bytes) {
  return bytes;
}
template <std::size_t N>
ByteView fixed_view(const SecretArray<N>& secret) {
  return secret.expose();
}
template <class T>
concept FixedSize = requires(const T& value) {
  { fixed_view(value) } -> std::same_as<ByteView>;
};
template <class Tag>
void assign_fixed(Id<Tag>& id, ByteView bytes) {
  Uuid uuid;
  std::ranges::copy(bytes, uuid.begin());
  id = Id<Tag>(uuid);
}
template <std::size_t N>
void assign_fixed(ByteArray<N>& out, ByteView bytes) {
  std::ranges::copy(bytes, out.begin());
}
template <std::size_t N>
void assign_fixed(SecretArray<N>& out, ByteView bytes) {
  std::ranges::copy(bytes, out.expose_mutable().begin());
}
inline bool all_zero(ByteView bytes) {
  Byte any = 0;
  for (const Byte byte : bytes) {
    any = static_cast<Byte>(any | byte);
  }
  return any == 0;
}

inline std::uint64_t as_number(std::uint64_t value) {
  return value;
}
inline std::uint64_t as_number(Timestamp value) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_unix_micros(value)));
}
template <class E>
  requires std::is_enum_v<E>
std::uint64_t as_number(E value) {
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
}

}  // namespace unhidra::wire
