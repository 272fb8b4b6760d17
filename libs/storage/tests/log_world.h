#pragma once
// A log in a temporary folder, and records that can be told from all others.

#include <condition_variable>
#include <map>
#include <mutex>

#include <gtest/gtest.h>

#include "unhidra/testkit/seeded_random.h"
#include "unhidra/testkit/temp_dir.h"

#include "append_log/snapshot.h"

namespace unhidra::storage {

class CountingListener final : public AppendLogListener {
 public:
  void durable(std::uint64_t position) override {
    const std::lock_guard lock(mutex_);
    EXPECT_GT(position, durable_);
    durable_ = position;
    changed_.notify_all();
  }
  void failed(const Error& error) override {
    const std::lock_guard lock(mutex_);
    failures_.push_back(error);
    changed_.notify_all();
  }
  void writable() override {
    const std::lock_guard lock(mutex_);
    ++writable_;
    changed_.notify_all();
  }

  void begin() {
    const std::lock_guard lock(mutex_);
    durable_ = 0;
    failures_.clear();
    writable_ = 0;
  }
  std::uint64_t durable() const {
    const std::lock_guard lock(mutex_);
    return durable_;
  }
  std::vector<Error> failures() const {
    const std::lock_guard lock(mutex_);
    return failures_;
  }
  // False after ten seconds.
  bool wait_for_writable() {
    return wait([this] { return writable_ > 0; });
  }

 private:
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), condition);
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t durable_ = 0;
  int writable_ = 0;
  std::vector<Error> failures_;
};

// Size and bytes follow from the number.
inline Bytes record_of(std::uint64_t number, std::size_t max_size = 200) {
  testkit::SeededRandom random(number);
  Bytes record(8 + random.below(max_size));
  random.fill(record);
  for (std::size_t i = 0; i < 8; ++i) {
    record[i] = static_cast<Byte>(number >> (8 * i));
  }
  return record;
}

struct Replayed {
  std::vector<std::uint64_t> positions;
  std::vector<Bytes> records;

  AppendLog::Replay replay() {
    return [this](std::uint64_t position, ByteView record) -> Status {
      positions.push_back(position);
      records.push_back(to_bytes(record));
      return {};
    };
  }
};

inline Bytes read_file(const std::filesystem::path& path) {
  auto file = real_file_system().open(path, LogFileSystem::Mode::read);
  EXPECT_TRUE(file);
  Bytes bytes((*file)->size().value());
  EXPECT_TRUE((*file)->read(bytes, 0));
  return bytes;
}

inline void write_file(const std::filesystem::path& path, ByteView bytes) {
  auto file = real_file_system().open(path, LogFileSystem::Mode::create);
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->write(bytes, 0));
}

class LogTest : public testing::Test {
 protected:
  AppendLogSettings settings() const {
    AppendLogSettings settings;
    settings.folder = folder();
    settings.segment_size = segment_size_;
    settings.retry_interval = std::chrono::milliseconds(5);
    return settings;
  }
  std::filesystem::path folder() const { return dir_ / "log"; }
  std::filesystem::path segment(std::uint64_t first) const {
    return folder() / file_name(FileKind::segment, first);
  }

  std::unique_ptr<LogEngine> open(Replayed& replayed, LogFileSystem& files = real_file_system()) {
    listener_.begin();
    auto log = LogEngine::open(settings(), listener_, replayed.replay(), files);
    EXPECT_TRUE(log) << log.error().message();
    return log ? std::move(*log) : nullptr;
  }
  std::unique_ptr<LogEngine> open() {
    Replayed ignored;
    return open(ignored);
  }
  // Appends record_of(number) for each number.
  void append_numbers(LogEngine& log, std::uint64_t from, std::uint64_t to) {
    for (auto number = from; number <= to; ++number) {
      const auto position = log.append(record_of(number));
      ASSERT_TRUE(position) << position.error().message();
    }
  }
  static void expect_numbers(const Replayed& replayed, std::uint64_t from, std::uint64_t to) {
    ASSERT_EQ(replayed.records.size(), to + 1 - from);
    for (auto number = from; number <= to; ++number) {
      ASSERT_EQ(replayed.records[number - from], record_of(number)) << number;
    }
    EXPECT_TRUE(std::ranges::is_sorted(replayed.positions));
  }

  testkit::TempDir dir_;
  std::size_t segment_size_ = 16'384;
  CountingListener listener_;
};

#define ASSERT_DONE(...)                                                \
  do {                                                                  \
    const auto& status_ = (__VA_ARGS__);                                \
    ASSERT_TRUE(status_) << (status_ ? "" : status_.error().message()); \
  } while (false)

}  // namespace unhidra::storage
