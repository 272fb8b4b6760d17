#pragma once
// The canonical form of a module's text: tabs, one space, one expression a line, comments kept.

#include <string>
#include <string_view>

#include "unhidra/rego/engine.h"

namespace unhidra::rego {

// What the text means stays the same, and formatting what was formatted changes nothing.
std::expected<std::string, ProblemList> format_module(std::string_view file, std::string_view text,
                                                      Syntax syntax = Syntax::v1);
// Whether two texts are the same module, but for layout and comments.
bool same_module(std::string_view a, std::string_view b, Syntax syntax = Syntax::v1);

}  // namespace unhidra::rego
