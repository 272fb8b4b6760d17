#include "unhidra/runtime/task_scope.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <unordered_map>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "unhidra/runtime/errc.h"
#include "unhidra/runtime/log.h"

namespace unhidra::runtime {

namespace asio = boost::asio;

struct TaskScope::State : std::enable_shared_from_this<TaskScope::State> {
  struct Entry {
    Entry(std::string n, Executor e) : name(std::move(n)), executor(std::move(e)) {}
    std::string name;
    Executor executor;
    asio::cancellation_signal cancel;  // touched on `executor` only
  };
  struct Waiter {
    Executor executor;
    std::shared_ptr<asio::steady_timer> timer;  // touched on `executor` only
  };

  State(Executor e, std::string n) : executor(std::move(e)), name(std::move(n)) {}

  bool spawn(Executor on, std::string task_name, Task<Status> task);
  void ended(const std::shared_ptr<Entry>& entry, std::exception_ptr exception, Status status);
  void report(const std::string& task, std::string_view what, std::string_view code) const;
  std::string names_of_active();

  const Executor executor;
  const std::string name;
  std::mutex mutex;
  std::unordered_map<const Entry*, std::shared_ptr<Entry>> active;
  std::vector<Waiter> waiters;
  bool stopping = false;
};

namespace {

Task<Status> with_status(Task<void> task) {
  co_await std::move(task);
  co_return Status{};
}

bool is_cancellation(const boost::system::system_error& e) {
  return e.code() == asio::error::operation_aborted;
}

}  // namespace

void TaskScope::State::report(const std::string& task, std::string_view what,
                              std::string_view code) const {
  log::error("task.failed", {{"scope", name}, {"task", task}, {"code", code}, {"error", what}});
}

bool TaskScope::State::spawn(Executor on, std::string task_name, Task<Status> task) {
  auto entry = std::make_shared<Entry>(std::move(task_name), on);
  {
    const std::lock_guard lock(mutex);
    if (stopping) {
      return false;
    }
    active.emplace(entry.get(), entry);
  }
  // From another thread co_spawn would touch the signal's slot there: start on the executor.
  asio::dispatch(on, [self = shared_from_this(), entry, task = std::move(task)]() mutable {
    {
      const std::lock_guard lock(self->mutex);
      if (self->stopping) {
        // request_stop() came between; its signal found nobody listening yet.
        asio::post(entry->executor,
                   [entry] { entry->cancel.emit(asio::cancellation_type::terminal); });
      }
    }
    auto done = [self, entry](std::exception_ptr exception, Status status) {
      self->ended(entry, std::move(exception), std::move(status));
    };
    asio::co_spawn(entry->executor, std::move(task),
                   asio::bind_cancellation_slot(entry->cancel.slot(), std::move(done)));
  });
  return true;
}

void TaskScope::State::ended(const std::shared_ptr<Entry>& entry, std::exception_ptr exception,
                             Status status) {
  bool was_stopping = false;
  decltype(waiters) to_wake;
  {
    const std::lock_guard lock(mutex);
    was_stopping = stopping;
    active.erase(entry.get());
    if (active.empty()) {
      to_wake.swap(waiters);
    }
  }
  if (exception) {
    try {
      std::rethrow_exception(exception);
    } catch (const boost::system::system_error& e) {
      if (!(was_stopping && is_cancellation(e))) {
        report(entry->name, e.what(), "exception");
      }
    } catch (const std::exception& e) {
      report(entry->name, e.what(), "exception");
    } catch (...) {
      report(entry->name, "not a std::exception", "exception");
    }
  } else if (!status && !(was_stopping && status.error().kind() == ErrorKind::cancelled)) {
    report(entry->name, status.error().message(), status.error().code().name);
  }
  for (auto& waiter : to_wake) {
    asio::post(waiter.executor, [timer = std::move(waiter.timer)] { timer->cancel(); });
  }
}

std::string TaskScope::State::names_of_active() {
  constexpr std::size_t kShown = 8;
  std::string out;
  const std::lock_guard lock(mutex);
  std::size_t count = 0;
  for (const auto& [address, entry] : active) {
    if (++count > kShown) {
      break;
    }
    out += (out.empty() ? "" : ", ") + entry->name;
  }
  return std::to_string(active.size()) + " still running: " + out;
}

TaskScope::TaskScope(Executor executor, std::string name)
    : state_(std::make_shared<State>(std::move(executor), std::move(name))) {}

TaskScope::~TaskScope() {
  if (active() > 0) {
    log::error("task_scope.not_joined",
               {{"scope", state_->name}, {"tasks", state_->names_of_active()}});
    request_stop();
  }
}

bool TaskScope::spawn(std::string name, Task<void> task) {
  return spawn_on(state_->executor, std::move(name), std::move(task));
}

bool TaskScope::spawn(std::string name, Task<Status> task) {
  return spawn_on(state_->executor, std::move(name), std::move(task));
}

bool TaskScope::spawn_on(Executor executor, std::string name, Task<void> task) {
  return spawn_on(std::move(executor), std::move(name), with_status(std::move(task)));
}

bool TaskScope::spawn_on(Executor executor, std::string name, Task<Status> task) {
  return state_->spawn(std::move(executor), std::move(name), std::move(task));
}

void TaskScope::request_stop() {
  std::unordered_map<const State::Entry*, std::shared_ptr<State::Entry>> to_cancel;
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopping) {
      return;
    }
    state_->stopping = true;
    to_cancel = state_->active;
  }
  for (const auto& item : to_cancel) {
    asio::post(item.second->executor,
               [entry = item.second] { entry->cancel.emit(asio::cancellation_type::terminal); });
  }
}

bool TaskScope::stopping() const {
  const std::lock_guard lock(state_->mutex);
  return state_->stopping;
}

std::size_t TaskScope::active() const {
  const std::lock_guard lock(state_->mutex);
  return state_->active.size();
}

const Executor& TaskScope::executor() const {
  return state_->executor;
}

Task<Status> TaskScope::join(std::chrono::nanoseconds deadline) {
  auto state = state_;
  auto executor = co_await asio::this_coro::executor;
  auto timer = std::make_shared<asio::steady_timer>(executor, deadline);
  {
    const std::lock_guard lock(state->mutex);
    if (state->active.empty()) {
      co_return Status{};
    }
    state->waiters.push_back({executor, timer});
  }
  boost::system::error_code ignored;
  co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  std::string names;
  {
    const std::lock_guard lock(state->mutex);
    std::erase_if(state->waiters, [&](const auto& waiter) { return waiter.timer == timer; });
    if (state->active.empty()) {
      co_return Status{};
    }
  }
  names = state->names_of_active();
  co_return fail(unhidra::Errc::timeout, state->name + ": " + names);
}

}  // namespace unhidra::runtime
