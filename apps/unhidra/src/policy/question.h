#pragma once
// The input that the server would ask a policy with, from flags.

#include <optional>
#include <string_view>

#include "unhidra/base/time.h"
#include "unhidra/rego/value.h"

#include "options.h"

namespace unhidra::server::policy_line {

// What is asked when no query is given.
std::string_view standard_query(const Question& asked);
// With the functions that the server asks with; nothing: no flag names a question.
Result<std::optional<rego::Value>> question_input(const Question& asked, Timestamp now);

}  // namespace unhidra::server::policy_line
