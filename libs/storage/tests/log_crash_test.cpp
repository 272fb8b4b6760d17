// A thousand times: a process that appends is killed, and its log looked at.

#include "log_crash.h"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <thread>
#include <unistd.h>

#include <sys/wait.h>

#include "test_database.h"

namespace unhidra::storage {
namespace {

// testkit::Process keeps a thread for each child; here a pipe that is read afterwards will do, and
// a child that waits because it is full is killed like any other.
class Victim {
 public:
  Victim(const std::string& program, const std::filesystem::path& folder, std::uint64_t seed) {
    if (::pipe2(pipe_, O_CLOEXEC) != 0) {
      std::abort();
    }
    auto seed_text = std::to_string(seed);
    auto path = folder.string();
    auto name = program;
    char* arguments[] = {name.data(), path.data(), seed_text.data(), nullptr};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, pipe_[1], STDOUT_FILENO);
    const int result = ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments, environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(pipe_[1]);
    if (result != 0) {
      std::abort();
    }
  }
  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;
  ~Victim() { ::close(pipe_[0]); }

  // For its first report, on a busy machine too.
  void wait_for_report() const {
    pollfd wanted{pipe_[0], POLLIN, 0};
    EXPECT_EQ(::poll(&wanted, 1, 30'000), 1);
  }
  // What it reported, and how it ended.
  std::uint64_t kill(int& status) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status, 0);
    std::uint64_t durable = 0;
    std::uint64_t position = 0;
    while (::read(pipe_[0], &position, sizeof position) == sizeof position) {
      EXPECT_GT(position, durable);
      durable = position;
    }
    return durable;
  }

 private:
  pid_t pid_ = 0;
  int pipe_[2] = {-1, -1};
};

class Silent final : public AppendLogListener {
 public:
  void durable(std::uint64_t) override {}
  void failed(const Error& error) override { ADD_FAILURE() << error.message(); }
};

TEST(AppendLogCrash, WhatWasReportedDurableSurvivesAThousandKills) {
  constexpr int kKills = 1'000;
  constexpr int kKillsALog = 50;
  testkit::SeededRandom random;
  const auto program = sibling_program("append_log_child");
  int useful = 0;
  for (int log_number = 0; log_number < kKills / kKillsALog; ++log_number) {
    const testkit::TempDir dir;
    std::uint64_t promised = 0;
    for (int round = 0; round < kKillsALog; ++round) {
      Victim victim(program, dir / "log", random.next());
      // Half of them at any moment, recovery included; half after they have promised something.
      if (random.below(2) == 0) {
        victim.wait_for_report();
      }
      std::this_thread::sleep_for(std::chrono::microseconds(random.below(8'000)));
      int status = 0;
      const auto durable = victim.kill(status);
      ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself: " << status;
      promised = std::max(promised, durable);
      useful += durable > 0 ? 1 : 0;
      CrashState state;
      Silent silent;
      // Every other time the next victim opens what its predecessor left.
      if (round % 2 == 0) {
        auto log = AppendLog::open(crash_settings(dir / "log"), silent, state.replay());
        ASSERT_TRUE(log) << log.error().message();
        ASSERT_GE((*log)->stats().durable, promised);
        ASSERT_GE(state.position(), promised);
      }
    }
  }
  EXPECT_GT(useful, kKills / 4) << "most were killed before they had done anything";
}

}  // namespace
}  // namespace unhidra::storage
