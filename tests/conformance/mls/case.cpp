#include "case.h"

#include <algorithm>

#include "unhidra/base/text.h"

namespace unhidra::mls_vectors {

const json::value& member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) {
    throw Malformed("'" + std::string(name) + "' is missing");
  }
  return *value;
}

const json::object& object_member(const json::object& object, std::string_view name) {
  const auto* value = member(object, name).if_object();
  if (value == nullptr) {
    throw Malformed("'" + std::string(name) + "' is no object");
  }
  return *value;
}

const json::array& array_member(const json::object& object, std::string_view name) {
  const auto* value = member(object, name).if_array();
  if (value == nullptr) {
    throw Malformed("'" + std::string(name) + "' is no list");
  }
  return *value;
}

std::string text_member(const json::object& object, std::string_view name) {
  const auto* value = member(object, name).if_string();
  if (value == nullptr) {
    throw Malformed("'" + std::string(name) + "' is no string");
  }
  return std::string(*value);
}

Bytes hex_value(const json::value& value) {
  const auto* text = value.if_string();
  auto bytes = text != nullptr ? from_hex(std::string_view(*text)) : Result<Bytes>(Bytes());
  if (text == nullptr || !bytes) {
    throw Malformed("a value is no hex");
  }
  return std::move(*bytes);
}

Bytes hex_member(const json::object& object, std::string_view name) {
  return hex_value(member(object, name));
}

std::uint64_t number_value(const json::value& value) {
  boost::system::error_code error;
  const auto number = value.to_number<std::uint64_t>(error);
  if (error) {
    throw Malformed("a value is no number");
  }
  return number;
}

std::uint64_t number_member(const json::object& object, std::string_view name) {
  return number_value(member(object, name));
}

void expect(bool good, std::string_view what) {
  if (!good) {
    throw Failed(std::string(what));
  }
}

void expect_equal(ByteView made, ByteView expected, std::string_view what) {
  if (!std::ranges::equal(made, expected)) {
    throw Failed(std::string(what) + ": computed " + to_hex(made) + ", expected " +
                 to_hex(expected));
  }
}

void expect_ok(const Status& status, std::string_view what) {
  if (!status) {
    throw Failed(std::string(what) + ": " + status.error().message());
  }
}

}  // namespace unhidra::mls_vectors
