#pragma once
// Usernames and display names.

#include <string>
#include <string_view>

#include "unhidra/base/error.h"

namespace unhidra::auth {

// The stored form: lower case ASCII letters, digits, '.', '_' and '-', 1 to 64 characters. Other
// letters are refused rather than folded, so that no two names look or fold alike.
Result<std::string> normalise_username(std::string_view text);

// What people see: valid UTF-8 of at most 128 bytes without control characters, bidirectional
// overrides or characters that show nothing; blanks around it are dropped, several in it are one,
// and letters and their marks are put together (NFC), so that equal names are equal bytes.
Result<std::string> check_display_name(std::string_view text);

// What the directory of people finds somebody by (users.search_text): both names folded, each word
// and each further part of one behind a space, so that a search for beginnings looks for "
// beginning".
std::string search_text_of(std::string_view username, std::string_view display_name);

// The same, 1 to 64 bytes, and nothing that reads as an id.
Result<std::string> check_organization_name(std::string_view text);

}  // namespace unhidra::auth
