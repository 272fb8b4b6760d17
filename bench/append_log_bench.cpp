// Records on disk a second, and how long one waits: the append log with one appending thread.
//
//   append_log_bench --folder DIR [--in-flight N] [--bytes B] [--rate R] [--seconds S]
//
// At most N records are under way: the next is appended when one is durable, as clients that wait
// for each PUBACK would have it. With --rate, R records a second at even distances; a latency then
// counts from the moment the record was due. Prints one JSON object.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <sys/resource.h>

#include "unhidra/storage/append_log.h"

namespace unhidra {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

struct Options {
  std::string folder;
  std::size_t in_flight = 100;
  std::size_t bytes = 128;
  std::uint64_t rate = 0;  // a second; 0: as many as go
  int seconds = 5;
};

class Durable final : public storage::AppendLogListener {
 public:
  void durable(std::uint64_t position) override {
    position_.store(position, std::memory_order_release);
    position_.notify_one();
  }
  void failed(const Error& error) override {
    std::fprintf(stderr, "%s\n", error.message().c_str());
    std::exit(1);
  }
  std::uint64_t position() const { return position_.load(std::memory_order_acquire); }
  void wait_beyond(std::uint64_t position) const { position_.wait(position); }

 private:
  std::atomic<std::uint64_t> position_ = 0;
};

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// What no log can be faster than here and now: the median of an fdatasync after 4 kB were written
// over zeros.
double sync_floor_us(const std::string& folder) {
  constexpr std::size_t kPage = 4096;
  constexpr std::size_t kCount = 200;
  const auto path = folder + "/floor.tmp";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const Bytes zeros(kPage * kCount);
  if (file < 0 || ::pwrite(file, zeros.data(), zeros.size(), 0) < 0 || ::fsync(file) != 0) {
    std::exit(1);
  }
  std::vector<double> times;
  for (std::size_t i = 0; i < kCount; ++i) {
    const auto start = SteadyClock::now();
    if (::pwrite(file, path.data(), path.size(), static_cast<off_t>(i * kPage)) < 0 ||
        ::fdatasync(file) != 0) {
      std::exit(1);
    }
    times.push_back(std::chrono::duration<double, std::micro>(SteadyClock::now() - start).count());
  }
  ::close(file);
  ::unlink(path.c_str());
  std::ranges::sort(times);
  return times[kCount / 2];
}

class Run {
 public:
  Run(const Options& options, storage::AppendLog& log, const Durable& durable)
      : options_(options),
        log_(log),
        durable_(durable),
        record_(options.bytes, 0x5A),
        floor_(sync_floor_us(options.folder)) {}

  void go() {
    start_ = SteadyClock::now();
    const auto end = start_ + std::chrono::seconds(options_.seconds);
    const auto cpu = cpu_seconds();
    while (SteadyClock::now() < end) {
      collect();
      if (starts_.size() - collected_ >= options_.in_flight) {
        durable_.wait_beyond(collected_);
      } else {
        append();
      }
    }
    while (collected_ < starts_.size()) {
      durable_.wait_beyond(collected_);
      collect();
    }
    const nanoseconds elapsed = SteadyClock::now() - start_;
    report(std::chrono::duration<double>(elapsed).count(), cpu_seconds() - cpu);
  }

 private:
  void append() {
    auto due = SteadyClock::now();
    if (options_.rate > 0) {
      due = start_ + nanoseconds(1'000'000'000 / options_.rate * starts_.size());
      std::this_thread::sleep_until(due);
    }
    if (!log_.append(record_)) {
      std::exit(1);
    }
    starts_.push_back(due);
  }

  void collect() {
    const auto position = durable_.position();
    const auto now = SteadyClock::now();
    for (; collected_ < position; ++collected_) {
      latencies_.push_back(now - starts_[collected_]);
    }
  }

  void report(double seconds, double cpu) {
    std::ranges::sort(latencies_);
    const auto percentile = [&](double part) {
      const auto index =
          static_cast<std::size_t>(part * static_cast<double>(latencies_.size() - 1));
      return std::chrono::duration<double, std::micro>(latencies_[index]).count();
    };
    const auto count = static_cast<double>(latencies_.size());
    std::printf(
        "{\"in_flight\": %zu, \"bytes\": %zu, \"sync_floor_us\": %.0f, \"records_per_second\": "
        "%.0f, \"per_batch\": %.1f, "
        "\"cpu_us_per_record\": %.2f, \"p50_us\": %.0f, \"p99_us\": %.0f, \"p999_us\": %.0f}\n",
        options_.in_flight, options_.bytes, floor_, count / seconds,
        count / static_cast<double>(log_.stats().batches), cpu * 1e6 / count, percentile(0.5),
        percentile(0.99), percentile(0.999));
  }

  const Options& options_;
  storage::AppendLog& log_;
  const Durable& durable_;
  Bytes record_;
  double floor_;
  SteadyClock::time_point start_;
  std::vector<SteadyClock::time_point> starts_;  // by position, from 1
  std::uint64_t collected_ = 0;
  std::vector<nanoseconds> latencies_;
};

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const auto number = std::strtoull(argv[i + 1], nullptr, 10);
    if (name == "--folder") {
      options.folder = argv[i + 1];
    } else if (name == "--in-flight") {
      options.in_flight = number;
    } else if (name == "--bytes") {
      options.bytes = number;
    } else if (name == "--rate") {
      options.rate = number;
    } else if (name == "--seconds") {
      options.seconds = static_cast<int>(number);
    } else {
      return false;
    }
  }
  return argc % 2 == 1 && !options.folder.empty() && options.in_flight > 0;
}

}  // namespace
}  // namespace unhidra

int main(int argc, char** argv) {
  using namespace unhidra;
  Options options;
  if (!parse(argc, argv, options)) {
    std::fputs("usage: see the head of the source\n", stderr);
    return 2;
  }
  Durable durable;
  bool fresh = true;
  auto log = storage::AppendLog::open({.folder = options.folder}, durable,
                                      [&](std::uint64_t, ByteView) -> Status {
                                        fresh = false;
                                        return {};
                                      });
  if (!log || !fresh) {
    std::fprintf(stderr, "%s\n", log ? "the folder must be new" : log.error().message().c_str());
    return 1;
  }
  Run(options, **log, durable).go();
}
