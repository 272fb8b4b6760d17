// What is told while a policy is asked.
#include "builtins/families.h"

namespace unhidra::rego::builtins {
namespace {

Answer trace(const Call& call) {
  UNHIDRA_TRY(const std::string_view note, call.string(0));
  if (call.environment().print) {
    call.environment().print(note);
  }
  return Value::boolean(true);
}

// The operands are sets, since one may be undefined: {} prints as <undefined>.
Answer print(const Call& call) {
  UNHIDRA_TRY(const Value parts, call.of_kind(0, Kind::array));
  std::string line;
  for (const Value& part : parts.elements()) {
    const Value* shown =
        part.is(Kind::set) ? (part.size() > 0 ? &part.elements()[0] : nullptr) : &part;
    line += (line.empty() ? "" : " ");
    line += shown == nullptr          ? "<undefined>"
            : shown->is(Kind::string) ? shown->text()
                                      : to_term(*shown);
    UNHIDRA_TRY_VOID(call.environment().charge(line.size()));
  }
  if (call.environment().print) {
    call.environment().print(line);
  }
  return Value::boolean(true);
}

constexpr Builtin kTable[] = {
    {"internal.print", 1, print, true},
    {"trace", 1, trace, true},
};

}  // namespace

std::span<const Builtin> trace_family() {
  return kTable;
}

}  // namespace unhidra::rego::builtins
