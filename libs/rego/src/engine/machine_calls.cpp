// Calls of built-in functions and of the policy's own.
#include "engine/machine.h"

namespace unhidra::rego {

bool Machine::call(const Program& program, const Step& step, std::span<Slot> r) {
  const builtins::Builtin& builtin = *program.builtins[nth(step.b)];
  Parts<Value> operands;
  for (const std::int32_t argument : program.lists[nth(step.c)]) {
    operands.add(*r[nth(argument)].value);
  }
  return take_answer(builtin, *program.locations[nth(step.b)],
                     builtins::invoke(builtin, operands.all(), environment_), r[nth(step.a)]);
}

bool Machine::take_answer(const builtins::Builtin& builtin, const Location& location,
                          builtins::Answer answer, Slot& out) {
  if (answer) {
    if (*answer) {
      out.keep(std::move(**answer));
    }
    return answer->has_value();
  }
  const Error& error = answer.error();
  if (error == builtins::CallErrc::exhausted) {
    return failed_at(Errc::budget_exhausted, location, error.message());
  }
  if (settings_.strict_errors) {
    error_ = error_ ? std::move(error_) : call_failure(builtin, location, error);
  } else if (environment_.call_failed) {
    environment_.call_failed(call_failure(builtin, location, error));
  }
  return false;
}

// startswith of something else than two strings: undefined or an error.
bool Machine::call_prefix(const Program& program, const Step& step, std::span<Slot> r) {
  const builtins::Builtin& builtin = *program.builtins[nth(step.d)];
  const Value operands[] = {*r[nth(step.b)].value, *r[nth(step.c)].value};
  Slot out;
  return take_answer(builtin, *program.locations[nth(step.d)],
                     builtins::invoke(builtin, operands, environment_), out) &&
         out.value->as_boolean();
}

bool Machine::call_function(const Program& program, const Step& step, std::span<Slot> r) {
  Parts<const Value*> arguments;
  for (const std::int32_t argument : program.lists[nth(step.c)]) {
    arguments.add(r[nth(argument)].value);
  }
  std::optional<Value> out;
  if (!function(*program.nodes[nth(step.b)], arguments.all(), out) || !out) {
    return false;
  }
  r[nth(step.a)].keep(std::move(*out));
  return true;
}

}  // namespace unhidra::rego
