#pragma once
// The segment that is written to, and the one that is made ready to follow it.

#include <filesystem>
#include <future>

#include "file_system.h"
#include "format.h"

namespace unhidra::storage {

// Files of zeros: a sync of what overwrites them does not change the file system's own data, which
// is several times as fast as one that does. Made on a thread of their own, under a temporary name.
class SegmentFactory {
 public:
  SegmentFactory(LogFileSystem& files, std::filesystem::path folder, LogId log)
      : files_(files), folder_(std::move(folder)), log_(log) {}

  // Begins to make one that will be asked for soon.
  void prepare(std::uint64_t size);
  // A segment on disk under its name. Waits for it.
  Result<std::unique_ptr<LogFile>> take(std::uint64_t first, std::uint64_t size);
  // Removes what was prepared and not taken.
  void discard();
  const LogId& log() const { return log_; }

 private:
  Result<std::unique_ptr<LogFile>> make(std::uint64_t size) const;
  Result<std::unique_ptr<LogFile>> ready(std::uint64_t size);
  std::filesystem::path temporary_path() const;

  LogFileSystem& files_;
  std::filesystem::path folder_;
  LogId log_;
  std::uint64_t prepared_size_ = 0;
  std::future<Result<std::unique_ptr<LogFile>>> prepared_;
};

// Writes zeros over [from, to).
Status write_zeros(LogFile& file, std::uint64_t from, std::uint64_t to);

}  // namespace unhidra::storage
