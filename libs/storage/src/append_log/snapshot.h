#pragma once

#include "engine.h"

namespace unhidra::storage {

// Under a temporary name until it is whole and on disk. Made without a file: whoever writes opens
// it, and waits for the disk.
class SnapshotFile {
 public:
  SnapshotFile(LogEngine& engine, std::uint64_t position);
  ~SnapshotFile();

  std::uint64_t position() const { return position_; }
  Status write(ByteView record);
  Status commit();

 private:
  std::filesystem::path path() const;
  std::filesystem::path temporary_path() const;
  Status drain();
  Status write_out();

  LogEngine& engine_;
  std::uint64_t position_;
  std::unique_ptr<LogFile> file_;  // null: nothing was written yet
  std::uint64_t offset_ = 0;
  std::uint64_t count_ = 0;
  Bytes buffer_;
  std::optional<Error> failed_;
  bool committed_ = false;
};

}  // namespace unhidra::storage
