#pragma once
// One form for text that looks the same: Normalization Form C (Unicode Standard Annex 15).

#include <string>
#include <string_view>

namespace unhidra::access {

// What is no valid UTF-8 becomes U+FFFD.
std::string to_nfc(std::string_view utf8);

}  // namespace unhidra::access
