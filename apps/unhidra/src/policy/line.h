#pragma once
// The words and flags of `unhidra policy`.

#include <functional>

#include "unhidra/base/error.h"

namespace CLI {
class App;
}

namespace unhidra::server::policy_line {

// `chosen` is set to what the parsed line asks for.
void add(CLI::App& app, std::function<Result<int>()>& chosen);

}  // namespace unhidra::server::policy_line
