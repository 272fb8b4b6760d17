#pragma once
// A template as text and actions.

#include <string>
#include <string_view>
#include <vector>

#include "unhidra/base/error.h"

namespace unhidra::rego::builtins {

struct TemplatePiece {
  std::string text;                // literal text, or nothing
  std::vector<std::string> words;  // of an action
  bool action = false;
};

// "{{" to "}}" is an action; dashes inside it take the space beside it away, comments are none.
Result<std::vector<TemplatePiece>> pieces_of(std::string_view pattern);

}  // namespace unhidra::rego::builtins
