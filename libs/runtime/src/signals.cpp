#include "unhidra/runtime/signals.h"

#include <atomic>
#include <csignal>

#include <boost/asio/signal_set.hpp>

#include "unhidra/runtime/log.h"

namespace unhidra::runtime {

namespace asio = boost::asio;

struct Signals::State : std::enable_shared_from_this<Signals::State> {
  State(const Executor& executor, Callbacks c)
      : set(executor, SIGTERM, SIGINT, SIGHUP), callbacks(std::move(c)) {}

  void wait() {
    set.async_wait([self = shared_from_this()](const boost::system::error_code& error, int signal) {
      if (error || self->closed) {
        return;
      }
      self->deliver(signal);
      self->wait();
    });
  }

  void deliver(int signal) {
    log::info("signal.received", {{"signal", signal}});
    if (signal == SIGHUP) {
      if (callbacks.on_reload) {
        callbacks.on_reload();
      }
    } else if (callbacks.on_stop) {
      callbacks.on_stop(++stops);
    }
  }

  asio::signal_set set;
  Callbacks callbacks;
  std::atomic<bool> closed{false};
  int stops = 0;
};

Signals::Signals(Executor executor, Callbacks callbacks)
    : state_(std::make_shared<State>(executor, std::move(callbacks))) {
  std::signal(SIGPIPE, SIG_IGN);
  state_->wait();
}

Signals::~Signals() {
  state_->closed = true;
  boost::system::error_code ignored;
  state_->set.cancel(ignored);
}

}  // namespace unhidra::runtime
