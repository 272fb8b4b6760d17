// What became of the files: cut, flipped, overwritten, taken away, mixed up.

#include <algorithm>

#include "log_world.h"

namespace unhidra::storage {
namespace {

class LogDamage : public LogTest {
 protected:
  // Three segments: [1, ...], of which the last begins at last_.
  void make(std::uint64_t count) {
    const auto log = open();
    append_numbers(*log, 1, count);
    ASSERT_DONE(log->close());
    Replayed replayed;
    const auto recovered = recover(real_file_system(), folder(), replayed.replay());
    ASSERT_TRUE(recovered);
    last_ = recovered->segments.back();
    end_ = recovered->end;
    count_ = count;
  }
  // Of whole records, as many as stand before the cut.
  struct Outcome {
    Result<Recovered> recovered;
    Replayed replayed;
  };
  Outcome look() const {
    Outcome outcome{.recovered = Recovered(), .replayed = {}};
    outcome.recovered = recover(real_file_system(), folder(), outcome.replayed.replay());
    return outcome;
  }
  void expect_refused(Errc code, const std::filesystem::path& file, std::string_view offset) {
    const auto outcome = look();
    ASSERT_FALSE(outcome.recovered);
    const auto& error = outcome.recovered.error();
    EXPECT_TRUE(error == code) << error.message();
    EXPECT_NE(error.message().find(file.string()), std::string::npos) << error.message();
    EXPECT_NE(error.message().find(offset), std::string::npos) << error.message();
  }
  void change(const std::filesystem::path& path, std::size_t offset, Byte mask) {
    auto bytes = read_file(path);
    bytes.at(offset) = static_cast<Byte>(bytes[offset] ^ mask);
    write_file(path, bytes);
  }

  std::uint64_t last_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t count_ = 0;
};

TEST_F(LogDamage, TheLastSegmentMayBeCutAnywhereBehindItsHeader) {
  segment_size_ = 4096;
  make(60);
  ASSERT_GT(last_, 1U);
  const auto whole = read_file(segment(last_));
  std::uint64_t previous = last_ - 1;
  for (std::size_t size = 0; size <= end_; ++size) {
    write_file(segment(last_), ByteView(whole).first(size));
    if (size < kFileHeaderSize) {
      expect_refused(size < 8 ? Errc::unknown_format : Errc::corrupt, segment(last_), "offset 0");
      continue;
    }
    const auto outcome = look();
    ASSERT_TRUE(outcome.recovered) << size << outcome.recovered.error().message();
    const auto count = outcome.replayed.records.size();
    ASSERT_GE(count, previous);
    expect_numbers(outcome.replayed, 1, count);
    previous = count;
  }
  EXPECT_EQ(previous, 60U);
}

TEST_F(LogDamage, AfterACutTheLogGoesOn) {
  segment_size_ = 4096;
  make(20);
  const auto whole = read_file(segment(last_));
  for (std::size_t cut = kFileHeaderSize; cut < end_; cut += 37) {
    write_file(segment(last_), ByteView(whole).first(cut));
    std::uint64_t kept = 0;
    {
      Replayed replayed;
      const auto log = open(replayed);
      kept = replayed.records.size();
      append_numbers(*log, kept + 1, kept + 5);
    }
    Replayed replayed;
    open(replayed);
    expect_numbers(replayed, 1, kept + 5);
    // The next round starts from the same files.
    for (const auto& entry : std::filesystem::directory_iterator(folder())) {
      const auto first = position_of(FileKind::segment, entry.path().filename().string());
      if (first && *first > last_) {
        std::filesystem::remove(entry.path());
      }
    }
  }
}

TEST_F(LogDamage, EveryFlippedBitIsFound) {
  segment_size_ = 4096;
  make(60);
  ASSERT_GT(last_, 1U);
  testkit::SeededRandom random;
  for (const auto first : {std::uint64_t{1}, last_}) {
    const auto whole = read_file(segment(first));
    const auto used = first == 1 ? whole.size() : end_;
    for (std::size_t offset = 0; offset < used; ++offset) {
      auto bytes = whole;
      bytes[offset] = static_cast<Byte>(bytes[offset] ^ (1U << random.below(8)));
      write_file(segment(first), bytes);
      const auto outcome = look();
      // The mark of a closed log, and it alone, may go without a trace.
      if (first == last_ && offset >= end_ - frame_size(0)) {
        ASSERT_TRUE(outcome.recovered);
        expect_numbers(outcome.replayed, 1, 60);
        continue;
      }
      ASSERT_FALSE(outcome.recovered) << first << " " << offset;
      ASSERT_EQ(outcome.recovered.error().kind(), ErrorKind::corrupt);
      ASSERT_NE(outcome.recovered.error().message().find(segment(first).string()),
                std::string::npos);
    }
    write_file(segment(first), whole);
  }
}

TEST_F(LogDamage, TheErrorNamesFileAndOffset) {
  make(10);
  change(segment(1), kFileHeaderSize + kFrameHeaderSize + 3, 0x10);
  expect_refused(Errc::corrupt, segment(1), "offset 64");
}

TEST_F(LogDamage, ZerosInTheMiddleAreRefused) {
  make(300);
  for (const auto first : {std::uint64_t{1}, last_}) {
    const auto whole = read_file(segment(first));
    auto bytes = whole;
    std::fill_n(bytes.begin() + kFileHeaderSize, 1024, Byte{0});
    write_file(segment(first), bytes);
    expect_refused(Errc::corrupt, segment(first), "offset 64");
    std::fill(bytes.begin() + kFileHeaderSize, bytes.end(), Byte{0});
    write_file(segment(first), bytes);
    if (first != last_) {
      expect_refused(Errc::corrupt, segment(first), "offset 64");
    }
    write_file(segment(first), whole);
  }
}

TEST_F(LogDamage, AnEarlierSegmentMayNotBeCut) {
  make(300);
  const auto whole = read_file(segment(1));
  for (std::size_t size = 0; size < 8'192; size += 61) {
    write_file(segment(1), ByteView(whole).first(size));
    const auto outcome = look();
    ASSERT_FALSE(outcome.recovered);
    ASSERT_EQ(outcome.recovered.error().kind(), ErrorKind::corrupt);
  }
}

TEST_F(LogDamage, AMissingSegmentIsRefused) {
  make(300);
  const auto log = look();
  ASSERT_TRUE(log.recovered);
  const auto second = log.recovered->segments[1];
  for (const auto first : {std::uint64_t{1}, second}) {
    std::filesystem::rename(segment(first), dir_ / "aside");
    EXPECT_EQ(look().recovered.error().kind(), ErrorKind::corrupt);
    std::filesystem::rename(dir_ / "aside", segment(first));
  }
  EXPECT_TRUE(look().recovered);
}

TEST_F(LogDamage, AnotherVersionIsRefused) {
  make(3);
  auto bytes = read_file(segment(1));
  auto header = encode(FileHeader{.kind = FileKind::segment,
                                  .position = 1,
                                  .log = look().recovered->log,
                                  .size = segment_size_});
  header[11] = 2;
  // With a checksum that fits, as the later release would write it.
  std::ranges::copy(header, bytes.begin());
  write_file(segment(1), bytes);
  expect_refused(Errc::unknown_format, segment(1), "version 2");
}

TEST_F(LogDamage, ForeignFilesAreRefused) {
  make(3);
  const auto stray = folder() / "notes.txt";
  write_file(stray, as_bytes("hello"));
  EXPECT_TRUE(look().recovered.error() == Errc::unknown_format);
  std::filesystem::remove(stray);
  write_file(segment(4),
             as_bytes("SQLite format 3, or something else that is longer than 64 B..."));
  expect_refused(Errc::unknown_format, segment(4), "offset 0");
}

TEST_F(LogDamage, ASegmentOfAnotherLogIsRefused) {
  make(3);
  const auto first = read_file(segment(1));
  std::filesystem::remove_all(folder());
  make(300);
  write_file(segment(1), first);
  EXPECT_EQ(look().recovered.error().kind(), ErrorKind::corrupt);
}

TEST_F(LogDamage, ASegmentUnderAnotherNameIsRefused) {
  make(300);
  std::filesystem::copy_file(segment(last_), segment(last_ + 1));
  expect_refused(Errc::corrupt, segment(last_ + 1), "another name");
}

TEST_F(LogDamage, EveryFlippedBitAndCutOfASnapshotIsFound) {
  {
    const auto log = open();
    append_numbers(*log, 1, 5);
    auto snapshot = log->begin_snapshot();
    ASSERT_TRUE(snapshot);
    for (std::uint64_t number = 1; number <= 5; ++number) {
      ASSERT_DONE((*snapshot)->write(record_of(number)));
    }
    ASSERT_DONE((*snapshot)->commit());
  }
  const auto path = folder() / file_name(FileKind::snapshot, 5);
  const auto whole = read_file(path);
  for (std::size_t offset = 0; offset < whole.size(); ++offset) {
    change(path, offset, 0x04);
    EXPECT_EQ(look().recovered.error().kind(), ErrorKind::corrupt) << offset;
    write_file(path, ByteView(whole).first(offset));
    EXPECT_EQ(look().recovered.error().kind(), ErrorKind::corrupt) << offset;
    write_file(path, whole);
  }
  EXPECT_TRUE(look().recovered);
}

TEST_F(LogDamage, ASnapshotWhoseLogIsGoneIsRefused) {
  {
    const auto log = open();
    append_numbers(*log, 1, 5);
    ASSERT_DONE(log->begin_snapshot().value()->commit());
  }
  std::filesystem::remove(segment(1));
  EXPECT_TRUE(look().recovered.error() == Errc::corrupt);
}

}  // namespace
}  // namespace unhidra::storage
