#pragma once
// Decisions as lines of JSON in a file, and what another policy would have decided.
//
//   {"timestamp", "revision", "query", "input_digest", "input", "allowed", "ground", "error"}
//
// The digest is the SHA-256 of the input's canonical JSON, in hex. The input itself names who did
// what: it is written only where the settings say so, and a dry run needs it.

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "unhidra/base/random.h"
#include "unhidra/base/time.h"
#include "unhidra/policy/decision.h"
#include "unhidra/policy/documents.h"

namespace unhidra::policy {

struct DecisionLogSettings {
  std::filesystem::path file;  // made with mode 0600, appended to
  bool with_input = false;
  std::size_t max_waiting = 65'536;      // lines; further ones are dropped and counted
  std::uint64_t max_bytes = 1ULL << 30;  // then the file becomes <file>.1
};

// Lines are handed to a thread: record() never waits for the disk. Destruction writes what waits.
class DecisionLog final : public DecisionSink {
 public:
  static Result<std::unique_ptr<DecisionLog>> open(DecisionLogSettings settings,
                                                   const Clock& clock);
  ~DecisionLog() override;
  void record(const Decision& decision, std::string_view query, const rego::Value& input) override;
  std::uint64_t dropped() const;
  // Until everything recorded before is in the file.
  void flush();

 private:
  DecisionLog(DecisionLogSettings settings, const Clock& clock, int descriptor);
  void run();
  void write(const std::string& block);
  void rotate();

  DecisionLogSettings settings_;
  const Clock& clock_;
  int descriptor_;
  std::uint64_t size_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  std::vector<std::string> waiting_;
  std::uint64_t dropped_ = 0;
  bool writing_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

// A logged decision that the other policy would make differently.
struct ChangedDecision {
  std::size_t line = 0;  // from 1
  rego::Value input;
  bool was_allowed = false;
  Decision now;
};
struct DryRun {
  std::size_t decisions = 0;
  std::size_t without_input = 0;  // cannot be asked again
  std::vector<ChangedDecision> changed;
};
// Errc::bad_log with the line; of a log cut short by a crash the last line may be a part, and is
// left out. The compiler's error when `documents` are none.
Result<DryRun> dry_run(const std::filesystem::path& log, const Documents& documents,
                       const rego::CompileOptions& options, const Clock& clock,
                       RandomSource& random);

}  // namespace unhidra::policy
