#include "unhidra/runtime/io_threads.h"

#include <algorithm>
#include <optional>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "unhidra/runtime/log.h"

#include "thread_name.h"

namespace unhidra::runtime {

namespace asio = boost::asio;

struct IoThreads::Loop {
  // Concurrency hint 1: a single thread runs the loop, so Asio may skip waking others.
  asio::io_context context{1};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> guard{
      asio::make_work_guard(context)};
  std::thread thread;

  void run(const std::string& name) {
    set_thread_name(name);
    try {
      context.run();
    } catch (const std::exception& e) {
      log::fatal("io_thread.exception", {{"thread", name}, {"what", e.what()}});
    } catch (...) {
      log::fatal("io_thread.exception", {{"thread", name}});
    }
  }
};

IoThreads::IoThreads(std::size_t count, std::string name) {
  if (count == 0) {
    count = std::max(1U, std::thread::hardware_concurrency());
  }
  for (std::size_t i = 0; i < count; ++i) {
    loops_.push_back(std::make_unique<Loop>());
    auto* loop = loops_.back().get();
    loop->thread =
        std::thread([loop, label = name + "-" + std::to_string(i)] { loop->run(label); });
  }
}

IoThreads::~IoThreads() {
  stop();
  // Frames destroyed with one context may still post to another: the threads are gone, the
  // contexts are taken down one by one.
}

std::size_t IoThreads::size() const {
  return loops_.size();
}

std::vector<Executor> IoThreads::executors() const {
  std::vector<Executor> out;
  for (std::size_t i = 0; i < size(); ++i) {
    out.push_back(at(i));
  }
  return out;
}

Executor IoThreads::at(std::size_t index) const {
  return loops_.at(index)->context.get_executor();
}

Executor IoThreads::next() {
  return at(next_.fetch_add(1, std::memory_order_relaxed) % loops_.size());
}

void IoThreads::drain() {
  for (auto& loop : loops_) {
    loop->guard.reset();
  }
  join();
}

void IoThreads::stop() {
  for (auto& loop : loops_) {
    loop->guard.reset();
    loop->context.stop();
  }
  join();
}

void IoThreads::join() {
  for (auto& loop : loops_) {
    if (loop->thread.joinable()) {
      loop->thread.join();
    }
  }
}

}  // namespace unhidra::runtime
