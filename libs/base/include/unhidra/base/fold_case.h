#pragma once
// Text as it is compared in searches.

#include <string>
#include <string_view>
#include <vector>

namespace unhidra {

// Lower case of the Latin, Greek, Cyrillic and Armenian letters; everything else stays. The same
// number of letters; malformed UTF-8 stays as it is.
std::string fold_case(std::string_view text);

// At white space; empty ones are left out.
std::vector<std::string> split_words(std::string_view text);

}  // namespace unhidra
