// What a search in a device's history costs: 50,000 messages in 500 conversations, the first search
// after the start, which reads them from the store, and those that follow, which read memory.
// Prints one line a case: its name and milliseconds, the median of the runs.
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "unhidra/client/engine.h"
#include "unhidra/crypto/provider.h"
#include "unhidra/crypto/random.h"

#include "records.h"

namespace unhidra::client {
namespace {

constexpr std::uint64_t kConversations = 500;
constexpr std::uint64_t kMessages = 100;  // in each
constexpr int kRuns = 9;

class WallClock final : public Clock {
 public:
  Timestamp now() const override { return from_unix_micros(1'700'000'000'000'000); }
  SteadyTime steady_now() const override { return {}; }
};

[[noreturn]] void give_up(const char* why) {
  std::fprintf(stderr, "%s\n", why);
  std::exit(1);
}

std::string text_of(std::uint64_t number) {
  std::string out = "Message " + std::to_string(number) + ":";
  for (std::uint64_t i = 0; i <= number % 5; ++i) {
    out += " words of a usual length, and caf\u00e9s";
  }
  return out;
}

// What an engine would have stored of messages that came.
void fill(Store& store, RandomSource& random, const Clock& clock) {
  std::vector<Mutation> changes;
  for (std::uint64_t c = 0; c < kConversations; ++c) {
    ConversationRecord conversation;
    conversation.id = ConversationId::make(clock, random);
    conversation.peer = UserId::make(clock, random);
    conversation.next_index = kMessages;
    const auto device = DeviceId::make(clock, random);
    for (std::uint64_t i = 0; i < kMessages; ++i) {
      StoredMessage stored;
      auto& message = stored.message;
      message.conversation = conversation.id;
      message.index = i;
      message.id = MessageId::make(clock, random);
      message.sender_user = conversation.peer;
      message.sender_device = device;
      message.seq = i + 1;
      message.sent_at = message.received_at = clock.now() + std::chrono::seconds(i);
      message.text = text_of(c * kMessages + i);
      changes.push_back({Table::message, message_key(conversation.id, i), stored.encode()});
    }
    changes.push_back(
        {Table::conversation, to_bytes(conversation.id.bytes()), conversation.encode()});
  }
  if (!store.commit(changes)) {
    give_up("the store takes nothing");
  }
}

double milliseconds(const Engine& engine, const char* words, std::size_t expected) {
  const auto begun = std::chrono::steady_clock::now();
  const auto found = engine.search({.words = words});
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;
  if (!found || found->size() != expected) {
    give_up("the search finds something else");
  }
  return took.count();
}

void report(const char* what, std::vector<double> times) {
  std::ranges::sort(times);
  std::printf("%s %.1f\n", what, times[times.size() / 2]);
}

int run() {
  WallClock clock;
  crypto::SystemRandom random;
  MemoryStore store;
  const auto open = [&] {
    auto engine = Engine::open({store, crypto::native_provider(), random, clock});
    if (!engine) {
      give_up("the engine does not open");
    }
    return std::move(*engine);
  };
  {
    auto engine = open();
    if (!engine.enroll({UserId::make(clock, random), DeviceId::make(clock, random), "ann"})) {
      give_up("no device");
    }
  }
  fill(store, random, clock);
  std::vector<double> first;
  for (int i = 0; i < 3; ++i) {
    first.push_back(milliseconds(open(), "message 49999", 1));
  }
  report("search_50000_first", first);
  const auto engine = open();
  milliseconds(engine, "message 49999", 1);
  const auto later = [&](const char* what, const char* words, std::size_t expected) {
    std::vector<double> times;
    for (int i = 0; i < kRuns; ++i) {
      times.push_back(milliseconds(engine, words, expected));
    }
    report(what, times);
  };
  later("search_50000_one_hit", "message 49999", 1);
  later("search_50000_no_hit", "nowhere", 0);
  later("search_50000_many_hits", "USUAL caf", 50);
  return 0;
}

}  // namespace
}  // namespace unhidra::client

int main() {
  return unhidra::client::run();
}
