#include "json_text.h"

#include <array>
#include <charconv>
#include <cmath>

#include <boost/json.hpp>

namespace unhidra::cli {

namespace json = boost::json;

namespace {

void append(std::string& out, double number) {
  std::array<char, 32> text{};
  const auto size = std::abs(number);
  const bool plain = size == 0 || (size >= 1e-6 && size < 1e15);
  const auto format = plain ? std::chars_format::fixed : std::chars_format::general;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number, format).ptr;
  out.append(text.data(), end);
}

void append(std::string& out, const json::value& value) {
  if (const auto* number = value.if_double()) {
    append(out, *number);
  } else if (const auto* array = value.if_array()) {
    std::string_view before = "[";
    for (const auto& element : *array) {
      out += before;
      before = ",";
      append(out, element);
    }
    out += array->empty() ? "[]" : "]";
  } else if (const auto* object = value.if_object()) {
    std::string_view before = "{";
    for (const auto& [name, element] : *object) {
      out += before;
      before = ",";
      out += json::serialize(json::string(name));
      out += ':';
      append(out, element);
    }
    out += object->empty() ? "{}" : "}";
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

json::object typed(std::string_view type) {
  json::object out;
  out["type"] = type;
  return out;
}

std::string readable(const json::value& value) {
  std::string out;
  append(out, value);
  return out;
}

}  // namespace unhidra::cli
