#include "sqlite_wal_vfs.h"

#include <cstddef>
#include <cstring>
#include <limits>
#include <new>
#include <sqlite3.h>
#include <vector>

namespace unhidra::storage {
namespace {

constexpr const char* kName = "unhidra-wal";
// SQLite's file system for Unix cuts a single write to 17 bits of length (seekAndWriteFd in its
// os_unix.c).
constexpr std::size_t kMaxJoined = 124 * 1024;

// What SQLite sees of a log; the default file system's own file lies behind it.
struct LogFile {
  sqlite3_file base{};  // first: SQLite knows the file by this
  std::vector<std::byte> joined;
  sqlite3_int64 start = 0;  // where `joined` belongs in the file
  sqlite3_file* under = nullptr;
};

constexpr std::size_t kAlignment = alignof(std::max_align_t);
constexpr std::size_t kLogFileSize = (sizeof(LogFile) + kAlignment - 1) / kAlignment * kAlignment;

sqlite3_vfs* under_vfs = nullptr;

LogFile& log_of(sqlite3_file* file) {
  return *reinterpret_cast<LogFile*>(file);
}

const sqlite3_io_methods& under(const LogFile& log) {
  return *log.under->pMethods;
}

// What could not be written is kept and tried again before anything else: SQLite counts it as
// written already, so no sync, and therefore no commit, may succeed without it.
int flush(LogFile& log) {
  if (log.joined.empty()) {
    return SQLITE_OK;
  }
  const int result = under(log).xWrite(log.under, log.joined.data(),
                                       static_cast<int>(log.joined.size()), log.start);
  if (result == SQLITE_OK) {
    log.joined.clear();
  }
  return result;
}

template <class F>
int after_flush(sqlite3_file* file, F call) {
  auto& log = log_of(file);
  const int result = flush(log);
  return result == SQLITE_OK ? call(under(log), log.under) : result;
}

int log_write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  auto& log = log_of(file);
  const auto bytes = static_cast<std::size_t>(size);
  const bool follows = offset == log.start + static_cast<sqlite3_int64>(log.joined.size()) &&
                       log.joined.size() + bytes <= kMaxJoined;
  if (!follows) {
    if (const int result = flush(log); result != SQLITE_OK) {
      return result;
    }
    log.start = offset;
  }
  if (bytes > kMaxJoined) {
    return under(log).xWrite(log.under, data, size, offset);
  }
  try {
    const auto* const begin = static_cast<const std::byte*>(data);
    log.joined.insert(log.joined.end(), begin, begin + bytes);
  } catch (const std::bad_alloc&) {
    return SQLITE_IOERR_NOMEM;
  }
  return SQLITE_OK;
}

int log_close(sqlite3_file* file) {
  auto& log = log_of(file);
  // What no sync has asked for belongs to no commit.
  static_cast<void>(flush(log));
  const int result = under(log).xClose(log.under);
  log.~LogFile();
  return result;
}

int log_read(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) {
  return after_flush(file, [&](const sqlite3_io_methods& io, sqlite3_file* real) {
    return io.xRead(real, data, size, offset);
  });
}

int log_truncate(sqlite3_file* file, sqlite3_int64 size) {
  return after_flush(file, [&](const sqlite3_io_methods& io, sqlite3_file* real) {
    return io.xTruncate(real, size);
  });
}

int log_sync(sqlite3_file* file, int flags) {
  return after_flush(file, [&](const sqlite3_io_methods& io, sqlite3_file* real) {
    return io.xSync(real, flags);
  });
}

int log_file_size(sqlite3_file* file, sqlite3_int64* size) {
  return after_flush(file, [&](const sqlite3_io_methods& io, sqlite3_file* real) {
    return io.xFileSize(real, size);
  });
}

int log_lock(sqlite3_file* file, int kind) {
  return after_flush(
      file, [&](const sqlite3_io_methods& io, sqlite3_file* real) { return io.xLock(real, kind); });
}

int log_unlock(sqlite3_file* file, int kind) {
  return after_flush(file, [&](const sqlite3_io_methods& io, sqlite3_file* real) {
    return io.xUnlock(real, kind);
  });
}

int log_check_reserved(sqlite3_file* file, int* out) {
  return under(log_of(file)).xCheckReservedLock(log_of(file).under, out);
}

int log_file_control(sqlite3_file* file, int operation, void* argument) {
  return after_flush(file, [&](const sqlite3_io_methods& io, sqlite3_file* real) {
    return io.xFileControl(real, operation, argument);
  });
}

int log_sector_size(sqlite3_file* file) {
  return under(log_of(file)).xSectorSize(log_of(file).under);
}

int log_characteristics(sqlite3_file* file) {
  return under(log_of(file)).xDeviceCharacteristics(log_of(file).under);
}

// Version 1: shared memory and mappings are asked of the database's file, never of its log's.
constexpr sqlite3_io_methods kLogMethods = {
    .iVersion = 1,
    .xClose = log_close,
    .xRead = log_read,
    .xWrite = log_write,
    .xTruncate = log_truncate,
    .xSync = log_sync,
    .xFileSize = log_file_size,
    .xLock = log_lock,
    .xUnlock = log_unlock,
    .xCheckReservedLock = log_check_reserved,
    .xFileControl = log_file_control,
    .xSectorSize = log_sector_size,
    .xDeviceCharacteristics = log_characteristics,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open_file(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
  if ((flags & SQLITE_OPEN_WAL) == 0) {
    return under_vfs->xOpen(under_vfs, name, file, flags, out_flags);
  }
  auto* const real =
      reinterpret_cast<sqlite3_file*>(reinterpret_cast<std::byte*>(file) + kLogFileSize);
  real->pMethods = nullptr;
  file->pMethods = nullptr;
  const int result = under_vfs->xOpen(under_vfs, name, real, flags, out_flags);
  if (real->pMethods == nullptr) {
    return result;
  }
  if (result != SQLITE_OK) {
    real->pMethods->xClose(real);
    return result;
  }
  auto* const log = new (file) LogFile;
  log->under = real;
  log->base.pMethods = &kLogMethods;
  return SQLITE_OK;
}

const char* register_vfs() {
  under_vfs = sqlite3_vfs_find(nullptr);
  if (under_vfs == nullptr ||
      std::numeric_limits<int>::max() - under_vfs->szOsFile < static_cast<int>(kLogFileSize)) {
    return nullptr;
  }
  static sqlite3_vfs vfs = *under_vfs;
  vfs.pNext = nullptr;
  vfs.zName = kName;
  vfs.szOsFile = under_vfs->szOsFile + static_cast<int>(kLogFileSize);
  vfs.xOpen = open_file;
  return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK ? kName : nullptr;
}

}  // namespace

const char* wal_joining_vfs() {
  static const char* const kRegistered = register_vfs();
  return kRegistered;
}

}  // namespace unhidra::storage
