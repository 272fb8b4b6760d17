#pragma once
// Copies of values are taken out of what stays: `a = input.x; a > 1` is `input.x > 1`.

#include <optional>

#include "partial/residual.h"

namespace unhidra::rego {

// Variables in `live` keep their names and have their values afterwards. Nothing: no value can
// satisfy it. A reference that nothing else asks for stays, because it may be undefined.
std::optional<Body> without_copies(const Body& body, const Names& live);

}  // namespace unhidra::rego
