#include "client_lane.h"

#include <algorithm>

namespace unhidra::bench {

using namespace std::chrono_literals;

ClientLane::Pace::Pace(boost::asio::io_context& loop, ChannelAct what, double per_second,
                       SteadyTime begin)
    : act(what), interval(static_cast<std::int64_t>(1e9 / per_second)), due(begin), timer(loop) {}

ClientLane::ClientLane(ChannelWorld& world, std::vector<Account> accounts)
    : clock_(world.engines.clock), work_(loop_.get_executor()), ticker_(loop_) {
  for (auto& account : accounts) {
    users_.push_back(std::make_shared<ChannelUser>(world, loop_, log_, std::move(account)));
  }
}

Status ClientLane::start() {
  tick();
  thread_ = std::jthread([this] { loop_.run(); });
  return on_thread([this] {
    Status out;
    for (const auto& user : users_) {
      if (auto status = user->start(); !status) {
        out = std::move(status);
      }
    }
    return out;
  });
}

void ClientLane::tick() {
  ticker_.expires_after(1s);
  ticker_.async_wait([this](boost::system::error_code cancelled) {
    if (!cancelled) {
      for (const auto& user : users_) {
        user->tick();
      }
      tick();
    }
  });
}

void ClientLane::greet() {
  boost::asio::post(loop_, [this] { users_.front()->greet(); });
}

std::size_t ClientLane::count_users(bool (ChannelUser::*what)() const) {
  return on_thread([this, what] {
    return static_cast<std::size_t>(
        std::ranges::count_if(users_, [what](const auto& user) { return (*user.*what)(); }));
  });
}
std::size_t ClientLane::ready() {
  return count_users(&ChannelUser::ready);
}
std::size_t ClientLane::in_channel() {
  return count_users(&ChannelUser::in_channel);
}
std::size_t ClientLane::greeted() {
  return count_users(&ChannelUser::has_latest);
}
std::size_t ClientLane::in_epoch(std::uint64_t epoch) {
  return on_thread([this, epoch] {
    return static_cast<std::size_t>(std::ranges::count_if(
        users_, [epoch](const auto& user) { return user->epoch() >= epoch; }));
  });
}

bool ClientLane::settled() {
  return on_thread([this] { return log_.tally.acknowledged >= log_.tally.sent; });
}

std::map<std::string, std::uint64_t> ClientLane::errors() {
  return on_thread([this] { return log_.tally.errors; });
}

void ClientLane::act_at(ChannelAct act, double per_second, SteadyTime begin) {
  acting_ = true;
  boost::asio::post(loop_, [this, act, per_second, begin] {
    keep(paces_.emplace_back(loop_, act, per_second, begin));
  });
}

void ClientLane::keep(Pace& pace) {
  for (; acting_ && pace.due <= clock_.steady_now(); pace.due += pace.interval) {
    users_[turn_++ % users_.size()]->act(pace.act, pace.due);
  }
  if (!acting_) {
    return;
  }
  pace.timer.expires_at(pace.due);
  pace.timer.async_wait([this, &pace](boost::system::error_code cancelled) {
    if (!cancelled) {
      keep(pace);
    }
  });
}

void ClientLane::end() {
  if (!thread_.joinable()) {
    return;
  }
  boost::asio::post(loop_, [this] {
    for (const auto& user : users_) {
      user->stop();
    }
    ticker_.cancel();
  });
  std::this_thread::sleep_for(200ms);  // so that the server hears good-bye
  loop_.stop();
  thread_.join();
}

}  // namespace unhidra::bench
