#pragma once
// Policies of the tests, compiled and asked in one line.

#include <gtest/gtest.h>

#include "unhidra/rego/engine.h"

namespace unhidra::rego {

inline Result<PolicySet> compile(const std::string& text, Syntax syntax = Syntax::v1) {
  const ModuleSource source{"test.rego", text};
  return PolicySet::compile({&source, 1}, syntax);
}

inline Result<std::string> ask(const PolicySet& policy, const std::string& query,
                               const std::string& input = "", Evaluation evaluation = {}) {
  UNHIDRA_TRY(const auto prepared, policy.prepare(query));
  if (!input.empty()) {
    UNHIDRA_TRY(auto value, value_from_json(input));
    evaluation.input = std::move(value);
  }
  UNHIDRA_TRY(const auto solutions, prepared.evaluate(evaluation));
  std::string out;
  for (const auto& solution : solutions) {
    for (const auto& [name, value] : solution) {
      out += (out.empty() ? "" : " ") + name + "=" + value_to_json(value);
    }
  }
  return out;
}

inline Result<std::string> ask(const std::string& text, const std::string& query,
                               const std::string& input = "", Syntax syntax = Syntax::v1) {
  UNHIDRA_TRY(const auto policy, compile(text, syntax));
  return ask(policy, query, input);
}

}  // namespace unhidra::rego
