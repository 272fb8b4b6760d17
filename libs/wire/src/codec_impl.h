#pragma once
// The codec itself: walks the field tables. Included by the few .cpp files that instantiate it.

#include <algorithm>
#include <utility>

#include "unhidra/wire/codec.h"

#include "reader.h"
#include "traits.h"
#include "writer.h"

namespace unhidra::wire {

// ---- encoding ----

template <Message T>
void write_message(Writer& out, const T& message);

template <Message T>
std::size_t size_of(const T& message) {
  Writer counter;
  write_message(counter, message);
  return counter.written();
}

// Writes the value even when it is the default: elements and chosen alternatives.
template <class T>
void write_always(Writer& out, std::uint32_t number, const T& value) {
  if constexpr (Message<T>) {
    out.begin(number, size_of(value));
    write_message(out, value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    out.bytes(number, as_bytes(value));
  } else if constexpr (std::is_same_v<T, Bytes>) {
    out.bytes(number, value);
  } else if constexpr (FixedSize<T>) {
    out.bytes(number, fixed_view(value));
  } else {
    out.number(number, as_number(value));
  }
}

template <class T>
void write_value(Writer& out, std::uint32_t number, const T& value) {
  if constexpr (is_vector<T>) {
    for (const auto& element : value) {
      write_always(out, number, element);
    }
  } else if constexpr (is_optional<T>) {
    if (value) {
      write_always(out, number, *value);
    }
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, Bytes>) {
    if (!value.empty()) {
      write_always(out, number, value);
    }
  } else if constexpr (FixedSize<T>) {
    if (!all_zero(fixed_view(value))) {
      write_always(out, number, value);
    }
  } else if (as_number(value) != 0) {
    write_always(out, number, value);
  }
}

template <class Struct, class T>
void write_row(Writer& out, const Struct& message, const Field<Struct, T>& row) {
  write_value(out, row.number, message.*row.member);
}
template <class Struct, class Variant, std::size_t N>
void write_row(Writer& out, const Struct& message, const OneOf<Struct, Variant, N>& row) {
  const auto& chosen = message.*row.member;
  if (chosen.index() == 0) {
    return;
  }
  const auto number = row.choices[chosen.index() - 1].number;
  const auto write = [&]<class T>(const T& value) {
    if constexpr (!std::is_same_v<T, std::monostate>) {
      write_always(out, number, value);
    }
  };
  std::visit(write, chosen);
}

template <Message T>
void write_message(Writer& out, const T& message) {
  std::apply([&](const auto&... row) { (write_row(out, message, row), ...); }, T::fields());
}

// ---- decoding ----

template <Message T>
void read_message(Reader& in, T& message);

template <Message T>
void read_nested(Reader& in, T& message) {
  if (!in.may_nest()) {
    return;
  }
  const auto content = in.bytes();
  if (in.failed()) {
    return;
  }
  Reader nested(content, T::kMessage, in.budget(), in.depth() + 1);
  read_message(nested, message);
  if (auto status = nested.status(); !status) {
    in.adopt(std::move(status).error());
  }
}

template <class T>
void read_value(Reader& in, T& value) {
  if constexpr (is_vector<T>) {
    if (in.take_element()) {
      read_value(in, value.emplace_back());
    }
  } else if constexpr (is_optional<T>) {
    read_value(in, value ? *value : value.emplace());
  } else if constexpr (Message<T>) {
    read_nested(in, value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    value = as_text(in.text());
  } else if constexpr (std::is_same_v<T, Bytes>) {
    value = to_bytes(in.bytes());
  } else if constexpr (FixedSize<T>) {
    if (const auto content = in.exactly(fixed_view(value).size()); !in.failed()) {
      assign_fixed(value, content);
    }
  } else if constexpr (std::is_enum_v<T>) {
    value = static_cast<T>(in.enumerator());
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    value = in.timestamp();
  } else if constexpr (std::is_same_v<T, bool>) {
    value = in.boolean();
  } else if constexpr (std::is_same_v<T, std::uint32_t>) {
    value = in.u32();
  } else {
    static_assert(std::is_same_v<T, std::uint64_t>);
    value = in.u64();
  }
}

template <class Struct, class T>
bool read_row(Reader& in, Struct& message, const Field<Struct, T>& row) {
  if (in.field() != row.number) {
    return false;
  }
  in.name_field(row.name);
  read_value(in, message.*row.member);
  return true;
}

template <std::size_t Index, class Variant>
void read_choice(Reader& in, Variant& chosen) {
  // A second half of the same message is merged; another choice replaces the first.
  if (chosen.index() != Index) {
    chosen.template emplace<Index>();
  }
  read_value(in, std::get<Index>(chosen));
}

template <class Struct, class Variant, std::size_t N>
bool read_row(Reader& in, Struct& message, const OneOf<Struct, Variant, N>& row) {
  const auto try_choice = [&]<std::size_t I>() {
    if (in.field() != row.choices[I].number) {
      return false;
    }
    in.name_field(row.choices[I].name);
    read_choice<I + 1>(in, message.*row.member);
    return true;
  };
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return (try_choice.template operator()<I>() || ...);
  }(std::make_index_sequence<N>{});
}

template <Message T>
void read_message(Reader& in, T& message) {
  while (in.next()) {
    const bool known = std::apply(
        [&](const auto&... row) { return (read_row(in, message, row) || ...); }, T::fields());
    if (!known) {
      in.skip();
    }
  }
}

// ---- required fields, once everything has been merged ----

template <Message T>
Status check_required(const T& message);

template <class T>
Status check_value(std::string_view message, std::string_view name, const T& value) {
  if constexpr (is_vector<T>) {
    for (const auto& element : value) {
      UNHIDRA_TRY_VOID(check_value(message, name, element));
    }
  } else if constexpr (is_optional<T>) {
    if (value) {
      return check_value(message, name, *value);
    }
  } else if constexpr (Message<T>) {
    return check_required(value);
  } else if constexpr (FixedSize<T>) {
    if (all_zero(fixed_view(value))) {
      std::string where(message.substr(message.rfind('.') + 1));
      return fail(Errc::missing_field, where.append(".").append(name).append(": missing"));
    }
  }
  return {};
}

template <class Struct, class T>
Status check_row(const Struct& message, const Field<Struct, T>& row) {
  return check_value(Struct::kMessage, row.name, message.*row.member);
}
template <class Struct, class Variant, std::size_t N>
Status check_row(const Struct& message, const OneOf<Struct, Variant, N>& row) {
  const auto& chosen = message.*row.member;
  const auto check = [&]<class T>(const T& value) -> Status {
    if constexpr (std::is_same_v<T, std::monostate>) {
      return {};
    } else {
      return check_value(Struct::kMessage, row.choices[chosen.index() - 1].name, value);
    }
  };
  return std::visit(check, chosen);
}

template <Message T>
Status check_required(const T& message) {
  Status status;
  const auto check = [&](const auto& row) {
    status = check_row(message, row);
    return status.has_value();
  };
  std::apply([&](const auto&... row) { static_cast<void>((check(row) && ...)); }, T::fields());
  return status;
}

// ---- the public functions ----

template <Message T>
Bytes encode(const T& message) {
  Bytes out(size_of(message));
  Writer writer(out);
  write_message(writer, message);
  return out;
}

template <Message T>
Result<T> decode(ByteView bytes, const Limits& limits) {
  if (bytes.size() > limits.max_size) {
    return fail(Errc::too_large, "message of " + std::to_string(bytes.size()) + " bytes, at most " +
                                     std::to_string(limits.max_size) + " are accepted");
  }
  Budget budget{limits, limits.max_elements};
  T message{};
  Reader reader(bytes, T::kMessage, budget, 0);
  read_message(reader, message);
  UNHIDRA_TRY_VOID(reader.status());
  UNHIDRA_TRY_VOID(check_required(message));
  return message;
}

}  // namespace unhidra::wire

#define UNHIDRA_WIRE_MESSAGE(T)    \
  template Bytes encode(const T&); \
  template Result<T> decode<T>(ByteView, const Limits&)
