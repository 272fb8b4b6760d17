#pragma once
// Tells the callers of a group how their closures ended: those of one executor together, so that
// its thread is woken once.

#include <vector>

#include "job_queue.h"

namespace unhidra::storage {

class Answers {
 public:
  void add(Job job, Status status);
  // Calls every `done`, each where its caller lives.
  void send();

 private:
  struct Answer {
    std::move_only_function<void(Status)> done;
    Status status;
  };
  struct Bundle {
    Executor executor;
    std::vector<Answer> answers;
  };
  std::vector<Bundle> bundles_;
};

}  // namespace unhidra::storage
