#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "unhidra/runtime/task.h"

namespace unhidra::runtime {

// Owner of running tasks. Each service has one and stops in two phases: request_stop() cancels all
// tasks, join() waits until they have unwound. Safe from any thread.
//
// A task that fails (by a Status or an exception) is logged as "task.failed" with its name; being
// cancelled during a stop is no failure.
class TaskScope {
 public:
  TaskScope(Executor executor, std::string name);
  // Everything should have been joined; what still runs is cancelled and logged as a bug.
  ~TaskScope();
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

  // On the scope's executor, or on a given one (a single thread's, or a strand). The name is a
  // constant kind of task ("connection"), not an identity. After request_stop() nothing starts any
  // more: the task is dropped unrun and false returned.
  bool spawn(std::string name, Task<void> task);
  bool spawn(std::string name, Task<Status> task);
  bool spawn_on(Executor executor, std::string name, Task<void> task);
  bool spawn_on(Executor executor, std::string name, Task<Status> task);

  // Phase one: cancels what every task waits for. Idempotent.
  void request_stop();
  bool stopping() const;
  std::size_t active() const;

  // Phase two: waits until no task is left; Errc::timeout names those that did not end in time.
  Task<Status> join(std::chrono::nanoseconds deadline);

  const Executor& executor() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace unhidra::runtime
