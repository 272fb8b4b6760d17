// Any text as a policy: refused, or evaluated within its budget, by program and by tree alike;
// formatted the same twice. What evaluation in part leaves of it can be read again.
#include "unhidra/rego/engine.h"
#include "unhidra/rego/format.h"
#include "unhidra/rego/partial.h"

namespace {

using namespace unhidra::rego;

void format_twice(const std::string& text, Syntax syntax) {
  if (const auto formatted = format_module("fuzz.rego", text, syntax)) {
    if (format_module("fuzz.rego", *formatted, syntax).value_or("") != *formatted) {
      __builtin_trap();  // formatting again changes something
    }
  }
}

// Where both have an answer it is one: a program may have it before it comes to an error.
void evaluate(const PolicySet& policy, const std::string& rule) {
  const auto query = policy.prepare(rule + " = x");
  if (!query) {
    return;
  }
  Evaluation evaluation;
  evaluation.input = Value::object({{Value::string("topic"), Value::string("hvac/x")},
                                    {Value::string("list"), Value::array({Value::integer(1)})}});
  evaluation.data = Value::object({{Value::string("roles"), *evaluation.input}});
  evaluation.max_steps = 20'000;
  evaluation.max_memory = 1 << 20;
  const auto by_program = query->evaluate(evaluation);
  const auto loaded = policy.load(evaluation.data, {.max_steps = 20'000, .max_memory = 1 << 20});
  evaluation.loaded = &loaded;
  const auto by_loaded = query->evaluate(evaluation);
  evaluation.loaded = nullptr;
  evaluation.walk_tree = true;
  const auto by_tree = query->evaluate(evaluation);
  if ((by_program && by_tree && *by_program != *by_tree) ||
      (by_loaded && by_tree && *by_loaded != *by_tree)) {
    __builtin_trap();
  }
}

void evaluate_in_part(const PolicySet& policy, const std::string& rule) {
  Evaluation evaluation;
  evaluation.max_steps = 20'000;
  evaluation.max_memory = 1 << 20;
  const auto residual = evaluate_in_part(policy, rule + " = x", evaluation, {.max_queries = 100});
  if (residual && !residual_to_json(*residual)) {
    __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const auto syntax : {Syntax::v0, Syntax::v1}) {
    format_twice(text, syntax);
    const ModuleSource source{"fuzz.rego", text};
    for (const bool strict : {false, true}) {
      const auto policy = PolicySet::check({&source, 1}, {.syntax = syntax, .strict = strict});
      if (!policy) {
        (void)to_error(policy.error());
        continue;
      }
      evaluate(*policy, "data");
      for (const RuleInfo& rule : policy->rules()) {
        evaluate(*policy, rule.path);
        evaluate_in_part(*policy, rule.path);
      }
    }
  }
  return 0;
}
