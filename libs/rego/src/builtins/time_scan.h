#pragma once
// What reading a time by a layout looks for in its text.

#include <cstdint>
#include <string_view>

namespace unhidra::rego::builtins {

bool is_digit(std::string_view text, std::size_t at);
bool all_digits(std::string_view text);
// Of digits.
int number_of(std::string_view digits);
int days_in(std::int64_t year, int month);
bool equal_ignoring_case(std::string_view a, std::string_view b);
// How many bytes of the text look like a zone abbreviation; 0 when it does not.
std::size_t abbreviation_size(std::string_view text);

}  // namespace unhidra::rego::builtins
