#include "unhidra/runtime/files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include <sys/stat.h>

namespace unhidra::runtime {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  // close(2) reports what a network file system could not store.
  bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

std::unexpected<Error> system_failure(std::string_view what, const std::filesystem::path& path) {
  return fail(Errc::file_failed,
              std::string(what) + " " + path.string() + ": " + std::strerror(errno));
}

bool write_all(int fd, ByteView content) {
  while (!content.empty()) {
    const auto n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return false;
    }
    content = content.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

Status sync_directory(const std::filesystem::path& directory) {
  const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) {
    return system_failure("cannot sync", directory);
  }
  return {};
}

Status fill_and_rename(const std::string& temporary, const std::filesystem::path& path,
                       ByteView content, mode_t mode, Descriptor fd) {
  if (::fchmod(fd.get(), mode) != 0 || !write_all(fd.get(), content) || ::fsync(fd.get()) != 0 ||
      !fd.close()) {
    return system_failure("cannot write", path);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return system_failure("cannot replace", path);
  }
  return {};
}

std::filesystem::path directory_of(const std::filesystem::path& path) {
  auto directory = path.parent_path();
  return directory.empty() ? std::filesystem::path(".") : directory;
}

// Opens a regular file; a pipe or device would block or never end.
Result<Descriptor> open_regular(const std::filesystem::path& path) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info = {};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0) {
    return system_failure("cannot read", path);
  }
  if (!S_ISREG(info.st_mode)) {
    return fail(Errc::file_failed, path.string() + " is not a regular file");
  }
  return fd;
}

// Fills `buffer` (one byte larger than allowed) and returns how much there was.
Result<std::size_t> read_up_to(const Descriptor& fd, const std::filesystem::path& path,
                               MutableByteView buffer) {
  std::size_t size = 0;
  while (size < buffer.size()) {
    const auto n = ::read(fd.get(), buffer.data() + size, buffer.size() - size);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return system_failure("cannot read", path);
    }
    if (n == 0) {
      return size;
    }
    size += static_cast<std::size_t>(n);
  }
  return fail(Errc::file_too_large,
              path.string() + " is larger than " + std::to_string(buffer.size() - 1) + " bytes");
}

// The size to read at most, plus the byte that shows there was more.
Result<std::size_t> buffer_size(const Descriptor& fd, const std::filesystem::path& path,
                                std::size_t max_size) {
  struct stat info = {};
  if (::fstat(fd.get(), &info) != 0) {
    return system_failure("cannot read", path);
  }
  if (static_cast<std::uint64_t>(info.st_size) > max_size) {
    return fail(Errc::file_too_large,
                path.string() + " is larger than " + std::to_string(max_size) + " bytes");
  }
  // Files of /proc say 0; give those the whole allowance.
  const auto expected = info.st_size == 0 ? max_size : static_cast<std::size_t>(info.st_size);
  return expected + 1;
}

}  // namespace

Status write_file_atomically(const std::filesystem::path& path, ByteView content, mode_t mode) {
  const auto directory = directory_of(path);
  // mkostemp makes it 0600 under an unused name.
  std::string temporary = (directory / ("." + path.filename().string() + ".XXXXXX")).string();
  Descriptor fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.valid()) {
    return system_failure("cannot create a file in", directory);
  }
  auto status = fill_and_rename(temporary, path, content, mode, std::move(fd));
  if (!status) {
    ::unlink(temporary.c_str());
    return status;
  }
  return sync_directory(directory);
}

Result<Bytes> read_file(const std::filesystem::path& path, std::size_t max_size) {
  UNHIDRA_TRY(const auto fd, open_regular(path));
  UNHIDRA_TRY(const auto room, buffer_size(fd, path, max_size));
  Bytes content(room);
  UNHIDRA_TRY(const auto size, read_up_to(fd, path, content));
  content.resize(size);
  return content;
}

Result<SecretBytes> read_secret_file(const std::filesystem::path& path, std::size_t max_size) {
  UNHIDRA_TRY(const auto fd, open_regular(path));
  UNHIDRA_TRY(const auto room, buffer_size(fd, path, max_size));
  SecretBytes buffer(room);
  UNHIDRA_TRY(const auto size, read_up_to(fd, path, buffer.expose_mutable()));
  return SecretBytes::copy_of(buffer.expose().first(size));
}

Status make_private_directory(const std::filesystem::path& path) {
  std::error_code ignored;
  if (const auto parent = path.parent_path();
      !parent.empty() && !std::filesystem::exists(parent, ignored)) {
    UNHIDRA_TRY_VOID(make_private_directory(parent));
  }
  if (::mkdir(path.c_str(), 0700) == 0) {
    return {};
  }
  if (errno != EEXIST) {
    return system_failure("cannot create", path);
  }
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat info = {};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0) {
    return system_failure("cannot open", path);
  }
  if (info.st_uid != ::geteuid()) {
    return fail(Errc::file_failed, path.string() + " belongs to another user");
  }
  if ((info.st_mode & 0077) != 0 && ::fchmod(fd.get(), 0700) != 0) {
    return system_failure("cannot restrict", path);
  }
  return {};
}

}  // namespace unhidra::runtime
