// What the log promises while nothing goes wrong.

#include <algorithm>
#include <thread>

#include "log_world.h"

namespace unhidra::storage {
namespace {

TEST_F(LogTest, GivesBackWhatWasAppendedInOrder) {
  {
    const auto log = open();
    append_numbers(*log, 1, 500);
    ASSERT_DONE(log->flush());
    EXPECT_EQ(listener_.durable(), 500U);
    EXPECT_EQ(log->backlog(), 0U);
    EXPECT_GT(log->stats().segments, 3U);
  }
  Replayed replayed;
  const auto log = open(replayed);
  expect_numbers(replayed, 1, 500);
  EXPECT_EQ(log->recovery().records, 500U);
  EXPECT_EQ(log->recovery().discarded_bytes, 0U);
}

TEST_F(LogTest, GoesOnAfterEachRestart) {
  std::uint64_t last = 0;
  std::uint64_t last_position = 0;
  for (int round = 0; round < 20; ++round) {
    Replayed replayed;
    const auto log = open(replayed);
    expect_numbers(replayed, 1, last);
    for (int i = 0; i < 30; ++i) {
      const auto position = log->append(record_of(++last));
      ASSERT_TRUE(position);
      ASSERT_GT(*position, last_position);
      last_position = *position;
    }
    ASSERT_DONE(log->close());
  }
}

TEST_F(LogTest, OpeningAndClosingAloneDoesNotGrowIt) {
  {
    append_numbers(*open(), 1, 3);
  }
  {
    open();
  }
  const auto before = read_file(segment(1));
  for (int i = 0; i < 5; ++i) {
    open();
  }
  EXPECT_EQ(read_file(segment(1)), before);
}

TEST_F(LogTest, TakesEmptyRecordsAndThoseLargerThanASegment) {
  const Bytes large(100'000, 0x5A);
  {
    const auto log = open();
    ASSERT_TRUE(log->append({}));
    ASSERT_TRUE(log->append(large));
    ASSERT_TRUE(log->append({}));
    ASSERT_TRUE(log->append(record_of(4)));
  }
  Replayed replayed;
  open(replayed);
  EXPECT_EQ(replayed.records, (std::vector<Bytes>{{}, large, {}, record_of(4)}));
}

TEST_F(LogTest, RefusesARecordOverTheLimit) {
  const auto log = open();
  const auto nothing = std::make_unique<Byte>();
  const auto position = log->append(ByteView(nothing.get(), kMaxLogRecord + 1));
  ASSERT_FALSE(position);
  EXPECT_TRUE(position.error() == Errc::too_large);
}

TEST_F(LogTest, ManyThreadsMayAppend) {
  {
    const auto log = open();
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&log, t] {
        for (int i = 0; i < 200; ++i) {
          EXPECT_TRUE(log->append(record_of(static_cast<std::uint64_t>(t * 1'000 + i))));
        }
      });
    }
  }
  Replayed replayed;
  open(replayed);
  ASSERT_EQ(replayed.records.size(), 800U);
  for (std::size_t i = 0; i < 800; ++i) {
    EXPECT_EQ(replayed.positions[i], i + 1);
  }
}

TEST_F(LogTest, IsOfOneProcessAtATime) {
  const auto log = open();
  Replayed replayed;
  const auto second = LogEngine::open(settings(), listener_, replayed.replay());
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error() == Errc::locked);
  EXPECT_NE(second.error().message().find(folder().string()), std::string::npos);
}

TEST_F(LogTest, ClosedItRefusesMore) {
  const auto log = open();
  append_numbers(*log, 1, 1);
  ASSERT_DONE(log->close());
  ASSERT_DONE(log->close());
  EXPECT_TRUE(log->append({}).error() == Errc::stopped);
  EXPECT_EQ(listener_.durable(), 1U);
}

TEST_F(LogTest, AReplayThatFailsEndsOpen) {
  {
    append_numbers(*open(), 1, 3);
  }
  const auto log = LogEngine::open(settings(), listener_, [](std::uint64_t position, ByteView) {
    return position < 2 ? Status() : Status(fail(Errc::bad_text, "no"));
  });
  ASSERT_FALSE(log);
  EXPECT_TRUE(log.error() == Errc::bad_text);
}

void write_snapshot(LogEngine& log, std::uint64_t from, std::uint64_t to) {
  auto snapshot = log.begin_snapshot();
  ASSERT_TRUE(snapshot);
  for (auto number = from; number <= to; ++number) {
    ASSERT_DONE((*snapshot)->write(record_of(number)));
  }
  ASSERT_DONE((*snapshot)->commit());
}

TEST_F(LogTest, ASnapshotReplacesTheSegmentsBeforeIt) {
  {
    const auto log = open();
    append_numbers(*log, 1, 400);
    write_snapshot(*log, 10'000, 10'099);
    EXPECT_EQ(log->stats().segments, 1U);
    EXPECT_FALSE(std::filesystem::exists(segment(1)));
    append_numbers(*log, 401, 600);
  }
  Replayed replayed;
  const auto log = open(replayed);
  ASSERT_EQ(replayed.records.size(), 300U);
  for (std::uint64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(replayed.records[i], record_of(10'000 + i));
    EXPECT_EQ(replayed.positions[i], 400U);
  }
  for (std::uint64_t i = 0; i < 200; ++i) {
    EXPECT_EQ(replayed.records[100 + i], record_of(401 + i));
  }
  EXPECT_EQ(log->recovery().snapshot_position, 400U);
  EXPECT_EQ(log->recovery().snapshot_records, 100U);
}

TEST_F(LogTest, ANewerSnapshotReplacesTheOlder) {
  for (std::uint64_t round = 1; round <= 5; ++round) {
    const auto log = open();
    append_numbers(*log, round, round);
    write_snapshot(*log, 1, round);
  }
  std::size_t snapshots = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    snapshots += entry.path().filename().string().starts_with("snapshot-") ? 1 : 0;
  }
  EXPECT_EQ(snapshots, 1U);
  Replayed replayed;
  open(replayed);
  expect_numbers(replayed, 1, 5);
}

TEST_F(LogTest, AppendsGoOnWhileASnapshotIsWritten) {
  {
    const auto log = open();
    append_numbers(*log, 1, 100);
    auto snapshot = log->begin_snapshot();
    ASSERT_TRUE(snapshot);
    EXPECT_TRUE(log->begin_snapshot().error() == Errc::busy);
    for (std::uint64_t number = 1; number <= 100; ++number) {
      append_numbers(*log, 100 + number, 100 + number);
      ASSERT_DONE((*snapshot)->write(record_of(number)));
    }
    ASSERT_DONE((*snapshot)->commit());
  }
  Replayed replayed;
  open(replayed);
  expect_numbers(replayed, 1, 200);
}

TEST_F(LogTest, ASnapshotThatIsGivenUpLeavesNothing) {
  const auto log = open();
  append_numbers(*log, 1, 10);
  {
    ASSERT_DONE(log->begin_snapshot().value()->write(record_of(1)));
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    EXPECT_FALSE(entry.path().filename().string().starts_with("snapshot-"));
  }
  EXPECT_TRUE(log->begin_snapshot());
}

TEST_F(LogTest, AnEmptySnapshotIsAState) {
  {
    const auto log = open();
    append_numbers(*log, 1, 10);
    ASSERT_DONE(log->begin_snapshot().value()->commit());
    append_numbers(*log, 11, 12);
  }
  Replayed replayed;
  open(replayed);
  expect_numbers(replayed, 11, 12);
}

TEST_F(LogTest, ThePublicFaceDoesTheSame) {
  Replayed replayed;
  for (int round = 0; round < 2; ++round) {
    auto log = AppendLog::open(settings(), listener_, replayed.replay());
    ASSERT_TRUE(log);
    if (round == 0) {
      ASSERT_TRUE((*log)->append(record_of(1)));
      ASSERT_DONE((*log)->flush());
      auto snapshot = (*log)->begin_snapshot();
      ASSERT_TRUE(snapshot);
      EXPECT_EQ(snapshot->position(), 1U);
      ASSERT_DONE(snapshot->write(record_of(1)));
      ASSERT_DONE(snapshot->commit());
      EXPECT_EQ((*log)->stats().bytes_since_snapshot, 0U);
      EXPECT_EQ((*log)->backlog(), 0U);
    }
    ASSERT_DONE((*log)->close());
  }
  EXPECT_EQ(replayed.records, std::vector<Bytes>{record_of(1)});
}

}  // namespace
}  // namespace unhidra::storage
