#pragma once
// Evaluation in part: what is known is worked out, what is not stays as conditions on it. The
// answer is a set of queries: the whole query holds for an input exactly when one of them does.
//
// The queries and the support modules are texts of the language, in v1 syntax. They are asked
// together with the policies they came from and the same data: what could not be taken apart (rules
// with `else`, `with`, whole packages) they refer to.

#include <string>
#include <string_view>
#include <vector>

#include "unhidra/rego/engine.h"

namespace unhidra::rego {

struct PartialOptions {
  // References to what is not known: "input", "input.user", "data.sessions". What the evaluation
  // is given of these is not looked at.
  std::vector<std::string> unknowns{"input"};
  // Rules and packages ("data.a.p") that the answer refers to instead of containing them.
  std::vector<std::string> apart;
  // The package of the support modules.
  std::string space = "partial";
  // More queries than these, or rules of support: Errc::budget_exhausted.
  std::size_t max_queries = 100'000;
};

struct Residual {
  // Expressions, one a line; empty: it holds whatever the unknown is. None at all: it never does.
  // A variable of the query has its value in each.
  std::vector<std::string> queries;
  std::vector<ModuleSource> support;
  bool always() const;
};

// Errors are those of compiling a query (Errc::parse_error, ...) and of evaluating it. Functions of
// the clock, of randomness and of the host are not called, but stay in the answer. Several outputs
// of one rule are no conflict here: whoever asks the answer finds it.
Result<Residual> evaluate_in_part(const PolicySet& policies, std::string_view query,
                                  const Evaluation& evaluation, const PartialOptions& options = {});

// {"queries": [...], "support": [...]}: syntax trees, as `opa eval --partial` writes them.
Result<Value> residual_to_json(const Residual& residual);

}  // namespace unhidra::rego
