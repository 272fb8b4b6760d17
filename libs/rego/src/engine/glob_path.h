#pragma once
// Patterns of glob.match as steps between delimiters, as far as texts can be told apart by them.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "syntax/ast.h"

namespace unhidra::rego {

// Every text that matches has these steps; not every text that has them matches.
struct GlobPath {
  std::vector<std::optional<std::string>> steps;  // none: any one step
  bool open = false;                              // more steps may follow
};

// Nothing: the pattern is malformed, or tells no texts apart.
std::optional<GlobPath> glob_path(std::string_view pattern, char delimiter);
// The one delimiter that the second argument of glob.match names; nothing: several, none, or no
// ASCII character.
std::optional<char> glob_delimiter(const Term& delimiters);

}  // namespace unhidra::rego
