#include <fstream>
#include <signal.h>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "unhidra/testkit/fake_clock.h"
#include "unhidra/testkit/postgres_server.h"
#include "unhidra/testkit/process.h"
#include "unhidra/testkit/seeded_random.h"
#include "unhidra/testkit/temp_dir.h"

namespace unhidra::testkit {
namespace {

using namespace std::chrono_literals;

TEST(FakeClock, MovesOnlyWhenTold) {
  FakeClock clock;
  const auto now = clock.now();
  const auto steady = clock.steady_now();
  EXPECT_EQ(to_rfc3339(now), "2026-01-01T00:00:00.000000Z");
  clock.advance(1500ms);
  EXPECT_EQ(clock.now() - now, 1500ms);
  EXPECT_EQ(clock.steady_now() - steady, 1500ms);
  clock.set_now(now - 1h);
  EXPECT_EQ(clock.now(), now - 1h);
  EXPECT_EQ(clock.steady_now() - steady, 1500ms);
}

TEST(SeededRandom, RepeatsFromItsSeedAndDiffersBetweenSeeds) {
  SeededRandom one(7);
  SeededRandom same(7);
  SeededRandom other(8);
  const auto bytes = one.array<33>();
  EXPECT_EQ(bytes, same.array<33>());
  EXPECT_NE(bytes, other.array<33>());
  EXPECT_NE(bytes, one.array<33>());
}

TEST(SeededRandom, TakesTheSeedFromTheEnvironment) {
  ::setenv("UNHIDRA_TEST_SEED", "123", 1);
  EXPECT_EQ(SeededRandom().seed(), 123U);
  ::unsetenv("UNHIDRA_TEST_SEED");
}

TEST(TempDir, IsPrivateAndGoesWithTheObject) {
  std::filesystem::path path;
  {
    const TempDir dir;
    path = dir.path();
    std::ofstream(dir / "file") << "x";
    struct stat info{};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0700U);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Process, CollectsOutputAndExitStatus) {
  const auto done = Process::run(
      {{"sh", "-c", "echo out $NAME; echo err >&2; exit 3"}, {{"NAME", "value"}}, "", "", true});
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(done->status, 3);
  EXPECT_EQ(done->output, "out value\n");
  EXPECT_EQ(done->error_output, "err\n");
}

TEST(Process, WaitsForLinesAndTakesInputAndSignals) {
  ProcessOptions options;
  options.arguments = {"sh", "-c", "echo ready; read x; echo got $x; exec sleep 100"};
  auto process = Process::start(std::move(options));
  ASSERT_TRUE(process);
  EXPECT_EQ(process->wait_for_line("read", 5s), "ready");
  EXPECT_EQ(process->wait_for_line("never", 20ms), std::nullopt);
  process->write_input("it\n");
  EXPECT_EQ(process->wait_for_line("got", 5s), "got it");
  EXPECT_EQ(process->wait(10ms), std::nullopt);
  process->signal(SIGTERM);
  EXPECT_EQ(process->wait(5s), 128 + SIGTERM);
}

TEST(Process, IsKilledWithItsObject) {
  pid_t pid = 0;
  {
    ProcessOptions options;
    options.arguments = {"sleep", "100"};
    auto process = Process::start(std::move(options));
    ASSERT_TRUE(process);
    pid = process->pid();
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST(PostgresServer, StartsStopsAndStartsAgain) {
  if (const auto reason = PostgresServer::missing(); !reason.empty()) {
    GTEST_SKIP() << reason;
  }
  auto server = PostgresServer::start();
  ASSERT_TRUE(server) << server.error().message();
  EXPECT_TRUE(wait_for_port(server->port(), 5s));
  ASSERT_TRUE(server->create_database("one"));
  EXPECT_FALSE(server->create_database("one"));
  server->kill();
  EXPECT_FALSE(wait_for_port(server->port(), 0ms));
  ASSERT_TRUE(server->restart());
  EXPECT_FALSE(server->create_database("one"));
}

}  // namespace
}  // namespace unhidra::testkit
