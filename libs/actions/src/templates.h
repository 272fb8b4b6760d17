#pragma once
// The sentences that are understood. A template is written with words, (one|or|another), [what may
// be left out], {name} for a device, {place} for where all the light is meant, {number}, {level}.

#include <array>
#include <span>
#include <string_view>

#include "unhidra/actions/intent.h"

namespace unhidra::actions {

struct Template {
  std::string_view text;
  std::string_view command;  // "set #": # is the number
  // For which kinds; none: for all.
  std::span<const DeviceKind> kinds;
};
std::span<const Template> templates();

}  // namespace unhidra::actions
