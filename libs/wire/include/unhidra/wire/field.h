#pragma once
// The vocabulary of the field tables. Each message is a plain struct with `kMessage`, its name in
// api/proto, and `fields()`, one row for each field: number, name, member. Encoding, decoding and
// the check against the .proto files all walk that table, so a field is declared once.
//
// How a member's type says what the field is:
//   std::uint32_t, std::uint64_t, bool, enum class   varint
//   Timestamp                                        varint, microseconds since 1970 UTC
//   std::string                                      string, UTF-8
//   Bytes                                            bytes of any length
//   Id, ByteArray<N>, SecretArray<N>                 bytes of exactly that length; required: all
//                                                    zero is never a valid value and means absent
//   std::optional<Id>, std::optional<ByteArray<N>>   the same, not required
//   std::optional<Struct>                            a message that may be absent
//   std::vector<X>                                   repeated
//   std::variant<std::monostate, A, B, ...>          oneof (OneOf row)

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

#include "unhidra/base/bytes.h"
#include "unhidra/base/id.h"
#include "unhidra/base/secret.h"
#include "unhidra/base/time.h"

namespace unhidra::wire {

template <class Struct, class T>
struct Field {
  std::uint32_t number;
  std::string_view name;
  T Struct::* member;
};
template <class Struct, class T>
Field(std::uint32_t, const char*, T Struct::*) -> Field<Struct, T>;

// One possibility of a oneof.
struct Choice {
  std::uint32_t number;
  std::string_view name;
};
// choices[i] stands for the variant's alternative i + 1; alternative 0 is std::monostate.
template <class Struct, class Variant, std::size_t N>
struct OneOf {
  static_assert(std::variant_size_v<Variant> == N + 1);
  std::string_view name;
  Variant Struct::* member;
  std::array<Choice, N> choices;
};
template <class Struct, class Variant, std::size_t N>
OneOf(const char*, Variant Struct::*, std::array<Choice, N>) -> OneOf<Struct, Variant, N>;

template <class... C>
constexpr std::array<Choice, sizeof...(C)> choices(C... choice) {
  return {choice...};
}

template <class T>
concept Message = requires {
  { T::kMessage } -> std::convertible_to<std::string_view>;
  T::fields();
};

}  // namespace unhidra::wire
