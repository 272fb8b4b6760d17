#pragma once
// Decisions as lines of JSON in a file.
//
//   {"timestamp", "revision", "query", "org", "input_digest", "input", "allowed", "ground",
//   "error",
//    "shadow": {"revision", "allowed", "ground"}}
//
// The digest is the SHA-256 of the input's canonical JSON, in hex. The input itself names who did
// what: it is written only where the settings say so, and a dry run needs it. `shadow` stands there
// when a revision that was asked beside said something else.

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "unhidra/base/time.h"
#include "unhidra/policy/decision.h"
#include "unhidra/policy/errc.h"

namespace unhidra::policy {

struct DecisionLogSettings {
  std::filesystem::path file;  // made with mode 0600, appended to
  bool with_input = false;
  std::uint64_t sample = 1;  // of decisions that allow, one in so many; denials are all written
  std::size_t max_waiting = 65'536;      // decisions; further ones are dropped and counted
  std::uint64_t max_bytes = 1ULL << 30;  // then the file becomes <file>.1, in the place of an older
};

struct DecisionLogStats {
  std::uint64_t written = 0;
  std::uint64_t dropped = 0;  // the disk was slower than the decisions, or failed
  std::uint64_t sampled_out = 0;
};

// Decisions are handed to a thread, which makes the lines and writes them: record() neither hashes
// nor waits for the disk. Destruction writes what waits.
class DecisionLog final : public DecisionSink {
 public:
  static Result<std::unique_ptr<DecisionLog>> open(DecisionLogSettings settings,
                                                   const Clock& clock);
  ~DecisionLog() override;
  void record(const DecisionRecord& record) override;
  DecisionLogStats stats() const;
  // Until everything recorded before is in the file.
  void flush();

 private:
  struct Entry {
    Timestamp at;
    Decision decision;
    std::string query;
    std::string scope;
    rego::Value input;
    std::optional<Decision> shadow;
  };

  DecisionLog(DecisionLogSettings settings, const Clock& clock, int descriptor);
  std::string line_of(const Entry& entry) const;
  bool is_sampled_out(const DecisionRecord& record);
  void run();
  bool write(const std::string& block);
  void rotate();

  DecisionLogSettings settings_;
  const Clock& clock_;
  int descriptor_;
  std::uint64_t size_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  std::vector<Entry> waiting_;
  DecisionLogStats stats_;
  std::uint64_t allowed_ = 0;
  bool writing_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace unhidra::policy
