#pragma once
// Behind AppendLog: what is appended gathers in memory; one thread writes, syncs and reports it.

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "recovery.h"
#include "segment.h"

namespace unhidra::storage {

class LogEngine {
 public:
  static Result<std::unique_ptr<LogEngine>> open(AppendLogSettings settings,
                                                 AppendLogListener& listener,
                                                 const AppendLog::Replay& replay,
                                                 LogFileSystem& files = real_file_system());
  LogEngine(AppendLogSettings settings, AppendLogListener& listener, LogFileSystem& files,
            FolderLock lock, Recovered recovered);
  ~LogEngine();

  Result<std::uint64_t> append(ByteView record);
  Status flush();
  Status close();
  AppendLogStats stats() const;
  std::size_t backlog() const;
  const AppendLogRecovery& recovery() const { return recovered_.report; }

  // ---- For snapshots
  Result<std::unique_ptr<SnapshotFile>> begin_snapshot();
  // The snapshot at `position` is on disk: what it replaces goes. What cannot be removed now is at
  // the next open.
  void snapshot_committed(std::uint64_t position);
  void snapshot_ended();
  Status wait_until_durable(std::uint64_t position);
  LogFileSystem& files() { return files_; }
  const std::filesystem::path& folder() const { return settings_.folder; }
  const LogId& log() const { return factory_.log(); }

 private:
  Status start();
  Status repair(LogFile& file);
  void loop();
  bool write_batch(MutableByteView batch);
  std::size_t part_that_fits(ByteView batch) const;
  Status write_part(MutableByteView part);
  Status next_segment(ByteView batch);
  bool outlast(Error error, bool can_repeat);
  void report(std::uint64_t position, std::size_t bytes);
  void write_mark();

  AppendLogSettings settings_;
  AppendLogListener& listener_;
  LogFileSystem& files_;
  FolderLock lock_;
  Recovered recovered_;
  SegmentFactory factory_;

  // Of the writer's thread.
  std::unique_ptr<LogFile> file_;
  std::uint64_t offset_ = 0;
  std::uint64_t file_size_ = 0;
  bool sync_failed_ = false;

  mutable std::mutex mutex_;
  std::condition_variable work_;      // for the writer
  std::condition_variable progress_;  // for flush()
  Bytes pending_;
  std::uint64_t next_ = 1;
  std::uint64_t durable_ = 0;
  std::uint64_t batches_ = 0;
  std::uint64_t written_ = 0;  // bytes since the snapshot
  std::uint64_t covered_ = 0;  // of them, by the snapshot that is being written
  std::size_t backlog_ = 0;
  std::deque<std::uint64_t> segments_;
  std::optional<Error> full_;    // while the disk is full
  std::optional<Error> failed_;  // for good
  bool closing_ = false;
  bool marked_ = false;
  bool snapshot_running_ = false;
  std::uint64_t snapshot_position_ = 0;  // 0: there is none
  std::thread thread_;
};

}  // namespace unhidra::storage
