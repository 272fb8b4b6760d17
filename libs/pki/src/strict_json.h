#pragma once
// JSON as tokens and keys need it: an object with no member named twice at any depth (RFC 7515
// section 4 lets a parser choose; two parsers that choose differently are an attack).

#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

namespace unhidra::pki {

// Nothing for anything but one well-formed object, nested at most eight deep.
std::optional<boost::json::object> parse_strict(std::string_view text);

// A member that is a string; null when it is absent or something else.
const boost::json::string* string_member(const boost::json::object& object, std::string_view name);
inline std::string_view view(const boost::json::string& text) {
  return {text.data(), text.size()};
}

}  // namespace unhidra::pki
