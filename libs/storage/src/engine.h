#pragma once
// What stands behind Database: the lanes, the readers, and which job goes where.

#include <memory>
#include <vector>

#include "read_pool.h"
#include "write_lane.h"

namespace unhidra::storage {

class Engine {
 public:
  static Result<std::unique_ptr<Engine>> start(const Settings& settings);
  ~Engine();

  // Calls `job.done` at once when the job cannot be taken.
  void enqueue(detail::Access access, LaneKey lane, Job job);
  void stop();

  Dialect dialect() const { return backend_->dialect(); }
  bool healthy() const { return shared_.unhealthy.load() == 0; }
  Stats stats() const;

 private:
  Engine(const Settings& settings, std::unique_ptr<Backend> backend,
         std::unique_ptr<Connection> first);

  Shared shared_;
  std::unique_ptr<Backend> backend_;
  std::vector<std::unique_ptr<WriteLane>> lanes_;
  std::unique_ptr<ReadPool> readers_;
};

}  // namespace unhidra::storage
