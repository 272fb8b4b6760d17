// The functions that follow the structure of a document: the input is a JSON list, the name of a
// function and its operands.
#include "builtins/function.h"
#include "builtins/json_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace unhidra::rego;
  using namespace unhidra::rego::builtins;
  const auto input = parse_json({reinterpret_cast<const char*>(data), size});
  if (!input || input->elements().empty() || !input->elements()[0].is(Kind::string)) {
    return 0;
  }
  const Builtin* builtin = find_builtin(input->elements()[0].text());
  const auto rest = input->elements().subspan(1);
  if (builtin == nullptr || rest.size() < builtin->arity) {
    return 0;
  }
  Environment environment;
  environment.budget = 1 << 22;
  static_cast<void>(builtin->function(Call(rest.first(builtin->arity), environment)));
  return 0;
}
