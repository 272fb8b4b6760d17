// What the broker's two trees cost as they grow: the time to find the subscribers of a topic among
// N wildcard filters, and the memory of N retained topics.
//
//   topic_tree_bench [--filters N] [--retained N]      1,000,000 of each
//
// Each device has three filters of its own, "site/S/F/D/#", "site/+/F/D/temperature" and
// "site/S/F/D/+", so that a topic has three matches however many filters there are. Topics are
// drawn from a thousand devices (what is busy stays in the processor's caches) or from all. CPU
// time of the thread, the median of nine rounds. Memory is what malloc has given out.
//
// Beside it what no tree of that size can do without: the time for one line of as much memory, and
// for eight lines that are asked for together, the next ones only when these have come.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <malloc.h>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "unhidra/mqtt/retained_tree.h"
#include "unhidra/mqtt/subscription_tree.h"

namespace unhidra::mqtt {
namespace {

constexpr std::size_t kFiltersEach = 3;
constexpr std::size_t kMatches = 200'000;
constexpr int kRounds = 9;
constexpr std::size_t kPayload = 64;

struct Client final : Subscriber {
  Client() { set_available(true); }
};

std::string place_of(std::size_t device, const char* site) {
  return "site/" + std::string(site) + "/" + std::to_string(device / 100) + "/" +
         std::to_string(device);
}
std::string site_of(std::size_t device) {
  return std::to_string(device / 10'000);
}
std::string topic_of(std::size_t device) {
  return place_of(device, site_of(device).c_str()) + "/temperature";
}

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}
std::size_t allocated() {
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

double nanoseconds_per_match(const SubscriptionTree& tree, const std::vector<std::string>& topics) {
  Matches matches;
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = cpu_seconds();
    for (std::size_t i = 0; i < kMatches; ++i) {
      tree.match(topics[i % topics.size()], nullptr, matches);
      if (matches.deliveries().size() != kFiltersEach) {
        std::fprintf(stderr, "%zu matches\n", matches.deliveries().size());
        std::exit(1);
      }
    }
    rounds.push_back((cpu_seconds() - start) * 1e9 / kMatches);
  }
  std::ranges::nth_element(rounds, rounds.begin() + kRounds / 2);
  return rounds[kRounds / 2];
}

// Nanoseconds for a round of `kLines` lines.
template <std::size_t kLines>
double nanoseconds_per_access(std::size_t bytes) {
  struct alignas(64) Line {
    std::uint64_t value;
  };
  std::vector<Line> lines(std::max<std::size_t>(bytes / sizeof(Line), 1));
  std::mt19937_64 random(1);
  for (auto& line : lines) {
    line.value = random();
  }
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  std::vector<double> rounds;
  std::uint64_t at = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = cpu_seconds();
    for (std::size_t i = 0; i < kMatches; ++i) {
      std::uint64_t next = i;
      for (std::size_t line = 0; line < kLines; ++line) {
        const auto place = ((at + line * kOdd) >> 32) * lines.size() >> 32;
        next += lines[place].value;
      }
      at = next ^ (i * kOdd);  // never the same way twice
    }
    rounds.push_back((cpu_seconds() - start) * 1e9 / kMatches);
  }
  if (at == 0) {
    std::printf(" ");  // so that it is needed
  }
  std::ranges::nth_element(rounds, rounds.begin() + kRounds / 2);
  return rounds[kRounds / 2];
}

std::vector<std::string> draw(std::mt19937& random, std::size_t devices, std::size_t of) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < of; ++i) {
    out.push_back(topic_of(random() % devices));
  }
  return out;
}

void measure_filters(std::size_t filters) {
  const auto devices = filters / kFiltersEach;
  std::mt19937 random(1);
  const auto before = allocated();
  SubscriptionTree tree(7);
  std::vector<std::unique_ptr<Client>> clients;
  for (std::size_t i = 0; i < 3 * kFiltersEach; ++i) {
    clients.push_back(std::make_unique<Client>());
  }
  for (std::size_t device = 0; device < devices; ++device) {
    const auto own = place_of(device, site_of(device).c_str());
    const auto at = (device % 3) * kFiltersEach;
    const std::string all[] = {own + "/#", place_of(device, "+") + "/temperature", own + "/+"};
    for (std::size_t i = 0; i < kFiltersEach; ++i) {
      Subscription subscription;
      subscription.subscriber = clients[at + i].get();
      tree.add(all[i], subscription);
    }
  }
  const auto bytes = static_cast<double>(allocated() - before);
  const auto busy = nanoseconds_per_match(tree, draw(random, devices, 1'000));
  const auto any = nanoseconds_per_match(tree, draw(random, devices, kMatches));
  const auto size = static_cast<std::size_t>(bytes);
  std::printf(
      "%9zu filters   a thousand topics %6.0f ns   all topics %6.0f ns   %4.0f bytes each   "
      "memory: a line %4.0f ns, eight together %4.0f ns\n",
      tree.size(), busy, any, bytes / static_cast<double>(tree.size()),
      nanoseconds_per_access<1>(size), nanoseconds_per_access<8>(size));
}

void measure_retained(std::size_t count) {
  const auto before = allocated();
  RetainedTree tree(7);
  const Bytes payload(kPayload, 'x');
  std::size_t text = 0;
  for (std::size_t device = 0; device < count; ++device) {
    const auto topic = topic_of(device);
    text += topic.size();
    Message::Fields fields;
    fields.topic = topic;
    fields.payload = payload;
    fields.retain = true;
    tree.set(MessageRef::make(fields));
  }
  const auto each = static_cast<double>(allocated() - before) / static_cast<double>(count);
  const auto topic = static_cast<double>(text) / static_cast<double>(count);
  std::printf("%9zu retained  %4.0f bytes each: payload %zu, topic %.0f, overhead %.0f\n",
              tree.size(), each, kPayload, topic, each - kPayload - topic);
}

}  // namespace
}  // namespace unhidra::mqtt

int main(int argc, char** argv) {
  std::size_t filters = 1'000'000;
  std::size_t retained = 1'000'000;
  for (int i = 1; i + 1 < argc; i += 2) {
    auto& size = std::string_view(argv[i]) == "--filters" ? filters : retained;
    size = std::strtoull(argv[i + 1], nullptr, 10);
  }
  for (std::size_t count = 1'000; count <= filters; count *= 10) {
    unhidra::mqtt::measure_filters(count);
  }
  unhidra::mqtt::measure_retained(retained);
  return 0;
}
