#include "unhidra/runtime/health.h"

#include <atomic>
#include <exception>
#include <mutex>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "unhidra/runtime/log.h"

namespace unhidra::runtime {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;

struct Health::State {
  struct Registered {
    std::string name;
    Check check;
    std::chrono::milliseconds timeout;
  };
  mutable std::mutex mutex;
  std::vector<Registered> checks;
  std::atomic<bool> draining{false};
  const SteadyClock::time_point started = SteadyClock::now();

  HealthReport report() const {
    HealthReport out;
    out.draining = draining.load();
    out.uptime = std::chrono::duration_cast<std::chrono::seconds>(SteadyClock::now() - started);
    return out;
  }
};

namespace {

Task<Status> call(Health::SyncCheck check) {
  co_return check();
}

Task<void> run_check(Health::Check check, std::chrono::milliseconds timeout, CheckReport& report) {
  const auto started = SteadyClock::now();
  try {
    const auto status = co_await with_timeout(check(), timeout, report.name);
    report.ok = status.has_value();
    report.message = status ? std::string() : status.error().message();
  } catch (const std::exception& e) {
    log::error("health.check_threw", {{"check", report.name}, {"what", e.what()}});
    report.message = "internal error";
  }
  report.took = std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - started);
}

}  // namespace

Health::Health() : state_(std::make_unique<State>()) {}
Health::~Health() = default;

void Health::add(std::string name, Check check, std::chrono::milliseconds timeout) {
  const std::lock_guard lock(state_->mutex);
  state_->checks.push_back({std::move(name), std::move(check), timeout});
}

void Health::add_sync(std::string name, SyncCheck check) {
  add(std::move(name), [check = std::move(check)] { return call(check); });
}

void Health::set_draining(bool draining) {
  state_->draining = draining;
}

bool Health::draining() const {
  return state_->draining;
}

HealthReport Health::live() const {
  auto out = state_->report();
  out.ok = true;
  return out;
}

Task<HealthReport> Health::ready() const {
  std::vector<State::Registered> checks;
  {
    const std::lock_guard lock(state_->mutex);
    checks = state_->checks;
  }
  auto out = state_->report();
  out.checks.resize(checks.size());
  auto executor = co_await asio::this_coro::executor;
  auto start = [&](std::size_t i) {
    out.checks[i].name = checks[i].name;
    return asio::co_spawn(executor, run_check(checks[i].check, checks[i].timeout, out.checks[i]),
                          asio::deferred);
  };
  if (!checks.empty()) {
    std::vector<decltype(start(0))> running;
    for (std::size_t i = 0; i < checks.size(); ++i) {
      running.push_back(start(i));
    }
    auto group = asio::experimental::make_parallel_group(std::move(running));
    co_await group.async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
  }
  out.ok = !out.draining;
  for (const auto& check : out.checks) {
    out.ok = out.ok && check.ok;
  }
  co_return out;
}

}  // namespace unhidra::runtime
