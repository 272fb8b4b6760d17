#pragma once
// The thread of the channel load's whole clients, with the rates at which they act.

#include <atomic>
#include <deque>
#include <latch>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "channel_user.h"

namespace unhidra::bench {

class ClientLane {
 public:
  ClientLane(ChannelWorld& world, std::vector<Account> accounts);
  ~ClientLane() { end(); }
  ClientLane(const ClientLane&) = delete;
  ClientLane& operator=(const ClientLane&) = delete;

  // Their engines connect and publish their keys.
  Status start();
  // One of them writes something that is not measured.
  void greet();
  // How many have got so far: connected and approved; in the channel; it has read the greeting.
  std::size_t ready();
  std::size_t in_channel();
  std::size_t greeted();
  std::size_t in_epoch(std::uint64_t epoch);  // of the channel, or a later one
  // Whether everything that was sent is acknowledged.
  bool settled();
  std::map<std::string, std::uint64_t> errors();

  // From `begin` on, at even distances, the clients in turn, until stop_acting().
  void act_at(ChannelAct act, double per_second, SteadyTime begin);
  void stop_acting() { acting_ = false; }

  // Ends the thread; then the log may be read.
  void end();
  const ChannelLog& log() const { return log_; }

 private:
  struct Pace {
    Pace(boost::asio::io_context& loop, ChannelAct what, double per_second, SteadyTime begin);
    ChannelAct act;
    std::chrono::nanoseconds interval;
    SteadyTime due;
    boost::asio::steady_timer timer;
  };

  // Runs `ask` on the lane's thread and waits for its answer.
  template <class Ask>
  auto on_thread(Ask ask) {
    decltype(ask()) out{};
    std::latch done(1);
    boost::asio::post(loop_, [&] {
      out = ask();
      done.count_down();
    });
    done.wait();
    return out;
  }
  std::size_t count_users(bool (ChannelUser::*what)() const);
  void tick();
  void keep(Pace& pace);

  const Clock& clock_;
  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer ticker_;
  ChannelLog log_;
  std::vector<std::shared_ptr<ChannelUser>> users_;
  std::deque<Pace> paces_;
  std::size_t turn_ = 0;
  std::atomic<bool> acting_{false};
  std::jthread thread_;
};

}  // namespace unhidra::bench
