#pragma once
// A durable append-only log of opaque records: for state that lives in memory and must survive the
// process, where a statement of SQL for each change would be too slow.
//
// append() copies the record and returns at once with its position. One thread of the log writes
// and syncs everything that was appended meanwhile, then reports the last position that is on disk.
// A snapshot of the owner's state replaces all records up to a position. The next open() gives back
// the newest snapshot and the records after it, each once and in order.
//
// What a killed process or a lost power supply leaves is a torn end of the last segment: it was
// never reported durable and is cut off. Damage anywhere else is Errc::corrupt with file and
// offset. The one thing that cannot be told from a torn end is damage within the last batch of a
// log that was not closed.
//
// Failures:
// - The disk is full: nothing that was appended is lost, append() answers Errc::disk_full until the
//   writer, which tries every retry_interval, has found room.
// - Any other failed write, and every failed sync: Errc::unavailable from then on, for what the
//   kernel did with the pages is unknown. Open the log again.
//
// Formats and reasons: docs/decisions/0016-append-log.md.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "unhidra/base/bytes.h"
#include "unhidra/storage/errc.h"

namespace unhidra::storage {

inline constexpr std::size_t kMaxLogRecord = 512U << 20;  // bytes

struct AppendLogSettings {
  std::filesystem::path folder;                   // of this log alone; made when it is not there
  std::size_t segment_size = 64U << 20;           // bytes; written with zeros ahead of use
  std::size_t max_backlog = 256U << 20;           // bytes not yet durable; append() fails beyond
  std::chrono::milliseconds retry_interval{200};  // while the disk is full
  // True: append() goes on while the disk is full, up to max_backlog. For an owner that holds back
  // its peers by backlog() and cannot take back a change it has made.
  bool accept_when_full = false;
};

// Called on the thread of the log: post to where the state lives. Must not call the log.
class AppendLogListener {
 public:
  virtual ~AppendLogListener() = default;
  // Every record up to this position is on disk.
  virtual void durable(std::uint64_t position) = 0;
  // Errc::disk_full (then `writable` follows when there is room again), else for good.
  virtual void failed(const Error& error) = 0;
  virtual void writable() {}
};

struct AppendLogStats {
  std::uint64_t appended = 0;  // the last position given out
  std::uint64_t durable = 0;   // the last position on disk
  std::size_t backlog = 0;     // bytes appended and not durable
  std::uint64_t batches = 0;   // writes with a sync, since open
  std::size_t segments = 0;
  std::uint64_t bytes_since_snapshot = 0;  // what the next open has to read beside the snapshot
};

struct AppendLogRecovery {
  std::uint64_t snapshot_position = 0;  // 0: there is none
  std::uint64_t snapshot_records = 0;
  std::uint64_t records = 0;          // after the snapshot
  std::uint64_t discarded_bytes = 0;  // of a torn end; none of it was reported durable
};

class LogEngine;
class SnapshotFile;

// The owner's state up to position(). One thread at a time; it may be another than the log's owner,
// as write() and commit() wait for the disk. Ends before the log. Not committed: leaves nothing.
class SnapshotWriter {
 public:
  explicit SnapshotWriter(std::unique_ptr<SnapshotFile> file);
  SnapshotWriter(SnapshotWriter&&) noexcept;
  ~SnapshotWriter();

  std::uint64_t position() const;
  // Appends to the file without a sync.
  Status write(ByteView record);
  // Waits until the log is durable up to position(), makes the snapshot take its place, deletes
  // what came before.
  Status commit();

 private:
  std::unique_ptr<SnapshotFile> file_;
};

// append(), backlog(), begin_snapshot() and stats() do not wait for the disk. Safe from any thread.
class AppendLog {
 public:
  // `position` is that of the record, or of the snapshot it belongs to. A failure ends open().
  using Replay = std::function<Status(std::uint64_t position, ByteView record)>;

  // Takes the folder for this process (Errc::locked), replays, repairs a torn end. `listener`
  // outlives the log. Also fails with corrupt, unknown_format, disk_full, unavailable.
  static Result<std::unique_ptr<AppendLog>> open(AppendLogSettings settings,
                                                 AppendLogListener& listener, const Replay& replay);
  explicit AppendLog(std::unique_ptr<LogEngine> engine);
  ~AppendLog();  // closes
  AppendLog(const AppendLog&) = delete;
  AppendLog& operator=(const AppendLog&) = delete;

  // Positions rise, not always by one. Errc::too_large, overloaded, disk_full, unavailable,
  // stopped.
  Result<std::uint64_t> append(ByteView record);
  std::size_t backlog() const;  // bytes
  // Waits until everything appended so far is on disk; or fails with what stands in the way.
  Status flush();
  // Of the state after the last append(). One at a time: Errc::busy.
  Result<SnapshotWriter> begin_snapshot();
  // Writes what is there (with a full disk: tries once more), then ends the thread. Idempotent.
  Status close();

  AppendLogStats stats() const;
  const AppendLogRecovery& recovery() const;

 private:
  std::unique_ptr<LogEngine> engine_;
};

}  // namespace unhidra::storage
