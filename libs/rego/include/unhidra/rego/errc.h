#pragma once
// What can go wrong with a policy. The names are those of the Open Policy Agent, which tools know.

#include <cstdint>

#include "unhidra/base/error.h"

namespace unhidra::rego {

enum class Errc : std::uint8_t {
  parse_error,       // rego_parse_error
  compile_error,     // rego_compile_error
  unsafe_var,        // rego_unsafe_var_error
  recursion,         // rego_recursion_error
  type_error,        // rego_type_error
  eval_conflict,     // eval_conflict_error
  eval_type_error,   // eval_type_error
  eval_builtin,      // eval_builtin_error
  budget_exhausted,  // eval_cancel_error: steps, memory, depth or time are used up
  compile_time,      // rego_compile_time_error: compiling took too long; the reference has no limit
  bad_document,      // input or data that is no JSON
};

constexpr ErrorCode error_code(Errc code) {
  switch (code) {
    case Errc::parse_error:
      return {"rego_parse_error", ErrorKind::invalid};
    case Errc::compile_error:
      return {"rego_compile_error", ErrorKind::invalid};
    case Errc::unsafe_var:
      return {"rego_unsafe_var_error", ErrorKind::invalid};
    case Errc::recursion:
      return {"rego_recursion_error", ErrorKind::invalid};
    case Errc::type_error:
      return {"rego_type_error", ErrorKind::invalid};
    case Errc::eval_conflict:
      return {"eval_conflict_error", ErrorKind::unprocessable};
    case Errc::eval_type_error:
      return {"eval_type_error", ErrorKind::unprocessable};
    case Errc::eval_builtin:
      return {"eval_builtin_error", ErrorKind::unprocessable};
    case Errc::budget_exhausted:
      return {"eval_cancel_error", ErrorKind::too_large};
    case Errc::compile_time:
      return {"rego_compile_time_error", ErrorKind::too_large};
    case Errc::bad_document:
      break;
  }
  return {"rego.bad_document", ErrorKind::invalid};
}

}  // namespace unhidra::rego
