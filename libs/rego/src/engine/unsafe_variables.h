#pragma once
// Which variables keep expressions from being put into an order, and where, as the reference tells
// it: of an expression every variable that has no value yet, those that wait for another included.

#include <vector>

#include "engine/probe.h"

namespace unhidra::rego {

struct UnsafeVariable {
  int slot = 0;
  Location place;
};

// `waiting`: what could not be ordered when the slots in `known` have values; `outer`: the slots
// outside the closures of the whole body.
std::vector<UnsafeVariable> unsafe_variables(const Body& waiting, const Slots& known,
                                             const Slots& outer);

}  // namespace unhidra::rego
