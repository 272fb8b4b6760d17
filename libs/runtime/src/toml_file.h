#pragma once
// One TOML file flattened to dotted names. The one place that names toml++.

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "unhidra/base/error.h"

namespace unhidra::runtime {

struct TomlEntry {
  // What is neither of these (a date, a mixed array) is `Unsupported`.
  struct Unsupported {};
  using Value =
      std::variant<Unsupported, std::string, bool, std::int64_t, double, std::vector<std::string>>;
  std::string name;  // "gateway.listen"
  Value value;
  std::uint32_t line = 0;
};

// At most 1 MiB. A syntax error names the place.
Result<std::vector<TomlEntry>> read_toml_file(const std::filesystem::path& path);

}  // namespace unhidra::runtime
