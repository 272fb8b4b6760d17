// What a frame to all devices of a group costs on its way from the sender's process to the
// connections of two gateways: a bus message for each device, and one for all of them.
//
//   fanout_bench [--rounds N]
//
// Over the in-process bus and, where there is a nats-server, over NATS on the loopback. Prints a
// line for each. CPU a frame: of this process (sender and both gateways), and of nats-server.

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>
#include <unistd.h>
#include <vector>

#include <sys/resource.h>

#include "unhidra/base/text.h"
#include "unhidra/messaging/device_events.h"
#include "unhidra/messaging/nats_bus.h"
#include "unhidra/runtime/io_threads.h"

#include "nats_server.h"

namespace unhidra::messaging {
namespace {

using SteadyClock = std::chrono::steady_clock;

double own_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Fields 14 and 15 of proc_pid_stat(5); the name before them has no space.
double cpu_seconds_of(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string field;
  double ticks = 0;
  for (int number = 1; number <= 15 && file >> field; ++number) {
    ticks += number >= 14 ? std::atof(field.c_str()) : 0;
  }
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::vector<DeviceId> devices(std::size_t count) {
  std::vector<DeviceId> out;
  for (std::size_t i = 0; i < count; ++i) {
    Uuid id{};
    const auto spread = i * 0x9E3779B97F4A7C15ULL;  // as random as the ends of real ids
    std::memcpy(id.data() + 8, &spread, sizeof spread);
    out.emplace_back(id);
  }
  return out;
}

void tell_each(Bus& bus, std::span<const DeviceId> to, ByteView frame) {
  for (const auto& device : to) {
    (void)tell_devices(bus, {&device, 1}, frame);
  }
}

// Half of the devices at each of two gateways.
class Audience {
 public:
  Audience(Bus& first, Bus& second, Executor executor, std::span<const DeviceId> all)
      : gateways_{DeviceEvents(first), DeviceEvents(second)} {
    for (auto& gateway : gateways_) {
      (void)gateway.start(executor);
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      listening_.push_back(gateways_[i % 2]
                               .listen(all[i], executor,
                                       [this](const Message&) { heard_.fetch_add(1); },
                                       {.max_pending = 4096})
                               .value());
    }
  }
  // Until everybody has heard so many frames altogether.
  void wait_for(std::uint64_t heard) const {
    while (heard_.load() < heard) {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }

 private:
  std::array<DeviceEvents, 2> gateways_;
  std::atomic<std::uint64_t> heard_{0};
  std::vector<Subscription> listening_;
};

template <class Tell>
void measure(const char* bus_name, const char* way, Bus& bus, const Audience& audience,
             std::span<const DeviceId> all, std::uint64_t& heard, int rounds, int nats, Tell tell) {
  const Bytes frame(1000, 0x5A);
  const auto published = bus.stats().published;
  const auto own = own_cpu_seconds();
  const auto broker = nats == 0 ? 0 : cpu_seconds_of(nats);
  const auto start = SteadyClock::now();
  for (int round = 0; round < rounds; ++round) {
    tell(bus, all, frame);
    heard += all.size();
    audience.wait_for(heard);
  }
  const auto took = std::chrono::duration<double>(SteadyClock::now() - start).count();
  const auto a_frame = [rounds](double seconds) { return seconds / rounds * 1e6; };
  std::printf(
      "%-10s %6zu devices, %-12s %7.0f messages, own CPU %9.0f us, broker %9.0f us, until the last "
      "%9.0f us\n",
      bus_name, all.size(), way, static_cast<double>(bus.stats().published - published) / rounds,
      a_frame(own_cpu_seconds() - own), nats == 0 ? 0 : a_frame(cpu_seconds_of(nats) - broker),
      a_frame(took));
}

void compare(const char* name, Bus& sender, Bus& other, Executor executor, int rounds, int nats) {
  for (const std::size_t count : {100, 1'000, 10'000}) {
    const auto all = devices(count);
    const Audience audience(sender, other, executor, all);
    std::this_thread::sleep_for(std::chrono::seconds(2));  // until the broker has all subscriptions
    std::uint64_t heard = 0;
    const auto fewer = std::max(5, rounds / static_cast<int>(count / 100));
    measure(name, "one each", sender, audience, all, heard, fewer, nats, tell_each);
    measure(name, "one for all", sender, audience, all, heard, fewer, nats,
            [](Bus& bus, std::span<const DeviceId> to, ByteView frame) {
              (void)tell_devices(bus, to, frame);
            });
  }
}

void run(int rounds) {
  runtime::IoThreads threads(2);
  const auto executor = threads.at(0);
  const auto in_process = make_in_process_bus(executor);
  compare("in process", *in_process, *in_process, executor, rounds, 0);
  if (NatsServer nats; nats.running()) {
    const auto connect = [&] {
      return make_nats_bus({.urls = {nats.url()}, .name = "bench"}, executor).value();
    };
    const auto sender = connect();
    const auto other = connect();
    compare("NATS", *sender, *other, executor, rounds, nats.pid());
  }
}

}  // namespace
}  // namespace unhidra::messaging

int main(int argc, char** argv) {
  int rounds = 500;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--rounds") == 0) {
      rounds = std::max(5, std::atoi(argv[i + 1]));
    }
  }
  unhidra::messaging::run(rounds);
  return 0;
}
