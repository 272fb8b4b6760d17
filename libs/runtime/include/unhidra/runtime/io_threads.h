#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "unhidra/runtime/task.h"

namespace unhidra::runtime {

// The event loops: N io_contexts with one named thread each. A connection is given one executor and
// lives on that thread, so its state needs no lock.
//
// An exception that reaches the root of a loop is a bug: it is logged and the process aborts,
// because nobody knows what state it left behind.
class IoThreads {
 public:
  // `count` 0 means one per core.
  explicit IoThreads(std::size_t count = 0, std::string name = "io");
  // Stops at once and joins. Not to be destroyed from one of its own threads.
  ~IoThreads();
  IoThreads(const IoThreads&) = delete;
  IoThreads& operator=(const IoThreads&) = delete;

  std::size_t size() const;
  Executor at(std::size_t index) const;
  // One executor for each loop.
  std::vector<Executor> executors() const;
  // The next loop in turn. Safe from any thread.
  Executor next();

  // Orderly end: each loop returns once it has no work left; then joins. Scopes must have been
  // stopped before, or this waits for their tasks.
  void drain();
  // Abrupt end: the loops return after the handler they are in; pending work is destroyed unrun.
  void stop();

 private:
  struct Loop;
  void join();

  std::vector<std::unique_ptr<Loop>> loops_;
  std::atomic<std::size_t> next_{0};
};

}  // namespace unhidra::runtime
