// The sink that writes to a descriptor from its own thread.
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <poll.h>
#include <thread>
#include <unistd.h>

#include "unhidra/runtime/log.h"
#include "unhidra/runtime/system_clock.h"

#include "thread_name.h"

namespace unhidra::log {
namespace {

struct Queue {
  explicit Queue(int descriptor, std::size_t max) : fd(descriptor), max_lines(max) {}

  const int fd;
  const std::size_t max_lines;
  std::mutex mutex;
  std::condition_variable more;
  std::condition_variable drained;
  std::deque<std::string> lines;
  std::uint64_t dropped = 0;
  std::uint64_t reported = 0;
  bool busy = false;
  bool closing = false;
};

// One line is one write(2) unless the kernel takes only a part of it.
void write_line(int fd, std::string_view line) {
  while (!line.empty()) {
    const auto n = ::write(fd, line.data(), line.size());
    if (n > 0) {
      line.remove_prefix(static_cast<std::size_t>(n));
    } else if (n < 0 && errno == EAGAIN) {
      pollfd ready{fd, POLLOUT, 0};
      ::poll(&ready, 1, 1000);
    } else if (n < 0 && errno != EINTR) {
      return;  // the log itself has nowhere to complain
    }
  }
}

std::string dropped_report(std::uint64_t lines) {
  const Field field{"lines", lines};
  return render(Format::json, runtime::SystemClock().now(), Level::warn, "log.dropped",
                {&field, 1});
}

void run_writer(const std::shared_ptr<Queue>& q) {
  runtime::set_thread_name("log");
  std::unique_lock lock(q->mutex);
  while (true) {
    q->more.wait(lock, [&] { return q->closing || !q->lines.empty(); });
    if (q->lines.empty()) {
      return;
    }
    auto line = std::move(q->lines.front());
    q->lines.pop_front();
    const auto lost = q->dropped - q->reported;
    q->reported = q->dropped;
    q->busy = true;
    lock.unlock();
    if (lost > 0) {
      write_line(q->fd, dropped_report(lost));
    }
    write_line(q->fd, line);
    lock.lock();
    q->busy = false;
    if (q->lines.empty()) {
      q->drained.notify_all();
    }
  }
}

class FdSink final : public Sink {
 public:
  FdSink(int fd, std::size_t max_lines) : queue_(std::make_shared<Queue>(fd, max_lines)) {
    // Detached on purpose: a writer stuck in write(2) must not keep the process from ending. The
    // queue is shared, so it outlives this object.
    std::thread([q = queue_] { run_writer(q); }).detach();
  }
  ~FdSink() override {
    flush(std::chrono::seconds(1));
    const std::lock_guard lock(queue_->mutex);
    queue_->closing = true;
    queue_->more.notify_all();
  }

  void write(Level /*level*/, std::string_view line) override {
    {
      const std::lock_guard lock(queue_->mutex);
      if (queue_->lines.size() >= queue_->max_lines) {
        ++queue_->dropped;
        return;
      }
      queue_->lines.emplace_back(line);
    }
    queue_->more.notify_one();
  }

  void flush(std::chrono::milliseconds deadline) override {
    std::unique_lock lock(queue_->mutex);
    queue_->drained.wait_for(lock, deadline,
                             [this] { return queue_->lines.empty() && !queue_->busy; });
  }

  std::uint64_t dropped() const override {
    const std::lock_guard lock(queue_->mutex);
    return queue_->dropped;
  }

 private:
  std::shared_ptr<Queue> queue_;
};

}  // namespace

std::shared_ptr<Sink> make_fd_sink(int fd, std::size_t max_lines) {
  return std::make_shared<FdSink>(fd, max_lines);
}

}  // namespace unhidra::log
