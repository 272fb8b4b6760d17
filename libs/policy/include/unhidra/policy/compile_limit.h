#pragma once
// How long compiling may take. What administrators and bundles bring is text of others, and a text
// can be made to take the compiler as long as one likes.

#include <chrono>

#include "unhidra/base/time.h"
#include "unhidra/rego/engine.h"

namespace unhidra::policy {

inline constexpr std::chrono::milliseconds kMaxCompileTime{10'000};

struct CompileLimit {
  const Clock* clock = nullptr;  // not owned; null: no limit
  std::chrono::milliseconds max_time = kMaxCompileTime;

  // From now on; what takes longer is refused: rego::Errc::compile_time.
  rego::CompileOptions options(rego::Syntax syntax) const {
    rego::CompileOptions out{.syntax = syntax};
    if (clock != nullptr) {
      out.clock = clock;
      out.deadline = clock->steady_now() + max_time;
    }
    return out;
  }
};

}  // namespace unhidra::policy
