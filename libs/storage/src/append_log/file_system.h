#pragma once
// The few calls the log makes, so that tests can put a failing or power-losing disk under it.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "unhidra/base/bytes.h"
#include "unhidra/storage/errc.h"

namespace unhidra::storage {

// Errors: Errc::disk_full (no room, quota, file size limit) or unavailable; the message names the
// file. One thread at a time.
class LogFile {
 public:
  virtual ~LogFile() = default;
  virtual Status write(ByteView bytes, std::uint64_t offset) = 0;
  // Fewer bytes than asked for only at the end of the file.
  virtual Result<std::size_t> read(MutableByteView out, std::uint64_t offset) = 0;
  virtual Result<std::uint64_t> size() = 0;
  // Claims the room from the file system, where that can be done.
  virtual Status reserve(std::uint64_t size) = 0;
  // Contents and length are on disk.
  virtual Status sync() = 0;
};

class LogFileSystem {
 public:
  enum class Mode : std::uint8_t { read, read_write, create };  // create empties what is there

  virtual ~LogFileSystem() = default;
  virtual Result<std::unique_ptr<LogFile>> open(const std::filesystem::path& path, Mode mode) = 0;
  virtual Result<std::vector<std::string>> list(const std::filesystem::path& folder) = 0;
  virtual Status make_folder(const std::filesystem::path& folder) = 0;
  virtual Status rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
  virtual Status remove(const std::filesystem::path& path) = 0;
  // The names in the folder are on disk.
  virtual Status sync_folder(const std::filesystem::path& folder) = 0;
};

LogFileSystem& real_file_system();

// A folder taken for this process until the object goes (or the process ends).
class FolderLock {
 public:
  static Result<FolderLock> take(const std::filesystem::path& folder);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};
inline constexpr const char* kLockName = "lock";

}  // namespace unhidra::storage
