// Any text as JSON, as YAML and as a term: refused, or a value that its own text gives again.
#include <algorithm>

#include "unhidra/rego/engine.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra::rego;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto value = value_from_json(text)) {
    const auto again = value_from_json(value_to_json(*value));
    const auto lines = value_from_json(value_to_json_lines(*value));
    const auto term = value_from_term(to_term(*value));
    if (!again || !(*again == *value) || !lines || !(*lines == *value) ||
        (term && !(*term == *value))) {
      __builtin_trap();
    }
  }
  (void)value_from_yaml(text);
  // What is no UTF-8 is shown as U+FFFD and does not come back.
  const bool is_ascii = std::ranges::all_of(text, [](char c) { return (c & 0x80) == 0; });
  if (const auto value = value_from_term(text)) {
    const auto again = value_from_term(to_term(*value));
    if (is_ascii && again && !(*again == *value)) {
      __builtin_trap();
    }
  }
  return 0;
}
