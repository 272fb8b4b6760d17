#pragma once
// Glob patterns outside of policies, in the dialect of glob.match without delimiters: `*` and `**`
// are any run of characters, "/" among them.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/base/error.h"

namespace unhidra::rego {

// For each text whether the pattern matches all of it. Fails for a malformed pattern.
Result<std::vector<bool>> match_glob(std::string_view pattern, std::span<const std::string> texts);

}  // namespace unhidra::rego
