#pragma once
// `unhidra policy eval --partial`.

#include "unhidra/rego/partial.h"

#include "options.h"

namespace unhidra::server::policy_line {

// What stays, in the form that the options name, with `metrics` beside it if there are any.
Status print_residual(const Options& options, const rego::Residual& residual,
                      const std::optional<rego::Value>& metrics);

}  // namespace unhidra::server::policy_line
