// How long a snapshot of the broker's state makes its event loop stand still.
//
//   snapshot_bench [--sessions N] [--retained N]      100,000 of each
//
// A broker in memory with its journal in a temporary folder: sessions that are away, each with a
// subscription and a message that waits for it, and retained topics of three levels with 64 bytes.
// A task takes turns with everything else on the loop and keeps the longest time between two of its
// turns: while nothing happens, while the state is written on the loop at once, and while it is
// taken in parts and written by another thread. "CPU" is the loop's thread's own time in between,
// which other programs on the machine do not disturb.

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <future>
#include <string>

#include <boost/asio/co_spawn.hpp>

#include "unhidra/automation/broker_log.h"
#include "unhidra/crypto/random.h"
#include "unhidra/mqtt/encoder.h"
#include "unhidra/runtime/io_threads.h"
#include "unhidra/runtime/system_clock.h"

namespace unhidra::snapshot_bench {
namespace {

using namespace unhidra::mqtt;
namespace fs = std::filesystem;

class Everything final : public Authority {
 public:
  std::optional<Admission> connect(ConnectionId, const Peer&, const Connect&) override {
    return Admission{.principal = anybody_};
  }
  ReasonCode publish(const Principal&, const PublishRequest&) override {
    return ReasonCode::success;
  }
  ReasonCode subscribe(const Principal&, std::string_view, const SubscriptionOptions&) override {
    return ReasonCode::success;
  }

 private:
  std::shared_ptr<const Principal> anybody_ = std::make_shared<const Principal>();
};

struct NoLink final : Link {
  Bytes bytes;
  Bytes& output() override { return bytes; }
  void flush() override { bytes.clear(); }
  std::size_t queued() const override { return 0; }
  void pause_reading(bool) override {}
  void close() override {}
};

struct Sizes {
  std::size_t sessions = 100'000;
  std::size_t retained = 100'000;
};

double seconds(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// On the loop.
class Pulse {
 public:
  struct Longest {
    double wall = 0;
    double cpu = 0;
  };
  Task<void> beat() {
    auto wall = seconds(CLOCK_MONOTONIC);
    auto cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
    while (!stopped_) {
      co_await runtime::yield();
      const auto wall_now = seconds(CLOCK_MONOTONIC);
      const auto cpu_now = seconds(CLOCK_THREAD_CPUTIME_ID);
      longest_.wall = std::max(longest_.wall, wall_now - wall);
      longest_.cpu = std::max(longest_.cpu, cpu_now - cpu);
      wall = wall_now;
      cpu = cpu_now;
    }
  }
  Longest take() { return std::exchange(longest_, {}); }
  void stop() { stopped_ = true; }

 private:
  bool stopped_ = false;
  Longest longest_;
};

class Bench {
 public:
  Bench(const fs::path& folder, const Sizes& sizes)
      : folder_(folder),
        sizes_(sizes),
        log_({.folder = folder / "log", .snapshot_at = ~std::uint64_t{0}}),
        server_(io_.at(0), settings(), everything_, &log_, nullptr, clock_, random_) {
    check(log_.open([](ByteView) { return Status(); }));
    log_.serve(server_);
  }
  ~Bench() {
    check(log_.close());
    io_.stop();
  }

  Task<void> run() {
    co_await fill();
    co_await runtime::sleep_for(std::chrono::seconds(1));
    boost::asio::co_spawn(io_.at(0), pulse_.beat(), [](const std::exception_ptr&) {});
    pulse_.take();
    co_await runtime::sleep_for(std::chrono::seconds(1));
    print("nothing", 1, pulse_.take());
    auto start = seconds(CLOCK_MONOTONIC);
    write_at_once();
    co_await runtime::yield();
    co_await runtime::yield();
    print("at once", seconds(CLOCK_MONOTONIC) - start, pulse_.take());
    start = seconds(CLOCK_MONOTONIC);
    const auto done = co_await log_.snapshot(server_.broker());
    check(done);
    print("in parts", seconds(CLOCK_MONOTONIC) - start, pulse_.take());
    pulse_.stop();
  }
  Executor executor() { return io_.at(0); }

 private:
  static BrokerSettings settings() {
    BrokerSettings out;
    out.statistics_interval = std::chrono::milliseconds(0);
    return out;
  }
  static void check(const Status& status) {
    if (!status) {
      std::fprintf(stderr, "%s\n", status.error().message().c_str());
      std::exit(1);
    }
  }
  void print(const char* what, double took, const Pulse::Longest& longest) {
    std::printf("%-10s %8.2f s   longest turn %9.3f ms   CPU %9.3f ms\n", what, took,
                longest.wall * 1e3, longest.cpu * 1e3);
  }

  Task<void> fill() {
    for (std::size_t i = 0; i < sizes_.sessions; ++i) {
      leave_session(i);
      co_await keep_up(i);
    }
    const Bytes payload(64, 'x');
    for (std::size_t i = 0; i < sizes_.sessions; ++i) {
      publish("wait/" + std::to_string(i), payload, false);
      co_await keep_up(i);
    }
    for (std::size_t i = 0; i < sizes_.retained; ++i) {
      publish("site/" + std::to_string(i / 100) + "/" + std::to_string(i), payload, true);
      co_await keep_up(i);
    }
    const auto stats = server_.broker().stats();
    std::printf("%zu sessions, %zu retained, %zu bytes of messages\n", stats.sessions,
                stats.retained, stats.message_bytes);
  }
  Task<void> keep_up(std::size_t i) {
    while (i % 1000 == 0 && log_.backlog() > (8U << 20)) {
      co_await runtime::sleep_for(std::chrono::milliseconds(5));
    }
  }
  void publish(const std::string& topic, ByteView payload, bool retain) {
    server_.broker().publish(
        "", {.topic = topic, .payload = payload, .qos = QoS::at_least_once, .retain = retain},
        server_.now());
  }
  void leave_session(std::size_t number) {
    auto& broker = server_.broker();
    const auto name = "session-" + std::to_string(number);
    const auto filter = "wait/" + std::to_string(number);
    Connect connect;
    connect.version = Version::v3_1_1;
    connect.clean_start = false;
    connect.client_id = name;
    Subscribe subscribe;
    subscribe.packet_id = 1;
    subscribe.entries.push_back({filter, {.qos = QoS::at_least_once}});
    Bytes packets;
    append_connect(packets, connect);
    append_subscribe(packets, subscribe, Version::v3_1_1);
    NoLink link;
    const auto id = broker.accept(link, {}, server_.now());
    broker.receive(id, packets, server_.now());
    broker.lost(id, server_.now());
    broker.flush();
  }

  // As it was done before snapshots were taken in parts; into a log beside.
  void write_at_once() {
    struct Deaf final : storage::AppendLogListener {
      void durable(std::uint64_t) override {}
      void failed(const Error&) override {}
    } deaf;
    auto log = storage::AppendLog::open({.folder = folder_ / "beside"}, deaf,
                                        [](std::uint64_t, ByteView) { return Status(); });
    check(log ? Status() : Status(std::unexpect, log.error()));
    static_cast<void>((*log)->append(Bytes(1)));
    auto writer = (*log)->begin_snapshot();
    auto& broker = server_.broker();
    broker.begin_snapshot();
    while (const auto part = broker.next_part(~std::size_t{0})) {
      part->write([&](ByteView record) { check(writer->write(record)); });
    }
  }

  fs::path folder_;
  Sizes sizes_;
  runtime::SystemClock clock_;
  crypto::SystemRandom random_;
  Everything everything_;
  runtime::IoThreads io_{1};
  automation::BrokerLog log_;
  automation::MqttServer server_;
  Pulse pulse_;
};

int run(const Sizes& sizes) {
  auto pattern = (fs::temp_directory_path() / "snapshot-bench-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    std::perror("mkdtemp");
    return 1;
  }
  {
    Bench bench(pattern, sizes);
    std::promise<void> done;
    boost::asio::co_spawn(bench.executor(), bench.run(),
                          [&done](const std::exception_ptr&) { done.set_value(); });
    done.get_future().wait();
  }
  fs::remove_all(pattern);
  return 0;
}

}  // namespace
}  // namespace unhidra::snapshot_bench

int main(int argc, char** argv) {
  unhidra::snapshot_bench::Sizes sizes;
  for (int i = 1; i + 1 < argc; i += 2) {
    auto& size = std::string_view(argv[i]) == "--sessions" ? sizes.sessions : sizes.retained;
    size = std::strtoull(argv[i + 1], nullptr, 10);
  }
  return unhidra::snapshot_bench::run(sizes);
}
