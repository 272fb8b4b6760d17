#pragma once
// What becomes of a decision once it is made: it is counted, written to the decision log, and
// where a shadow said something else, gathered for the database.

#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "unhidra/policy/decision_log.h"
#include "unhidra/policy/store.h"
#include "unhidra/runtime/metrics.h"

namespace unhidra::automation {

// Everything that is known of one organisation's shadow since the last time it was taken.
struct ShadowFindings {
  std::string revision;  // of the shadow
  std::uint64_t asked = 0;
  std::vector<policy::store::Difference> differences;
};

class PolicyTrail final : public policy::DecisionSink {
 public:
  // `log` may be null. References outlive the trail.
  PolicyTrail(runtime::Metrics& metrics, const Clock& clock, policy::DecisionSink* log);

  // On the deciding thread: neither hashes nor blocks, but where a shadow differs.
  void record(const policy::DecisionRecord& record) override;

  // By organisation; what is taken is forgotten here. From any thread.
  std::map<std::string, ShadowFindings> take_findings();

  void loaded() { loads_.add(); }
  void load_failed() { failures_.add(); }
  // Of what decides for all ("") or for one organisation; the one before it is gone.
  void set_revision(const std::string& org, const std::string& revision);

 private:
  static constexpr std::size_t kGrounds = 8;
  static constexpr std::size_t kMaxGathered = 1'000;  // of one organisation; further ones: counted
  struct Gathered {
    std::string revision;
    std::uint64_t asked = 0;
    std::map<std::string, policy::store::Difference> differences;  // by the input's JSON
  };
  using Counters = std::array<runtime::Counter*, kGrounds * 2>;
  static Counters counters(runtime::Metrics& metrics, std::string_view name, std::string_view help);
  void compare(const policy::DecisionRecord& record);

  const Clock& clock_;
  policy::DecisionSink* const log_;
  const Counters topics_;
  const Counters operations_;
  runtime::Counter& loads_;
  runtime::Counter& failures_;
  runtime::Counter& shadow_asked_;
  runtime::Counter& shadow_differing_;
  runtime::Family<runtime::Gauge> revisions_;
  std::mutex mutex_;
  std::map<std::string, Gathered> gathered_;
  std::map<std::string, std::string> revision_of_;
};

}  // namespace unhidra::automation
