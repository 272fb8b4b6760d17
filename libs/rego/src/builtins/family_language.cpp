// Functions on policies themselves.
#include "builtins/families.h"
#include "syntax/module_json.h"
#include "syntax/parser.h"

namespace unhidra::rego::builtins {
namespace {

template <Syntax kSyntax>
Answer parse_module(const Call& call) {
  UNHIDRA_TRY(const auto file, call.string(0));
  UNHIDRA_TRY(const auto source, call.string(1));
  UNHIDRA_TRY_VOID(call.environment().charge(64 * source.size()));
  const auto module = rego::parse_module(file, source, kSyntax);
  if (!module) {
    return failed(module.error().message());
  }
  return module_to_json(**module);
}

constexpr Builtin kTable[] = {
    {"internal.parse_module_v0", 2, parse_module<Syntax::v0>},
    {"rego.parse_module", 2, parse_module<Syntax::v1>},
};

}  // namespace

std::span<const Builtin> language_family() {
  return kTable;
}

}  // namespace unhidra::rego::builtins
