#pragma once
// What an evaluation asks for, as the evaluators take it.

#include "unhidra/rego/engine.h"

#include "builtins/function.h"
#include "engine/evaluator.h"

namespace unhidra::rego {

// None: the evaluation is given its data.
const Loaded* loaded_of(const Evaluation& evaluation);
builtins::Environment environment_of(const Evaluation& evaluation);
EvaluatorSettings settings_of(const Evaluation& evaluation, const Policy& policy,
                              const Loaded* loaded);
// Errc::budget_exhausted: input or data is nested more deeply than builtins::kMaxValueDepth.
Status check_documents(const EvaluatorSettings& settings);

}  // namespace unhidra::rego
