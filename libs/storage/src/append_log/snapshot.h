#pragma once

#include "engine.h"

namespace unhidra::storage {

// Under a temporary name until it is whole and on disk.
class SnapshotFile {
 public:
  static Result<std::unique_ptr<SnapshotFile>> create(LogEngine& engine, std::uint64_t position);
  SnapshotFile(LogEngine& engine, std::uint64_t position, std::unique_ptr<LogFile> file);
  ~SnapshotFile();

  std::uint64_t position() const { return position_; }
  Status write(ByteView record);
  Status commit();

 private:
  std::filesystem::path path() const;
  std::filesystem::path temporary_path() const;
  Status drain();

  LogEngine& engine_;
  std::uint64_t position_;
  std::unique_ptr<LogFile> file_;
  std::uint64_t offset_ = 0;
  std::uint64_t count_ = 0;
  Bytes buffer_;
  std::optional<Error> failed_;
  bool committed_ = false;
};

}  // namespace unhidra::storage
