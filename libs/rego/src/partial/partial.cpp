#include "unhidra/rego/partial.h"

#include <algorithm>

#include "engine/engine_parts.h"
#include "partial/partial_evaluator.h"
#include "syntax/module_json.h"
#include "syntax/parser.h"

namespace unhidra::rego {

bool Residual::always() const {
  return std::ranges::any_of(queries, &std::string::empty);
}

Result<Residual> evaluate_in_part(const PolicySet& policies, std::string_view query,
                                  const Evaluation& evaluation, const PartialOptions& options) {
  const Policy& policy = *policies.policy_;
  UNHIDRA_TRY(auto body, parse_query(query));
  UNHIDRA_TRY(const auto compiled, compile_query(policy, std::move(body)));
  UNHIDRA_TRY(const auto unknowns, Unknowns::make(policy, options.unknowns, options.apart));
  if (policy.root().child(options.space) != nullptr) {
    return fail(Errc::compile_error, "there is a package " + options.space +
                                         " already: the support modules want another name");
  }
  const Loaded* loaded = loaded_of(evaluation);
  auto environment = environment_of(evaluation);
  const auto settings = settings_of(evaluation, policy, loaded);
  UNHIDRA_TRY_VOID(check_documents(settings));
  Evaluator known(policy, environment, settings);
  const Value none = Value::object({});
  PartialEvaluator evaluator(policy, known, settings.input,
                             settings.data == nullptr ? none : *settings.data, unknowns, options,
                             evaluation.max_steps);
  UNHIDRA_TRY(const auto bodies, evaluator.run(compiled));
  Residual out;
  for (const Body& one : bodies) {
    std::string text = residual_text(one);
    if (std::ranges::find(out.queries, text) == out.queries.end()) {
      out.queries.push_back(std::move(text));
    }
  }
  out.support = evaluator.support();
  return out;
}

Result<Value> residual_to_json(const Residual& residual) {
  std::vector<Value> queries;
  for (const std::string& query : residual.queries) {
    UNHIDRA_TRY(const auto body, query.empty() ? Result<Body>(Body{}) : parse_query(query));
    queries.push_back(body_to_json(body));
  }
  std::vector<Value> support;
  for (const ModuleSource& source : residual.support) {
    UNHIDRA_TRY(const auto module, parse_module(source.file, source.text, Syntax::v1));
    support.push_back(module_to_json(*module));
  }
  std::vector<Value::Member> out;
  if (!queries.empty()) {
    out.emplace_back(Value::string("queries"), Value::array(std::move(queries)));
  }
  if (!support.empty()) {
    out.emplace_back(Value::string("support"), Value::array(std::move(support)));
  }
  return Value::object(std::move(out));
}

}  // namespace unhidra::rego
