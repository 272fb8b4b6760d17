#include "file_system.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include <sys/file.h>
#include <sys/stat.h>

namespace unhidra::storage {
namespace {

std::unexpected<Error> fail_errno(int number, const char* what, const std::filesystem::path& path) {
  const bool full = number == ENOSPC || number == EDQUOT || number == EFBIG;
  return fail(full ? Errc::disk_full : Errc::unavailable,
              path.string() + ": " + what + ": " + std::strerror(number));
}

template <class Call>
auto without_interruption(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) {
    result = call();
  }
  return result;
}

class RealFile final : public LogFile {
 public:
  RealFile(int descriptor, std::filesystem::path path)
      : descriptor_(descriptor), path_(std::move(path)) {}
  RealFile(const RealFile&) = delete;
  RealFile& operator=(const RealFile&) = delete;
  ~RealFile() override { ::close(descriptor_); }

  Status write(ByteView bytes, std::uint64_t offset) override {
    while (!bytes.empty()) {
      const auto count = without_interruption([&] {
        return ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      });
      if (count <= 0) {
        return fail_errno(count == 0 ? ENOSPC : errno, "write", path_);
      }
      bytes = bytes.subspan(static_cast<std::size_t>(count));
      offset += static_cast<std::uint64_t>(count);
    }
    return {};
  }

  Result<std::size_t> read(MutableByteView out, std::uint64_t offset) override {
    std::size_t done = 0;
    while (done < out.size()) {
      const auto count = without_interruption([&] {
        return ::pread(descriptor_, out.data() + done, out.size() - done,
                       static_cast<off_t>(offset + done));
      });
      if (count < 0) {
        return fail_errno(errno, "read", path_);
      }
      if (count == 0) {
        break;
      }
      done += static_cast<std::size_t>(count);
    }
    return done;
  }

  Result<std::uint64_t> size() override {
    struct stat status{};
    if (::fstat(descriptor_, &status) != 0) {
      return fail_errno(errno, "stat", path_);
    }
    return static_cast<std::uint64_t>(status.st_size);
  }

  Status reserve(std::uint64_t size) override {
    const auto result = without_interruption(
        [&] { return ::fallocate(descriptor_, 0, 0, static_cast<off_t>(size)); });
    if (result != 0 && errno != EOPNOTSUPP && errno != ENOSYS) {
      return fail_errno(errno, "allocate", path_);
    }
    return {};
  }

  // Not repeated on EINTR: a sync that failed once says nothing when it succeeds later.
  Status sync() override {
    if (::fdatasync(descriptor_) != 0) {
      return fail_errno(errno, "sync", path_);
    }
    return {};
  }

 private:
  int descriptor_;
  std::filesystem::path path_;
};

class RealFileSystem final : public LogFileSystem {
 public:
  Result<std::unique_ptr<LogFile>> open(const std::filesystem::path& path, Mode mode) override {
    const int flags = mode == Mode::read         ? O_RDONLY
                      : mode == Mode::read_write ? O_RDWR
                                                 : O_RDWR | O_CREAT | O_TRUNC;
    const int descriptor = without_interruption(
        [&] { return ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600); });
    if (descriptor < 0) {
      return fail_errno(errno, "open", path);
    }
    return std::make_unique<RealFile>(descriptor, path);
  }

  Result<std::vector<std::string>> list(const std::filesystem::path& folder) override {
    std::error_code error;
    std::vector<std::string> names;
    std::filesystem::directory_iterator entry(folder, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
      names.push_back(entry->path().filename().string());
    }
    if (error) {
      return fail_errno(error.value(), "list", folder);
    }
    return names;
  }

  // The folder's own name, too, has to survive: its parent is synced.
  Status make_folder(const std::filesystem::path& folder) override {
    if (::mkdir(folder.c_str(), 0700) == 0) {
      const auto parent = folder.parent_path();
      return sync_folder(parent.empty() ? std::filesystem::path(".") : parent);
    }
    if (errno != EEXIST) {
      return fail_errno(errno, "make the folder", folder);
    }
    return {};
  }

  Status rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) {
      return fail_errno(errno, "rename", from);
    }
    return {};
  }

  Status remove(const std::filesystem::path& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
      return fail_errno(errno, "remove", path);
    }
    return {};
  }

  Status sync_folder(const std::filesystem::path& folder) override {
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
      return fail_errno(errno, "open", folder);
    }
    const int result = ::fsync(descriptor);
    const int number = errno;
    ::close(descriptor);
    if (result != 0) {
      return fail_errno(number, "sync", folder);
    }
    return {};
  }
};

}  // namespace

LogFileSystem& real_file_system() {
  static RealFileSystem instance;
  return instance;
}

Result<FolderLock> FolderLock::take(const std::filesystem::path& folder) {
  const auto path = folder / kLockName;
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) {
    return fail_errno(errno, "open", path);
  }
  FolderLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      return fail_errno(errno, "lock", path);
    }
    return fail(Errc::locked, folder.string() + ": another process uses this log");
  }
  return lock;
}

FolderLock::FolderLock(FolderLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

}  // namespace unhidra::storage
