// Functions for tests of engines: unknown unless a host compiles with them (CompileOptions).
#include "builtins/families.h"
#include "builtins/go_time.h"

namespace unhidra::rego::builtins {
namespace {

// Until the time of the evaluation is over, if that comes first.
Answer sleep(const Call& call) {
  UNHIDRA_TRY(const std::string_view text, call.string(0));
  UNHIDRA_TRY(const std::int64_t nanoseconds, parse_duration(text));
  const Environment& environment = call.environment();
  if (environment.host == nullptr) {
    return failed("test.sleep is not enabled");
  }
  std::chrono::nanoseconds duration(std::max<std::int64_t>(nanoseconds, 0));
  bool is_cut = false;
  if (environment.clock != nullptr && environment.deadline) {
    const auto left = *environment.deadline - environment.clock->steady_now();
    is_cut = duration > left;
    duration = is_cut ? std::chrono::duration_cast<std::chrono::nanoseconds>(left) : duration;
  }
  if (duration > std::chrono::nanoseconds::zero()) {
    UNHIDRA_TRY_VOID(environment.host->sleep(duration));
  }
  if (is_cut) {
    return fail(CallErrc::exhausted, "the evaluation's time is used up");
  }
  return Value();
}

constexpr Builtin kTable[] = {
    {"test.sleep", 1, sleep, true, true},
};

}  // namespace

std::span<const Builtin> testing_family() {
  return kTable;
}

}  // namespace unhidra::rego::builtins
