#pragma once
// Words and numbers of a sentence.

#include "unhidra/actions/intent.h"

namespace unhidra::actions {

struct Number {
  std::string digits;     // "21", "21.5"
  std::size_t words = 1;  // that it took
};
std::optional<Number> number_at(const std::vector<std::string>& words, std::size_t at);

// "maximum", "lowest": of a hundred.
std::optional<Number> level_at(const std::vector<std::string>& words, std::size_t at);

// Letters that are added, missing or other ones; more than `limit` when it is more.
int distance(std::string_view a, std::string_view b, int limit);

}  // namespace unhidra::actions
