#pragma once
// Threads that serve read(), each with a connection of its own, from one queue.

#include <thread>
#include <vector>

#include "session.h"

namespace unhidra::storage {

class ReadPool {
 public:
  ReadPool(Backend& backend, Shared& shared);
  ~ReadPool();
  ReadPool(const ReadPool&) = delete;
  ReadPool& operator=(const ReadPool&) = delete;

  JobQueue& queue() { return queue_; }
  void stop();

 private:
  void loop(std::size_t number);
  Status run(Session& session, Job& job);

  Backend& backend_;
  Shared& shared_;
  JobQueue queue_;
  std::vector<std::thread> threads_;
};

}  // namespace unhidra::storage
