#pragma once
// The one directory that a server owns.
//
//   unhidra.db   the database, unless it is elsewhere     master.key  seals the private keys
//   ca.pem       what clients trust (readable)            ca.key, server.pem, server.key
//   lock         held by the running server               address     where it listens (readable)

#include <filesystem>
#include <optional>
#include <string>

#include "unhidra/base/error.h"
#include "unhidra/base/secret.h"

namespace unhidra::server {

// An exclusive lock that the kernel drops with the process, however that ends.
class DirectoryLock {
 public:
  static Result<DirectoryLock> take(const std::filesystem::path& file);
  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

struct DataDirectory {
  std::filesystem::path root;

  // Makes it (0700) when it is not there; one that others may read is closed to them.
  static Result<DataDirectory> prepare(const std::filesystem::path& root);
  // For commands that need a server's directory: an error that names it when it is none.
  static Result<DataDirectory> existing(const std::filesystem::path& root);

  std::filesystem::path lock() const { return root / "lock"; }
  std::filesystem::path database() const { return root / "unhidra.db"; }
  std::filesystem::path master_key() const { return root / "master.key"; }
  std::filesystem::path ca_certificate() const { return root / "ca.pem"; }
  std::filesystem::path ca_key() const { return root / "ca.key"; }
  std::filesystem::path certificate() const { return root / "server.pem"; }
  std::filesystem::path private_key() const { return root / "server.key"; }
};

}  // namespace unhidra::server
