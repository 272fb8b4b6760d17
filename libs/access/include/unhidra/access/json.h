#pragma once
// JSON for described structs (BOOST_DESCRIBE_STRUCT): members are the struct's, by name.
//
//   struct LoginRequest { std::string username; SecretBytes password; std::optional<OrgId> org; };
//   BOOST_DESCRIBE_STRUCT(LoginRequest, (), (username, password, org))
//
// C++                                   JSON
// bool, integers, double                true/false, number; integers up to 2^53 - 1 either way
// std::string                           string
// SecretBytes                           string, read only
// Id, Timestamp, Bytes, ByteArray<N>    string: UUID, RFC 3339, base64url
// described enum                        string: the enumerator's name
// std::optional<T>                      absent or null; left out when empty
// std::vector<T>, std::map<string, T>   array, object
// described struct                      object
// boost::json::value                    anything
//
// Errors are Errc::bad_json and Errc::bad_field and name the path: "devices[3].name: expected a
// string, got a number". Values are never repeated in a message: they may be secret.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>
#include <boost/json/value.hpp>
#include <boost/mp11/algorithm.hpp>

#include "unhidra/access/errc.h"
#include "unhidra/base/bytes.h"
#include "unhidra/base/id.h"
#include "unhidra/base/secret.h"
#include "unhidra/base/text.h"
#include "unhidra/base/time.h"

namespace unhidra::access {

// What is done with members that the struct does not have.
enum class JsonMode : std::uint8_t {
  strict,    // an error that names the nearest member: requests
  tolerant,  // skipped: data of a newer release
};

inline constexpr std::size_t kMaxJsonDepth = 16;
inline constexpr std::int64_t kMaxSafeInteger = (std::int64_t{1} << 53) - 1;

// RFC 8259, and stricter where parsers differ: one value and nothing after it, no duplicate keys,
// no lone surrogates, valid UTF-8, at most kMaxJsonDepth deep.
Result<boost::json::value> parse_json(std::string_view text);
std::string serialize(const boost::json::value& value);

namespace json_detail {

// Where in the document we are: a chain of stack frames, turned into text only for an error.
struct Path {
  const Path* parent = nullptr;
  std::string_view member;
  std::size_t index = 0;
};
std::unexpected<Error> wrong(const Path& path, std::string_view expected,
                             const boost::json::value& got);
std::unexpected<Error> wrong(const Path& path, std::string_view problem);
Status check_members(const boost::json::object& object, std::span<const std::string_view> known,
                     const Path& path);

Result<std::int64_t> read_integer(const boost::json::value& value, std::int64_t low,
                                  std::int64_t high, const Path& path);
Result<double> read_double(const boost::json::value& value, const Path& path);
Result<std::string_view> read_text(const boost::json::value& value, const Path& path);
Result<Uuid> read_uuid(const boost::json::value& value, const Path& path);
Result<Timestamp> read_timestamp(const boost::json::value& value, const Path& path);
Result<Bytes> read_bytes(const boost::json::value& value, const Path& path);
boost::json::value write_integer(std::uint64_t magnitude, bool negative);

template <class T>
inline constexpr bool is_id = false;
template <class Tag>
inline constexpr bool is_id<Id<Tag>> = true;
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;
template <class T>
inline constexpr bool is_map = false;
template <class T>
inline constexpr bool is_map<std::map<std::string, T>> = true;
template <class T>
inline constexpr std::size_t array_size = 0;
template <std::size_t N>
inline constexpr std::size_t array_size<ByteArray<N>> = N;
template <class T>
inline constexpr bool never = false;

template <class T>
using Members = boost::describe::describe_members<T, boost::describe::mod_any_access>;

template <class T>
Result<T> read(const boost::json::value& value, JsonMode mode, const Path& path);

template <class T>
Result<T> read_struct(const boost::json::value& value, JsonMode mode, const Path& path) {
  if (!value.is_object()) {
    return wrong(path, "an object", value);
  }
  const auto& object = value.get_object();
  T out{};
  Status status;
  std::vector<std::string_view> known;
  boost::mp11::mp_for_each<Members<T>>([&](auto member) {
    using Type = std::remove_cvref_t<decltype(out.*member.pointer)>;
    known.emplace_back(member.name);
    if (!status) {
      return;
    }
    const Path inner{&path, member.name};
    const auto* found = object.if_contains(member.name);
    if (found == nullptr || (is_optional<Type> && found->is_null())) {
      if constexpr (!is_optional<Type>) {
        status = wrong(inner, "missing");
      }
      return;
    }
    if (auto read_member = read<Type>(*found, mode, inner)) {
      out.*member.pointer = std::move(*read_member);
    } else {
      status = fail(std::move(read_member).error());
    }
  });
  UNHIDRA_TRY_VOID(std::move(status));
  if (mode == JsonMode::strict) {
    UNHIDRA_TRY_VOID(check_members(object, known, path));
  }
  return out;
}

template <class T>
Result<T> read_enum(const boost::json::value& value, const Path& path) {
  UNHIDRA_TRY(const auto text, read_text(value, path));
  std::optional<T> found;
  std::string expected = "one of";
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto enumerator) {
    expected.append(" ").append(enumerator.name);
    if (text == enumerator.name) {
      found = enumerator.value;
    }
  });
  if (!found) {
    return wrong(path, "expected " + expected);
  }
  return *found;
}

template <class T>
Result<T> read_vector(const boost::json::value& value, JsonMode mode, const Path& path) {
  if (!value.is_array()) {
    return wrong(path, "an array", value);
  }
  T out;
  for (const auto& element : value.get_array()) {
    UNHIDRA_TRY(auto item,
                read<typename T::value_type>(element, mode, Path{&path, {}, out.size()}));
    out.push_back(std::move(item));
  }
  return out;
}

template <class T>
Result<T> read_map(const boost::json::value& value, JsonMode mode, const Path& path) {
  if (!value.is_object()) {
    return wrong(path, "an object", value);
  }
  T out;
  for (const auto& [key, element] : value.get_object()) {
    const std::string_view name(key.data(), key.size());
    UNHIDRA_TRY(auto item, read<typename T::mapped_type>(element, mode, Path{&path, name}));
    out.emplace(name, std::move(item));
  }
  return out;
}

template <class T>
Result<T> read(const boost::json::value& value, JsonMode mode, const Path& path) {
  if constexpr (std::is_same_v<T, boost::json::value>) {
    return value;
  } else if constexpr (is_optional<T>) {
    if (value.is_null()) {
      return T{};
    }
    UNHIDRA_TRY(auto inner, read<typename T::value_type>(value, mode, path));
    return T(std::move(inner));
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!value.is_bool()) {
      return wrong(path, "true or false", value);
    }
    return value.get_bool();
  } else if constexpr (std::is_integral_v<T>) {
    constexpr auto kLow = std::is_signed_v<T> ? std::int64_t{std::numeric_limits<T>::min()} : 0;
    constexpr auto kHigh = std::cmp_greater(std::numeric_limits<T>::max(), kMaxSafeInteger)
                               ? kMaxSafeInteger
                               : static_cast<std::int64_t>(std::numeric_limits<T>::max());
    UNHIDRA_TRY(const auto number,
                read_integer(value, std::max(kLow, -kMaxSafeInteger), kHigh, path));
    return static_cast<T>(number);
  } else if constexpr (std::is_same_v<T, double>) {
    return read_double(value, path);
  } else if constexpr (std::is_same_v<T, std::string>) {
    UNHIDRA_TRY(const auto text, read_text(value, path));
    return std::string(text);
  } else if constexpr (std::is_same_v<T, SecretBytes>) {
    UNHIDRA_TRY(const auto text, read_text(value, path));
    return SecretBytes::copy_of(as_bytes(text));
  } else if constexpr (is_id<T>) {
    UNHIDRA_TRY(const auto uuid, read_uuid(value, path));
    return T(uuid);
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    return read_timestamp(value, path);
  } else if constexpr (std::is_same_v<T, Bytes>) {
    return read_bytes(value, path);
  } else if constexpr (array_size<T> != 0) {
    UNHIDRA_TRY(const auto bytes, read_bytes(value, path));
    if (bytes.size() != array_size<T>) {
      return wrong(path, "expected " + std::to_string(array_size<T>) + " bytes");
    }
    return *to_array<array_size<T>>(bytes);
  } else if constexpr (is_vector<T>) {
    return read_vector<T>(value, mode, path);
  } else if constexpr (is_map<T>) {
    return read_map<T>(value, mode, path);
  } else if constexpr (std::is_enum_v<T>) {
    return read_enum<T>(value, path);
  } else {
    static_assert(boost::describe::has_describe_members<T>::value, "describe the struct first");
    return read_struct<T>(value, mode, path);
  }
}

template <class T>
boost::json::value write(const T& value);

template <class T>
boost::json::value write_struct(const T& value) {
  boost::json::object out;
  boost::mp11::mp_for_each<Members<T>>([&](auto member) {
    const auto& field = value.*member.pointer;
    if constexpr (is_optional<std::remove_cvref_t<decltype(field)>>) {
      if (!field) {
        return;
      }
    }
    out.emplace(member.name, write(field));
  });
  return out;
}

template <class T>
boost::json::value write(const T& value) {
  if constexpr (std::is_same_v<T, boost::json::value> || std::is_same_v<T, bool> ||
                std::is_same_v<T, double>) {
    return value;
  } else if constexpr (is_optional<T>) {
    return value ? write(*value) : boost::json::value(nullptr);
  } else if constexpr (std::is_integral_v<T>) {
    const bool negative = std::cmp_less(value, 0);
    const auto wide = static_cast<std::uint64_t>(value);
    return write_integer(negative ? ~wide + 1 : wide, negative);
  } else if constexpr (std::is_convertible_v<T, std::string_view>) {
    return boost::json::string(std::string_view(value));
  } else if constexpr (is_id<T>) {
    return boost::json::string(value.to_string());
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    return boost::json::string(to_rfc3339(value));
  } else if constexpr (std::is_same_v<T, Bytes> || array_size<T> != 0) {
    return boost::json::string(to_base64url(value));
  } else if constexpr (is_vector<T>) {
    boost::json::array out;
    for (const auto& element : value) {
      out.push_back(write(element));
    }
    return out;
  } else if constexpr (is_map<T>) {
    boost::json::object out;
    for (const auto& [key, element] : value) {
      out.emplace(key, write(element));
    }
    return out;
  } else if constexpr (std::is_enum_v<T>) {
    return boost::json::string(boost::describe::enum_to_string(value, "unknown"));
  } else {
    static_assert(boost::describe::has_describe_members<T>::value, "describe the struct first");
    return write_struct(value);
  }
}

}  // namespace json_detail

template <class T>
Result<T> from_json(const boost::json::value& value, JsonMode mode = JsonMode::tolerant) {
  return json_detail::read<T>(value, mode, json_detail::Path{});
}
template <class T>
boost::json::value to_json(const T& value) {
  return json_detail::write(value);
}

// A request body: strict.
template <class T>
Result<T> parse_body(ByteView body) {
  UNHIDRA_TRY(const auto value, parse_json(as_text(body)));
  return from_json<T>(value, JsonMode::strict);
}

}  // namespace unhidra::access
