#pragma once
// One frame to many subscribers: on each executor some of them at a time, in one task, instead of a
// task for each. What they write goes out between two of these tasks, so the first of many does not
// wait until all have been told, and buffers go round.

#include <deque>
#include <mutex>
#include <vector>

#include "delivery.h"

namespace unhidra::messaging {

class FanOut {
 public:
  // Who is too far behind loses the frame, as with enqueue(). Frames that are given one after the
  // other reach a subscriber in that order. Not from two threads at once.
  void deliver(const std::vector<std::shared_ptr<Subscriber>>& to, const Payload& frame);

 private:
  struct Batch {
    std::vector<std::shared_ptr<Subscriber>> to;
    Payload frame;
    std::size_t next = 0;
  };
  // What waits for one executor.
  struct Lane : std::enable_shared_from_this<Lane> {
    explicit Lane(Executor e) : executor(std::move(e)) {}
    void add(Batch batch);
    void run();

    const Executor executor;
    std::mutex mutex;  // guards the rest; the first batch is the running task's own
    std::deque<Batch> waiting;
  };

  std::size_t lane_of(const Executor& executor);

  std::vector<std::shared_ptr<Lane>> lanes_;
};

}  // namespace unhidra::messaging
