#pragma once
// Closures that wait for a database thread: bounded, first in, first out.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "unhidra/storage/database.h"

namespace unhidra::storage {

using SteadyClock = std::chrono::steady_clock;

struct Job {
  detail::Work* work = nullptr;                // in the caller's frame until `done` is called
  std::move_only_function<void(Status)> done;  // called exactly once
  Executor executor;                           // there; empty: on the database's thread
  SteadyClock::time_point queued_at{};
  bool looked_again = false;  // see WriteLane::may_be_a_race
};

class JobQueue {
 public:
  enum class Pushed : std::uint8_t { yes, full, stopped };

  explicit JobQueue(std::size_t capacity) : capacity_(capacity) {}

  // Takes the job only when it answers `yes`.
  Pushed push(Job& job) {
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) {
        return Pushed::stopped;
      }
      if (jobs_.size() >= capacity_) {
        return Pushed::full;
      }
      jobs_.push_back(std::move(job));
    }
    ready_.notify_one();
    return Pushed::yes;
  }

  // Waits for work, at most until the timeout, and moves up to `max` jobs to `out`. False when
  // stopped and empty.
  bool take(std::vector<Job>& out, std::size_t max, std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, timeout, [&] { return stopped_ || !jobs_.empty(); });
    while (!jobs_.empty() && out.size() < max) {
      out.push_back(std::move(jobs_.front()));
      jobs_.pop_front();
    }
    return !(stopped_ && out.empty());
  }

  // Sleeps, unless the queue is stopped first.
  void pause(std::chrono::microseconds duration) {
    std::unique_lock lock(mutex_);
    stopping_.wait_for(lock, duration, [&] { return stopped_; });
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    ready_.notify_all();
    stopping_.notify_all();
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return jobs_.size();
  }
  bool stopped() const {
    const std::lock_guard lock(mutex_);
    return stopped_;
  }

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::condition_variable stopping_;
  std::deque<Job> jobs_;
  bool stopped_ = false;
};

}  // namespace unhidra::storage
