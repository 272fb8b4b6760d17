#pragma once
// Setting values as text: what environment and flags hold, and how values are printed.

#include "unhidra/runtime/settings.h"

namespace unhidra::runtime {

// For messages: 15m, 16MiB, 9000, "text".
std::string to_text(const SettingValue& value);
// As a TOML value.
std::string to_toml(const SettingValue& value);
std::string toml_string(std::string_view text);

// Reads text as the kind of value that `like` is. Lists are separated by commas.
Result<SettingValue> from_text(const SettingValue& like, std::string_view text);

}  // namespace unhidra::runtime
