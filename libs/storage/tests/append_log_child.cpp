// A process to be killed: append_log_child FOLDER SEED
//
// Opens the log, appends records without end, now and then writes a snapshot, and tells on standard
// output which position is durable: eight bytes of the host's order for each report.

#include <cstdlib>
#include <thread>
#include <unistd.h>

#include "log_crash.h"

namespace unhidra::storage {
namespace {

class Reporter final : public AppendLogListener {
 public:
  void durable(std::uint64_t position) override {
    if (::write(STDOUT_FILENO, &position, sizeof position) != sizeof position) {
      std::_Exit(3);
    }
  }
  void failed(const Error&) override { std::_Exit(4); }
};

int run(const char* folder, std::uint64_t seed) {
  testkit::SeededRandom random(seed);
  CrashState state;
  Reporter reporter;
  auto log = AppendLog::open(crash_settings(folder), reporter, state.replay());
  if (!log) {
    return 2;
  }
  for (;;) {
    const auto burst = 1 + random.below(40);
    for (std::uint64_t i = 0; i < burst; ++i) {
      if (!state.append(**log)) {
        return 5;
      }
    }
    if (random.below(8) == 0 && !state.snapshot(**log)) {
      return 6;
    }
    if (random.below(3) == 0 && !(*log)->flush()) {
      return 7;
    }
    if (random.below(3) == 0) {
      std::this_thread::sleep_for(std::chrono::microseconds(random.below(500)));
    }
  }
}

}  // namespace
}  // namespace unhidra::storage

int main(int argc, char** argv) {
  return argc == 3 ? unhidra::storage::run(argv[1], std::strtoull(argv[2], nullptr, 10)) : 1;
}
