#pragma once
// What another policy would have decided where a decision log says what was.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "unhidra/base/random.h"
#include "unhidra/base/time.h"
#include "unhidra/policy/compile_limit.h"
#include "unhidra/policy/decision.h"
#include "unhidra/policy/documents.h"

namespace unhidra::policy {

// A logged decision that the other policy would make differently.
struct ChangedDecision {
  std::size_t line = 0;   // from 1, in the part of the file that was read
  std::string timestamp;  // as the log has it
  rego::Value input;
  bool was_allowed = false;
  Decision now;
};
struct DryRun {
  std::size_t decisions = 0;
  std::size_t without_input = 0;  // cannot be asked again
  std::size_t changes = 0;        // `changed` may hold fewer
  std::vector<ChangedDecision> changed;
};

struct DryRunOptions {
  rego::CompileOptions compile;
  std::optional<std::string> scope;  // decisions made for this one alone
  std::uint64_t max_bytes = 0;       // only the file's end of that length; 0: all of it
  std::size_t max_changed = 100'000;
  std::uint64_t max_steps = 50'000'000;  // of one decision
  std::uint64_t max_memory = 256 << 20;  // bytes, of one decision
  std::chrono::milliseconds max_compile_time = kMaxCompileTime;
};

// Errc::bad_log with the line; of a log cut short by a crash the last line may be a part, and is
// left out. The compiler's error when `documents` are none. Blocks.
Result<DryRun> dry_run(const std::filesystem::path& log, const Documents& documents,
                       const DryRunOptions& options, const Clock& clock, RandomSource& random);

}  // namespace unhidra::policy
