// Any text as a policy: refused, or evaluated within its budget; formatted the same twice.
#include "unhidra/rego/engine.h"
#include "unhidra/rego/format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra::rego;
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const auto syntax : {Syntax::v0, Syntax::v1}) {
    if (const auto formatted = format_module("fuzz.rego", text, syntax)) {
      if (format_module("fuzz.rego", *formatted, syntax).value_or("") != *formatted) {
        __builtin_trap();  // formatting again changes something
      }
    }
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
