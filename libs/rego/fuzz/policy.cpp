// Any text as a policy: refused, or evaluated within its budget.
#include "unhidra/rego/engine.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra::rego;
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const auto syntax : {Syntax::v0, Syntax::v1}) {
    const ModuleSource source{"fuzz.rego", text};
    const auto policy = PolicySet::compile({&source, 1}, syntax);
    if (!policy) {
      continue;
    }
    const auto query = policy->prepare("data = x");
    if (!query) {
      continue;
    }
    Evaluation evaluation;
    evaluation.input = Value::object({{Value::string("topic"), Value::string("hvac/x")}});
    evaluation.max_steps = 20'000;
    evaluation.max_memory = 1 << 20;
    (void)query->evaluate(evaluation);
  }
  return 0;
}
