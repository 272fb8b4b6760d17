#pragma once
// Which passwords are taken (NIST SP 800-63B section 5.1.1.2: length and a list of known ones, no
// composition rules).

#include <string_view>

#include "unhidra/base/error.h"

namespace unhidra::auth {

inline constexpr std::size_t kMinPassword = 8;
inline constexpr std::size_t kMaxPassword = 1024;

// `username` may not be the password either.
Status check_new_password(std::string_view password, std::string_view username);

}  // namespace unhidra::auth
