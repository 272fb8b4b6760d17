#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "unhidra/runtime/task.h"

namespace unhidra::runtime {

struct CheckReport {
  std::string name;
  bool ok = false;
  std::string message;  // why not; for operators, never holds a secret
  std::chrono::milliseconds took{0};
};
struct HealthReport {
  bool ok = false;
  bool draining = false;
  std::chrono::seconds uptime{0};
  std::vector<CheckReport> checks;
};

// `live`: the process runs and should not be killed. `ready`: it can serve, because every
// dependency answers and it is not going down. Safe from any thread.
class Health {
 public:
  using Check = std::function<Task<Status>()>;
  using SyncCheck = std::function<Status()>;
  static constexpr std::chrono::milliseconds kDefaultTimeout{2000};

  Health();
  ~Health();
  Health(const Health&) = delete;
  Health& operator=(const Health&) = delete;

  // A check that does not end within its timeout counts as failed.
  void add(std::string name, Check check, std::chrono::milliseconds timeout = kDefaultTimeout);
  // Must not block: a look at a flag.
  void add_sync(std::string name, SyncCheck check);

  // From now on not ready: load balancers send no new work.
  void set_draining(bool draining = true);
  bool draining() const;

  HealthReport live() const;
  // Runs all checks side by side on the caller's executor.
  Task<HealthReport> ready() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace unhidra::runtime
