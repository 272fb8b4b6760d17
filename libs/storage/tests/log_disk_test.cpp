// A disk that is full, fails or loses its power.

#include <csignal>
#include <fstream>
#include <thread>

#include <sys/mount.h>
#include <sys/resource.h>

#include "faulty_disk.h"
#include "log_world.h"

namespace unhidra::storage {
namespace {

class LogDisk : public LogTest {
 protected:
  // Appends until the log refuses; the last number it took.
  std::uint64_t append_until_refused(LogEngine& log, std::uint64_t number, Errc expected) {
    for (const auto end = number + 200'000; number < end; ++number) {
      const auto position = log.append(record_of(number));
      if (!position) {
        EXPECT_TRUE(position.error() == expected) << position.error().message();
        return number - 1;
      }
      if (number % 16 == 0) {
        (void)log.flush();
      }
    }
    ADD_FAILURE() << "never refused";
    return number;
  }
};

TEST_F(LogDisk, AFailedSyncIsNeverTakenForASuccess) {
  FaultyDisk disk(1);
  std::uint64_t promised = 0;
  {
    Replayed replayed;
    const auto log = open(replayed, disk);
    append_numbers(*log, 1, 10);
    ASSERT_DONE(log->flush());
    promised = listener_.durable();
    disk.fail_next_sync();
    append_numbers(*log, 11, 11);
    EXPECT_TRUE(log->flush().error() == Errc::unavailable);
    EXPECT_EQ(listener_.durable(), promised);
    ASSERT_EQ(listener_.failures().size(), 1U);
    EXPECT_TRUE(log->append({}).error() == Errc::unavailable);
    EXPECT_TRUE(log->begin_snapshot().value()->commit().error() == Errc::unavailable);
    EXPECT_FALSE(log->close());
  }
  // The kernel still shows what the disk does not have. What is read now is durable after open.
  std::uint64_t shown = 0;
  {
    Replayed replayed;
    const auto log = open(replayed, disk);
    shown = replayed.records.size();
    ASSERT_GE(shown, promised);
  }
  disk.forget();
  Replayed replayed;
  open(replayed);
  expect_numbers(replayed, 1, shown);
}

TEST_F(LogDisk, AFailedWriteStopsTheLog) {
  FaultyDisk disk(1);
  {
    Replayed replayed;
    const auto log = open(replayed, disk);
    append_numbers(*log, 1, 10);
    ASSERT_DONE(log->flush());
    disk.fail_writes(Errc::unavailable);
    append_numbers(*log, 11, 11);
    EXPECT_TRUE(log->flush().error() == Errc::unavailable);
    EXPECT_EQ(listener_.failures().size(), 1U);
    disk.fail_writes(std::nullopt);
    EXPECT_TRUE(log->append({}).error() == Errc::unavailable);
  }
  Replayed replayed;
  open(replayed);
  expect_numbers(replayed, 1, 10);
}

TEST_F(LogDisk, WritesThatFindNoRoomAreRepeated) {
  FaultyDisk disk(1);
  {
    Replayed replayed;
    const auto log = open(replayed, disk);
    append_numbers(*log, 1, 10);
    ASSERT_DONE(log->flush());
    disk.fail_writes(Errc::disk_full);
    append_numbers(*log, 11, 11);
    EXPECT_TRUE(log->flush().error() == Errc::disk_full);
    EXPECT_TRUE(log->append({}).error() == Errc::disk_full);
    EXPECT_EQ(listener_.durable(), 10U);
    disk.fail_writes(std::nullopt);
    ASSERT_TRUE(listener_.wait_for_writable());
    EXPECT_EQ(listener_.durable(), 11U);
    append_numbers(*log, 12, 20);
    ASSERT_DONE(log->flush());
    EXPECT_EQ(listener_.failures().size(), 1U);
  }
  Replayed replayed;
  open(replayed);
  expect_numbers(replayed, 1, 20);
}

TEST_F(LogDisk, AnOwnerThatCannotWaitMayGoOnWhileTheDiskIsFull) {
  FaultyDisk disk(1);
  auto patient = settings();
  patient.accept_when_full = true;
  patient.max_backlog = 10'000;
  Replayed replayed;
  {
    auto log = LogEngine::open(patient, listener_, replayed.replay(), disk);
    ASSERT_TRUE(log);
    disk.fail_writes(Errc::disk_full);
    append_numbers(**log, 1, 1);
    EXPECT_TRUE((*log)->flush().error() == Errc::disk_full);
    const auto last = append_until_refused(**log, 2, Errc::disk_full);
    EXPECT_GT(last, 20U);
    disk.fail_writes(std::nullopt);
    ASSERT_TRUE(listener_.wait_for_writable());
    append_numbers(**log, last + 1, last + 1);
    ASSERT_DONE((*log)->close());
  }
  open(replayed);
  expect_numbers(replayed, 1, replayed.records.size());
}

TEST_F(LogDisk, TheBacklogIsBounded) {
  FaultyDisk disk(1);
  auto small = settings();
  small.max_backlog = 5'000;
  Replayed replayed;
  auto log = LogEngine::open(small, listener_, replayed.replay(), disk);
  ASSERT_TRUE(log);
  const Bytes record(1'000);
  bool refused = false;
  for (int i = 0; i < 100'000 && !refused; ++i) {
    const auto position = (*log)->append(record);
    refused = !position;
    if (refused) {
      EXPECT_TRUE(position.error() == Errc::overloaded);
    }
    ASSERT_LE((*log)->backlog(), small.max_backlog);
  }
  EXPECT_TRUE(refused);
  ASSERT_DONE((*log)->flush());
  EXPECT_TRUE((*log)->append(record));
}

// A real file system without room: only root may mount one.
TEST_F(LogDisk, AFullFileSystemIsToldAndOutlasted) {
  const auto mount_point = dir_ / "small";
  std::filesystem::create_directory(mount_point);
  if (::mount("tmpfs", mount_point.c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "cannot mount a small file system here (needs root)";
  }
  auto here = settings();
  here.folder = mount_point / "log";
  const auto ballast = mount_point / "ballast";
  std::ofstream(ballast) << std::string(500'000, 'x');
  std::uint64_t last = 0;
  {
    Replayed replayed;
    auto log = LogEngine::open(here, listener_, replayed.replay());
    ASSERT_TRUE(log) << log.error().message();
    last = append_until_refused(**log, 1, Errc::disk_full);
    EXPECT_GT(last, 1'000U);
    EXPECT_GT((*log)->backlog(), 0U);
    std::filesystem::remove(ballast);
    ASSERT_TRUE(listener_.wait_for_writable());
    append_numbers(**log, last + 1, last + 500);
    last += 500;
    ASSERT_DONE((*log)->close());
  }
  Replayed replayed;
  EXPECT_TRUE(LogEngine::open(here, listener_, replayed.replay()));
  expect_numbers(replayed, 1, last);
  EXPECT_EQ(::umount2(mount_point.c_str(), MNT_DETACH), 0);
}

TEST_F(LogDisk, AFileSizeLimitIsAFullDisk) {
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  std::uint64_t last = 0;
  {
    Replayed replayed;
    const auto log = open(replayed);
    append_numbers(*log, 1, 10);
    ASSERT_DONE(log->flush());
    rlimit tight = old;
    tight.rlim_cur = 8'192;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
    last = append_until_refused(*log, 11, Errc::disk_full);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
    ASSERT_TRUE(listener_.wait_for_writable());
    append_numbers(*log, last + 1, last + 100);
    last += 100;
  }
  (void)std::signal(SIGXFSZ, before);
  Replayed replayed;
  open(replayed);
  expect_numbers(replayed, 1, last);
}

TEST_F(LogDisk, ClosingWithAFullDiskTellsWhatIsMissing) {
  FaultyDisk disk(1);
  {
    Replayed replayed;
    const auto log = open(replayed, disk);
    disk.fail_writes(Errc::disk_full);
    append_numbers(*log, 1, 1);
    const auto closed = log->close();
    ASSERT_FALSE(closed);
    EXPECT_TRUE(closed.error() == Errc::disk_full);
    EXPECT_EQ(listener_.durable(), 0U);
  }
  disk.fail_writes(std::nullopt);
  Replayed replayed;
  open(replayed);
  EXPECT_TRUE(replayed.records.empty());
}

// Unlike a killed process, a machine without power also loses what it had not synced, in any order.
class PowerCuts : public LogDisk {
 protected:
  // One life of the log. `known` is the newest number that must be there, before and after.
  void live_until_the_cut(FaultyDisk& disk, std::uint64_t& known) {
    listener_.begin();
    if (random_.below(4) != 0) {
      disk.lose_power_after(static_cast<int>(random_.below(60)));
    }
    Replayed replayed;
    auto log = LogEngine::open(settings(), listener_, replayed.replay(), disk);
    if (!log) {
      ASSERT_TRUE(log.error() == Errc::unavailable) << log.error().message();
      return;
    }
    torn_ += (*log)->recovery().discarded_bytes > 0 ? 1 : 0;
    ASSERT_GE(replayed.records.size(), known);
    known = replayed.records.size();
    expect_numbers(replayed, 1, known);
    const auto numbers = append_some(**log, known);
    disk.lose_power_after(static_cast<int>(random_.below(3)));
    (void)(*log)->close();
    if (const auto durable = numbers.find(listener_.durable()); durable != numbers.end()) {
      known = durable->second;
    }
  }

  // Their numbers by their positions.
  std::map<std::uint64_t, std::uint64_t> append_some(LogEngine& log, std::uint64_t known) {
    std::map<std::uint64_t, std::uint64_t> numbers;
    const auto last = known + random_.below(200);
    for (auto number = known + 1; number <= last; ++number) {
      if (const auto position = log.append(record_of(number))) {
        numbers[*position] = number;
      }
      if (random_.below(40) == 0) {
        (void)log.flush();
      }
    }
    if (random_.below(6) == 0) {
      if (auto snapshot = log.begin_snapshot()) {
        for (std::uint64_t number = 1; number <= last; ++number) {
          (void)(*snapshot)->write(record_of(number));
        }
        (void)(*snapshot)->commit();
      }
    }
    return numbers;
  }

  testkit::SeededRandom random_;
  int torn_ = 0;
};

TEST_F(PowerCuts, WhatWasReportedDurableSurvivesAThousand) {
  constexpr int kLogs = 40;
  constexpr int kCutsALog = 25;
  for (int number = 0; number < kLogs; ++number) {
    std::filesystem::remove_all(folder());
    FaultyDisk disk(random_.next());
    std::uint64_t known = 0;
    for (int cut = 0; cut < kCutsALog; ++cut) {
      live_until_the_cut(disk, known);
      if (HasFatalFailure()) {
        return;
      }
      disk.forget();
    }
  }
  EXPECT_GT(torn_, kLogs / 4) << "the cuts tore too little";
}

}  // namespace
}  // namespace unhidra::storage
