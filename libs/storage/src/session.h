#pragma once
// A connection that comes back: opened when first needed, opened again after it was lost, with
// growing pauses between failures. One thread uses it.

#include <atomic>
#include <chrono>
#include <memory>

#include "connection.h"
#include "job_queue.h"

namespace unhidra::storage {

// What all threads of an engine count in and report to.
struct Shared {
  explicit Shared(Settings given) : settings(std::move(given)) {}

  const Settings settings;
  std::atomic<std::uint64_t> writes{0};
  std::atomic<std::uint64_t> write_failures{0};
  std::atomic<std::uint64_t> batches{0};
  std::atomic<std::uint64_t> retries{0};
  std::atomic<std::uint64_t> reads{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> reconnects{0};
  std::atomic<int> unhealthy{0};  // sessions that are in trouble

  // Counts a session's change of state and tells the observer when the whole changed.
  void report(bool& session_state, bool healthy) {
    if (session_state == healthy) {
      return;
    }
    session_state = healthy;
    const int before = healthy ? unhealthy.fetch_sub(1) : unhealthy.fetch_add(1);
    const bool changed = healthy ? before == 1 : before == 0;
    if (changed && settings.observer != nullptr) {
      settings.observer->on_health(healthy);
    }
  }
};

class Session {
 public:
  Session(Backend& backend, Shared& shared, detail::Access access,
          std::unique_ptr<Connection> connection = nullptr)
      : backend_(backend), shared_(shared), access_(access), connection_(std::move(connection)) {}
  ~Session() { shared_.report(healthy_, true); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // The live connection, or at once why there is none.
  Result<Connection*> get() {
    if (connection_ && connection_->usable()) {
      return connection_.get();
    }
    if (connection_) {
      connection_.reset();
      shared_.reconnects += 1;
    }
    const auto now = SteadyClock::now();
    if (now < next_attempt_) {
      return fail(
          Error(Errc::unavailable, "the database does not answer").with_retry_after(kFirstPause));
    }
    auto opened = backend_.connect(access_);
    if (!opened) {
      pause_ = std::min(std::max(pause_ * 2, kFirstPause), kLastPause);
      next_attempt_ = SteadyClock::now() + pause_;
      set_healthy(false);
      return fail(std::move(opened).error());
    }
    pause_ = {};
    connection_ = std::move(*opened);
    return connection_.get();
  }

  // There was a connection, and it broke.
  bool lost() const { return connection_ && !connection_->usable(); }
  void set_healthy(bool healthy) { shared_.report(healthy_, healthy); }
  bool healthy() const { return healthy_; }

 private:
  static constexpr std::chrono::milliseconds kFirstPause{50};
  static constexpr std::chrono::milliseconds kLastPause{2'000};

  Backend& backend_;
  Shared& shared_;
  const detail::Access access_;
  std::unique_ptr<Connection> connection_;
  SteadyClock::time_point next_attempt_{};
  std::chrono::milliseconds pause_{};
  bool healthy_ = true;
};

}  // namespace unhidra::storage
