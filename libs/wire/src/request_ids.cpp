#include "unhidra/wire/request_ids.h"

#include <array>
#include <optional>
#include <utility>
#include <variant>

#include "unhidra/wire/frames.h"

#include "traits.h"

namespace unhidra::wire {

namespace {

template <class T>
inline constexpr bool is_id = false;
template <class Tag>
inline constexpr bool is_id<Id<Tag>> = true;

template <class T>
void add(std::string_view name, const T& value, std::vector<RequestIds>& out) {
  if constexpr (is_id<T>) {
    if (!value.is_nil()) {
      out.push_back({name, false, {value.uuid()}});
    }
  } else if constexpr (is_optional<T>) {
    if (value) {
      add(name, *value, out);
    }
  } else if constexpr (is_vector<T>) {
    if constexpr (is_id<typename T::value_type>) {
      RequestIds list{name, true, {}};
      for (const auto& id : value) {
        list.ids.push_back(id.uuid());
      }
      out.push_back(std::move(list));
    }
  }
}

template <class Struct, class T>
void add_row(const Struct& from, const Field<Struct, T>& row, std::vector<RequestIds>& out) {
  add(row.name, from.*row.member, out);
}
template <class Struct, class Variant, std::size_t N>
void add_row(const Struct&, const OneOf<Struct, Variant, N>&, std::vector<RequestIds>&) {}

template <Message T>
Result<std::vector<RequestIds>> ids_of(ByteView body, const Limits& limits) {
  UNHIDRA_TRY(const auto request, decode<T>(body, limits));
  std::vector<RequestIds> out;
  std::apply([&](const auto&... row) { (add_row(request, row, out), ...); }, T::fields());
  return out;
}

using Read = Result<std::vector<RequestIds>> (*)(ByteView, const Limits&);
using Bodies = decltype(kClientBodies)::Variant;

template <std::size_t... I>
constexpr auto readers(std::index_sequence<I...>) {
  return std::array<Read, sizeof...(I)>{&ids_of<std::variant_alternative_t<I + 1, Bodies>>...};
}
// In the order of kClientBodies.
constexpr auto kReaders = readers(std::make_index_sequence<std::variant_size_v<Bodies> - 1>());

}  // namespace

Result<std::vector<RequestIds>> ids_of_request(std::uint32_t field, ByteView body,
                                               const Limits& limits) {
  const auto& choices = kClientBodies.choices;
  for (std::size_t i = 0; i < kReaders.size(); ++i) {
    if (choices[i].number == field) {
      return kReaders[i](body, limits);
    }
  }
  return fail(Errc::no_body, "no request has this number");
}

}  // namespace unhidra::wire
