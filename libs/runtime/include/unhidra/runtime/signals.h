#pragma once

#include <functional>
#include <memory>

#include "unhidra/runtime/task.h"

namespace unhidra::runtime {

// SIGTERM and SIGINT ask for an orderly stop, SIGHUP for a reload of the configuration. SIGPIPE is
// ignored from here on: a closed peer is an error value. One at a time in a process.
class Signals {
 public:
  struct Callbacks {
    // `count` is 1 for the first request; a second one means "at once".
    std::function<void(int count)> on_stop;
    std::function<void()> on_reload;
  };
  // The callbacks run on `executor`.
  Signals(Executor executor, Callbacks callbacks);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace unhidra::runtime
