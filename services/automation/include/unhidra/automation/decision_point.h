#pragma once
// Where this process asks its policies: about topics, where it has the broker, and about
// operations. It keeps them as the settings and the database have them, counts what they decide and
// writes it down.
//
// Bus: hears "policy.changed".

#include <filesystem>
#include <functional>
#include <memory>

#include "unhidra/access/operation_policy.h"
#include "unhidra/automation/policy_settings.h"
#include "unhidra/messaging/bus.h"
#include "unhidra/runtime/metrics.h"
#include "unhidra/storage/database.h"

namespace unhidra::automation {

class TopicPolicy;

// Everything outlives the decision point.
struct DecisionPointDependencies {
  Executor executor;
  storage::Database& database;
  messaging::Bus& bus;
  runtime::Metrics& metrics;
  const Clock& clock;
  RandomSource& random;                // safe from any thread
  std::filesystem::path decision_log;  // file
  bool topics = false;                 // this process has the broker
};

class DecisionPoint {
 public:
  DecisionPoint(DecisionPointDependencies dependencies, PolicySettings settings);
  ~DecisionPoint();
  DecisionPoint(const DecisionPoint&) = delete;
  DecisionPoint& operator=(const DecisionPoint&) = delete;

  // Opens the decision log and reads the policies: before anything is asked. Blocks.
  Status load();
  // Reads them anew; on failure the old ones stay. Blocks.
  Status reload();
  // Follows changes from now on.
  Status start();
  // After those who ask have stopped; what shadows found is written.
  Task<void> stop(std::chrono::milliseconds grace);

  access::OperationPolicy& operations();
  // Null: no broker in this process.
  TopicPolicy* topics();
  // Called after every change, from a thread of its own; empty: nobody is. When it returns, the one
  // before is not called any more.
  void on_change(std::function<void()> changed);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace unhidra::automation
