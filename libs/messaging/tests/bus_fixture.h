#pragma once

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "unhidra/messaging/bus.h"
#include "unhidra/messaging/nats_bus.h"
#include "unhidra/runtime/io_threads.h"

#include "nats_server.h"

namespace unhidra::messaging {

enum class BusKind { in_process, nats };
constexpr BusKind kBusKinds[] = {BusKind::in_process, BusKind::nats};
inline std::string bus_name(BusKind kind) {
  return kind == BusKind::nats ? "Nats" : "InProcess";
}

// A bus with two loops to run handlers on and one to ask from.
class BusFixture {
 public:
  explicit BusFixture(BusKind kind) : kind_(kind), threads_(3) {
    if (kind == BusKind::in_process) {
      bus_ = make_in_process_bus(threads_.at(0));
    } else if (shared_nats().running()) {
      bus_ = connect();
    }
  }
  ~BusFixture() {
    if (bus_) {
      (void)run(bus_->close(std::chrono::milliseconds(0)));
      bus_.reset();
    }
    // Handlers already queued refer to objects of the test; let them pass.
    run_on_loop([] {});
    threads_.stop();
  }

  bool available() const { return bus_ != nullptr; }
  Bus& bus() { return *bus_; }
  // Another process's view of the same bus.
  std::unique_ptr<Bus> connect(const NatsServer& server = shared_nats()) {
    auto bus = make_nats_bus({.urls = {server.url()}, .name = "test"}, threads_.at(0)).value();
    wait_until([&] { return bus->healthy().has_value(); });
    return bus;
  }
  static bool wait_until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) {
        return false;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }
  Executor executor() { return threads_.at(0); }
  Executor other_executor() { return threads_.at(1); }
  // Waits until subscriptions made so far are in force: the server takes a connection's commands
  // in order, so once it has answered a request it has seen them.
  void settle() { settle(*bus_); }
  void settle(Bus& bus) {
    if (kind_ == BusKind::nats) {
      (void)run(bus.request("settle.nobody", {}, std::chrono::seconds(20)));
    }
  }

  template <class T>
  T run(Task<T> task) {
    std::optional<T> out;
    std::promise<void> done;
    boost::asio::co_spawn(threads_.at(2), runtime::detail::store(std::move(task), out),
                          [&](const std::exception_ptr&) { done.set_value(); });
    done.get_future().wait();
    return std::move(out).value();
  }
  template <class F>
  void run_on_loop(F f) {
    for (const auto& loop : {executor(), other_executor()}) {
      std::promise<void> done;
      boost::asio::post(loop, [&] {
        f();
        done.set_value();
      });
      done.get_future().wait();
    }
  }

 private:
  BusKind kind_;
  runtime::IoThreads threads_;
  std::unique_ptr<Bus> bus_;
};

}  // namespace unhidra::messaging
