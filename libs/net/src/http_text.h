#pragma once
// The character rules of HTTP (RFC 9110 section 5.6).

#include <string_view>

namespace unhidra::net {

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
bool equal_ignoring_case(std::string_view a, std::string_view b);
// Without spaces and tabs at either end.
std::string_view trim(std::string_view text);
bool is_token(std::string_view text);
// Visible characters, space, tab and obs-text: nothing that could end a field.
bool is_field_value(std::string_view text);

}  // namespace unhidra::net
