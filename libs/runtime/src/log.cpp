#include "unhidra/runtime/log.h"

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <unistd.h>

#include "unhidra/runtime/system_clock.h"

namespace unhidra::log {
namespace {

std::atomic<Level> threshold{Level::info};
std::atomic<Format> line_format{Format::json};

struct Target {
  std::mutex mutex;
  std::shared_ptr<Sink> sink;
};

// Never destroyed: threads may log while the process ends.
Target& target() {
  static auto* const instance = new Target;
  return *instance;
}

std::shared_ptr<Sink> current_sink() {
  auto& t = target();
  const std::lock_guard lock(t.mutex);
  if (!t.sink) {
    t.sink = make_fd_sink(STDERR_FILENO);
    // What is still queued when main() returns has a moment to get out.
    std::atexit([] { flush(); });
  }
  return t.sink;
}

}  // namespace

bool enabled(Level level) {
  return level >= threshold.load(std::memory_order_relaxed);
}

void configure(Options options) {
  threshold.store(options.level, std::memory_order_relaxed);
  line_format.store(options.format, std::memory_order_relaxed);
}

std::shared_ptr<Sink> set_sink(std::shared_ptr<Sink> sink) {
  auto previous = current_sink();
  auto& t = target();
  const std::lock_guard lock(t.mutex);
  t.sink = std::move(sink);
  return previous;
}

void write(Level level, std::string_view event, std::span<const Field> fields) {
  const auto line = render(line_format.load(std::memory_order_relaxed),
                           runtime::SystemClock().now(), level, event, fields);
  current_sink()->write(level, line);
}

void fatal(std::string_view event, Fields fields) {
  write(Level::fatal, event, {fields.begin(), fields.size()});
  flush();
  std::abort();
}

void flush(std::chrono::milliseconds deadline) {
  current_sink()->flush(deadline);
}

std::uint64_t dropped_lines() {
  return current_sink()->dropped();
}

}  // namespace unhidra::log
