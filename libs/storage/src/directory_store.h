#pragma once
// The store in a folder, over a file system that tests can make fail.

#include "unhidra/storage/object_store.h"

#include "append_log/file_system.h"

namespace unhidra::storage {

class DirectoryStore final : public ObjectStore {
 public:
  static Result<std::unique_ptr<DirectoryStore>> open(std::filesystem::path root,
                                                      LogFileSystem& files);

  Result<std::string> begin(const Uuid& name) override;
  Status put_part(const Uuid& name, std::string_view upload, std::uint64_t offset,
                  ByteView part) override;
  Status complete(const Uuid& name, std::string_view upload, std::uint64_t size) override;
  Status abandon(const Uuid& name, std::string_view upload) override;
  Result<std::uint64_t> size(const Uuid& name) override;
  Result<Bytes> read(const Uuid& name, std::uint64_t offset, std::size_t length) override;
  Status remove(const Uuid& name) override;

 private:
  DirectoryStore(std::filesystem::path root, LogFileSystem& files);

  std::filesystem::path upload_path(const Uuid& name) const;
  std::filesystem::path object_path(const Uuid& name) const;
  Result<std::unique_ptr<LogFile>> open_file(const std::filesystem::path& path,
                                             LogFileSystem::Mode mode) const;
  Status remove_file(const std::filesystem::path& path) const;

  std::filesystem::path root_;
  LogFileSystem& files_;
};

}  // namespace unhidra::storage
