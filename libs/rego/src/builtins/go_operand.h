#pragma once
// One operand of formatted printing, by its verb and flags.

#include <optional>
#include <string>

#include "builtins/go_format.h"

namespace unhidra::rego::builtins {

struct FormatFlags {
  bool plus = false;
  bool minus = false;
  bool sharp = false;
  bool space = false;
  bool zero = false;
  std::optional<int> width;
  std::optional<int> precision;
};

std::string format_operand(const FormatArgument& argument, char32_t verb, const FormatFlags& flags);
// "int", "float64", "string".
std::string operand_type(const FormatArgument& argument);
// Without a verb.
std::string plain_operand(const FormatArgument& argument);

}  // namespace unhidra::rego::builtins
