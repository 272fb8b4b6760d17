#include "data_directory.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include <sys/file.h>

#include "unhidra/runtime/files.h"

#include "errc.h"

namespace unhidra::server {

Result<DirectoryLock> DirectoryLock::take(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) {
    return fail(Errc::bad_directory, "cannot open " + file.string() + ": " + std::strerror(errno));
  }
  DirectoryLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    char text[32] = {};
    const auto size = ::pread(descriptor, text, sizeof(text) - 1, 0);
    const std::string owner = size > 0 ? " (process " + std::string(text) + ")" : "";
    return fail(Errc::already_running, "another server" + owner + " is running on " +
                                           file.parent_path().string() +
                                           "; stop it first, or choose another --data-dir");
  }
  const auto pid = std::to_string(::getpid());
  if (::ftruncate(descriptor, 0) != 0 ||
      ::pwrite(descriptor, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return fail(Errc::bad_directory, "cannot write " + file.string() + ": " + std::strerror(errno));
  }
  return lock;
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

DirectoryLock::~DirectoryLock() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

Result<DataDirectory> DataDirectory::prepare(const std::filesystem::path& root) {
  UNHIDRA_TRY_VOID(runtime::make_private_directory(root));
  std::error_code error;
  auto absolute = std::filesystem::canonical(root, error);
  if (error) {
    return fail(Errc::bad_directory, root.string() + ": " + error.message());
  }
  return DataDirectory{std::move(absolute)};
}

Result<DataDirectory> DataDirectory::existing(const std::filesystem::path& root) {
  std::error_code error;
  auto absolute = std::filesystem::canonical(root, error);
  if (error || !std::filesystem::exists(absolute / "master.key", error)) {
    return fail(Errc::bad_directory, root.string() +
                                         " is no data directory of a server (no master.key in it); "
                                         "name it with --data-dir");
  }
  return DataDirectory{std::move(absolute)};
}

}  // namespace unhidra::server
