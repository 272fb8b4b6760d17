#pragma once

#include <future>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "unhidra/messaging/bus.h"
#include "unhidra/runtime/io_threads.h"

namespace unhidra::messaging {

enum class BusKind { in_process };
constexpr BusKind kBusKinds[] = {BusKind::in_process};
inline std::string bus_name(BusKind /*kind*/) {
  return "InProcess";
}

// A bus with two loops to run handlers on and one to ask from.
class BusFixture {
 public:
  explicit BusFixture(BusKind /*kind*/) : threads_(3), bus_(make_in_process_bus(threads_.at(0))) {}
  ~BusFixture() {
    (void)run(bus_->close(std::chrono::milliseconds(0)));
    // Handlers already queued refer to objects of the test; let them pass.
    run_on_loop([] {});
    threads_.stop();
  }

  bool available() const { return true; }
  Bus& bus() { return *bus_; }
  Executor executor() { return threads_.at(0); }
  Executor other_executor() { return threads_.at(1); }
  // Waits until subscriptions made so far are in force.
  void settle() {}

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
  runtime::IoThreads threads_;
  std::unique_ptr<Bus> bus_;
};

}  // namespace unhidra::messaging
