#include "directory_store.h"

#include <algorithm>

#include "unhidra/base/text.h"

namespace unhidra::storage {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUploads = "uploads";
constexpr const char* kObjects = "objects";
// Of one read: what a caller may make this process allocate.
constexpr std::uint64_t kMaxRead = std::uint64_t{16} * 1024 * 1024;

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::symlink_status(path, error).type() == fs::file_type::regular;
}

}  // namespace

DirectoryStore::DirectoryStore(fs::path root, LogFileSystem& files)
    : root_(std::move(root)), files_(files) {}

Result<std::unique_ptr<DirectoryStore>> DirectoryStore::open(fs::path root, LogFileSystem& files) {
  UNHIDRA_TRY_VOID(files.make_folder(root));
  UNHIDRA_TRY_VOID(files.make_folder(root / kUploads));
  UNHIDRA_TRY_VOID(files.make_folder(root / kObjects));
  return std::unique_ptr<DirectoryStore>(new DirectoryStore(std::move(root), files));
}

fs::path DirectoryStore::upload_path(const Uuid& name) const {
  return root_ / kUploads / to_hex(name);
}

fs::path DirectoryStore::object_path(const Uuid& name) const {
  const auto hex = to_hex(name);
  return root_ / kObjects / hex.substr(28, 2) / hex.substr(30, 2) / hex;
}

Result<std::unique_ptr<LogFile>> DirectoryStore::open_file(const fs::path& path,
                                                           LogFileSystem::Mode mode) const {
  if (!is_file(path)) {
    return fail(Errc::no_such_object, "the store holds no such object");
  }
  return files_.open(path, mode);
}

Result<std::string> DirectoryStore::begin(const Uuid& name) {
  if (is_file(object_path(name))) {
    return fail(Errc::bad_object, "the object is there already");
  }
  UNHIDRA_TRY_VOID(files_.open(upload_path(name), LogFileSystem::Mode::create));
  UNHIDRA_TRY_VOID(files_.sync_folder(root_ / kUploads));
  return std::string();
}

Status DirectoryStore::put_part(const Uuid& name, std::string_view, std::uint64_t offset,
                                ByteView part) {
  UNHIDRA_TRY(const auto file, open_file(upload_path(name), LogFileSystem::Mode::read_write));
  UNHIDRA_TRY_VOID(file->write(part, offset));
  return file->sync();
}

Status DirectoryStore::complete(const Uuid& name, std::string_view, std::uint64_t size) {
  const auto from = upload_path(name);
  const auto to = object_path(name);
  const bool renamed = !is_file(from) && is_file(to);
  {
    UNHIDRA_TRY(const auto file, open_file(renamed ? to : from, LogFileSystem::Mode::read_write));
    UNHIDRA_TRY(const auto held, file->size());
    if (held != size) {
      return fail(Errc::bad_object,
                  "the object has " + std::to_string(held) + " bytes, not " + std::to_string(size));
    }
    UNHIDRA_TRY_VOID(file->sync());
  }
  if (!renamed) {
    UNHIDRA_TRY_VOID(files_.make_folder(to.parent_path().parent_path()));
    UNHIDRA_TRY_VOID(files_.make_folder(to.parent_path()));
    UNHIDRA_TRY_VOID(files_.rename(from, to));
  }
  UNHIDRA_TRY_VOID(files_.sync_folder(to.parent_path()));
  return files_.sync_folder(root_ / kUploads);
}

Status DirectoryStore::abandon(const Uuid& name, std::string_view) {
  return remove_file(upload_path(name));
}

Result<std::uint64_t> DirectoryStore::size(const Uuid& name) {
  UNHIDRA_TRY(const auto file, open_file(object_path(name), LogFileSystem::Mode::read));
  return file->size();
}

Result<Bytes> DirectoryStore::read(const Uuid& name, std::uint64_t offset, std::size_t length) {
  UNHIDRA_TRY(const auto file, open_file(object_path(name), LogFileSystem::Mode::read));
  UNHIDRA_TRY(const auto size, file->size());
  const auto left = offset < size ? size - offset : 0;
  Bytes out(static_cast<std::size_t>(std::min({std::uint64_t{length}, left, kMaxRead})));
  UNHIDRA_TRY(const auto count, file->read(out, offset));
  out.resize(count);
  return out;
}

Status DirectoryStore::remove(const Uuid& name) {
  return remove_file(object_path(name));
}

Status DirectoryStore::remove_file(const fs::path& path) const {
  if (!is_file(path)) {
    return {};
  }
  UNHIDRA_TRY_VOID(files_.remove(path));
  return files_.sync_folder(path.parent_path());
}

Result<std::unique_ptr<ObjectStore>> open_directory_store(const fs::path& root) {
  return DirectoryStore::open(root, real_file_system());
}

}  // namespace unhidra::storage
