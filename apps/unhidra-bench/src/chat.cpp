#include "chat.h"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <latch>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/json/serialize.hpp>

#include "unhidra/crypto/random.h"
#include "unhidra/runtime/system_clock.h"

#include "chat_user.h"
#include "figures.h"

namespace unhidra::bench {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto kPatience = 60s;  // for all users to be ready
constexpr auto kDrain = 30s;     // for what is under way when the load ends

// A conversation from its sender's side.
struct Line {
  std::shared_ptr<ChatUser> from;
  UserId to;
};

// One thread with its users and its share of the load.
class Lane {
 public:
  Lane() : ticker_(loop_), pacer_(loop_), work_(loop_.get_executor()) {}
  ~Lane() { end(); }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  asio::io_context& loop() { return loop_; }
  Tally& tally() { return tally_; }
  void add(std::shared_ptr<ChatUser> user) { users_.push_back(std::move(user)); }
  void add(Line line) { lines_.push_back(std::move(line)); }

  void run() {
    tick();
    thread_ = std::jthread([this] { loop_.run(); });
  }
  void end() {
    if (thread_.joinable()) {
      asio::post(loop_, [this] {
        for (const auto& user : users_) {
          user->stop();
        }
        ticker_.cancel();
      });
      std::this_thread::sleep_for(200ms);
      loop_.stop();
      thread_.join();
    }
  }

  // Runs `ask` on the lane's thread and waits for its answer.
  template <class F>
  auto on_thread(F ask) {
    decltype(ask()) out{};
    std::latch done(1);
    asio::post(loop_, [&] {
      out = ask();
      done.count_down();
    });
    done.wait();
    return out;
  }

  std::size_t ready() {
    return on_thread([&] {
      return static_cast<std::size_t>(
          std::ranges::count_if(users_, [](const auto& user) { return user->ready(); }));
    });
  }
  bool start_users() {
    return on_thread([&] {
      return std::ranges::all_of(users_,
                                 [](const auto& user) { return user->start().has_value(); });
    });
  }
  bool greet() {
    return on_thread([&] {
      for (const auto& line : lines_) {
        line.from->greet(line.to);
      }
      return true;
    });
  }
  // Who was written to has answered before the load begins, as in most conversations.
  bool answer_greetings() {
    return on_thread([&] {
      for (const auto& user : users_) {
        user->answer_greetings();
      }
      return true;
    });
  }
  Tally tally_now() {
    return on_thread([&] { return tally_; });
  }

  // As fast as acknowledged: one message under way on each line.
  void load_at_most(ChatWorld& world, const Clock& clock) {
    asio::post(loop_, [this, &world, &clock] {
      for (const auto& user : users_) {
        user->on_settled = [&world, &clock, self = user.get()](UserId peer) {
          if (world.load_on) {
            self->send(peer, clock.steady_now());
          }
        };
      }
      for (const auto& line : lines_) {
        line.from->send(line.to, clock.steady_now());
      }
    });
  }

  // At a fixed rate, whatever the server does: a late message counts from when it was due.
  void load_at(double rate, SteadyTime begin, ChatWorld& world, const Clock& clock) {
    interval_ = std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / rate));
    due_ = begin;
    asio::post(loop_, [this, &world, &clock] { pace(world, clock); });
  }

 private:
  void tick() {
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

  void pace(ChatWorld& world, const Clock& clock) {
    for (; world.load_on && due_ <= clock.steady_now(); due_ += interval_) {
      const auto& line = lines_[turn_++ % lines_.size()];
      line.from->send(line.to, due_);
    }
    if (!world.load_on) {
      return;
    }
    pacer_.expires_at(due_);
    pacer_.async_wait([this, &world, &clock](boost::system::error_code cancelled) {
      if (!cancelled) {
        pace(world, clock);
      }
    });
  }

  asio::io_context loop_{1};
  asio::steady_timer ticker_;
  asio::steady_timer pacer_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  Tally tally_;
  std::vector<std::shared_ptr<ChatUser>> users_;
  std::vector<Line> lines_;
  std::size_t turn_ = 0;
  std::chrono::nanoseconds interval_{};
  SteadyTime due_;
  std::jthread thread_;
};

using Lanes = std::deque<Lane>;

// User i writes to the `peers` users after it, in a ring; with one peer each, to its partner.
void place_users(Lanes& lanes, ChatWorld& world, const ChatOptions& options,
                 std::vector<Account> accounts) {
  const auto count = accounts.size();
  std::vector<UserId> ids;
  for (const auto& account : accounts) {
    ids.push_back(account.user);
  }
  for (std::size_t i = 0; i < count; ++i) {
    auto& lane = lanes[i % lanes.size()];
    auto user =
        std::make_shared<ChatUser>(world, lane.loop(), lane.tally(), std::move(accounts[i]));
    lane.add(user);
    for (std::size_t k = 1; k <= options.peers; ++k) {
      const auto to = options.peers == 1 ? (i ^ 1U) : (i + k) % count;
      lane.add(Line{user, ids[to]});
    }
  }
}

Status wait_ready(Lanes& lanes, std::size_t count, const char* what) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  std::size_t ready = 0;
  while (ready < count) {
    std::this_thread::sleep_for(100ms);
    const auto shown = std::exchange(ready, 0);
    for (auto& lane : lanes) {
      ready += lane.ready();
    }
    if (ready != shown) {
      std::fprintf(stderr, "\r%s: %zu of %zu users", what, ready, count);
    }
    if (std::chrono::steady_clock::now() > deadline) {
      for (auto& lane : lanes) {
        for (const auto& [code, times] : lane.tally_now().errors) {
          std::fprintf(stderr, "\n  %s: %llu", code.c_str(),
                       static_cast<unsigned long long>(times));
        }
      }
      return fail(Errc::timeout, "not all users got ready in time");
    }
  }
  std::fputc('\n', stderr);
  return {};
}

Tally tally_of(Lanes& lanes) {
  Tally out;
  for (auto& lane : lanes) {
    out.merge(lane.tally_now());
  }
  return out;
}

struct Window {
  double seconds = 0;
  ProcessStats before;
  ProcessStats after;
  double own_cpu = 0;
  double load_average = 0;
};

Result<Window> run_load(Lanes& lanes, ChatWorld& world, const ChatOptions& options,
                        const Clock& clock) {
  Window out;
  UNHIDRA_TRY(out.before, process_stats(options.target.server_pids));
  const auto own_before = own_cpu_seconds();
  const auto begin = clock.steady_now();
  world.load_on = true;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    if (options.rate > 0) {
      // Lanes take turns, so that messages are due evenly.
      const auto offset = std::chrono::nanoseconds(
          static_cast<std::int64_t>(1e9 / options.rate * static_cast<double>(i)));
      lanes[i].load_at(options.rate / static_cast<double>(lanes.size()), begin + offset, world,
                       clock);
    } else {
      lanes[i].load_at_most(world, clock);
    }
  }
  std::this_thread::sleep_for(options.duration);
  world.load_on = false;
  out.seconds = std::chrono::duration<double>(clock.steady_now() - begin).count();
  out.own_cpu = own_cpu_seconds() - own_before;
  out.load_average = load_average();
  // A server that a test has killed and started anew has another pid: its figures are left out.
  out.after = process_stats(options.target.server_pids).value_or(ProcessStats());
  return out;
}

void drain(Lanes& lanes) {
  const auto deadline = std::chrono::steady_clock::now() + kDrain;
  for (;;) {
    const auto tally = tally_of(lanes);
    if ((tally.acknowledged >= tally.sent && tally.received >= tally.sent) ||
        std::chrono::steady_clock::now() > deadline) {
      return;
    }
    std::this_thread::sleep_for(50ms);
  }
}

void print(const ChatOptions& options, const Window& window, const Tally& tally) {
  boost::json::object out{
      {"load", "chat"},
      {"senders", options.senders},
      {"conversations_each", options.peers},
      {"message_bytes", options.message_bytes},
      {"rate_asked", options.rate > 0 ? boost::json::value(options.rate) : "max"},
      {"seconds", rounded(window.seconds)},
      {"sent", tally.sent},
      {"acknowledged", tally.acknowledged},
      {"received", tally.received},
      {"acknowledged_per_second",
       rounded(static_cast<double>(tally.acknowledged_in_time) / window.seconds)},
      {"to_acknowledged", figures(tally.to_acknowledged)},
      {"to_received", figures(tally.to_received)},
      {"tool_lateness", figures(tally.lateness)},
      {"connections_lost", tally.connections_lost},
      {"errors", figures(tally.errors)},
      {"tool_cpu_seconds", rounded(window.own_cpu)},
      {"load_average", window.load_average}};
  if (window.after.rss_bytes > 0) {
    out["server"] = figures(window.before, window.after);
    if (tally.acknowledged_in_time > 0) {
      out["server_cpu_us_per_message"] =
          rounded((window.after.cpu_seconds - window.before.cpu_seconds) * 1e6 /
                  static_cast<double>(tally.acknowledged_in_time));
    }
  }
  std::puts(boost::json::serialize(out).c_str());
}

}  // namespace

Status run_chat(const ChatOptions& options) {
  const runtime::SystemClock clock;
  crypto::PooledRandom random;
  Recorder recorder;
  UNHIDRA_TRY_VOID(recorder.open(options.record_file));
  UNHIDRA_TRY(const auto tls, net::TlsClientContext::create({.ca_file = options.target.ca_file}));
  AccountService service(options.target, clock, random);
  UNHIDRA_TRY(auto accounts, service.create(options.senders));
  ChatWorld world{.engines = {.accounts = service,
                              .tls = tls,
                              .clock = clock,
                              .random = random,
                              .gateway = options.target.gateway},
                  .recorder = recorder,
                  .message_bytes = options.message_bytes};
  Lanes lanes(std::min(options.threads, options.senders));
  place_users(lanes, world, options, std::move(accounts));
  for (auto& lane : lanes) {
    lane.run();
  }
  for (auto& lane : lanes) {
    if (!lane.start_users()) {
      return fail(Errc::internal, "a client engine could not be opened");
    }
  }
  UNHIDRA_TRY_VOID(wait_ready(lanes, options.senders, "connected and approved"));
  for (auto& lane : lanes) {
    (void)lane.greet();
  }
  UNHIDRA_TRY_VOID(wait_ready(lanes, options.senders, "sessions opened"));
  for (auto& lane : lanes) {
    (void)lane.answer_greetings();
  }
  UNHIDRA_TRY_VOID(wait_ready(lanes, options.senders, "greetings answered"));
  UNHIDRA_TRY(const auto window, run_load(lanes, world, options, clock));
  drain(lanes);
  const auto tally = tally_of(lanes);
  for (auto& lane : lanes) {
    lane.end();
  }
  print(options, window, tally);
  return {};
}

}  // namespace unhidra::bench
