#pragma once
// Which variables keep expressions from being put into an order, and where, as the reference tells
// it: of an expression every variable that has no value yet, those that wait for another included.

#include <span>
#include <string>
#include <vector>

#include "engine/probe.h"
#include "syntax/problems.h"

namespace unhidra::rego {

inline constexpr int kNoVariable = -1;  // something else keeps it
struct UnsafeVariable {
  int slot = kNoVariable;
  Location place;
};

// `waiting`: what could not be ordered when the slots in `known` have values; `outer`: the slots
// outside the closures of the whole body. Never empty.
std::vector<UnsafeVariable> unsafe_variables(const Body& waiting, const Slots& known,
                                             const Slots& outer);

// Each variable once, at its first place, in the order of the places (Errc::unsafe_var). `slots`:
// their names; `rule`: whose they are; none: a query's.
void tell_unsafe(std::span<const UnsafeVariable> unsafe, const std::vector<std::string>& slots,
                 const Rule* rule, Problems& problems);

}  // namespace unhidra::rego
