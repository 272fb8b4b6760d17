#include "faulty_disk.h"

#include <algorithm>

namespace unhidra::storage {
namespace {

constexpr std::uint64_t kPage = 4096;

}  // namespace

class FaultyFile final : public LogFile {
 public:
  FaultyFile(FaultyDisk& disk, std::shared_ptr<FaultyDisk::Contents> contents,
             std::unique_ptr<LogFile> file)
      : disk_(disk), contents_(std::move(contents)), file_(std::move(file)) {}

  Status write(ByteView bytes, std::uint64_t offset) override {
    const std::lock_guard lock(disk_.mutex_);
    UNHIDRA_TRY_VOID(disk_.spend());
    if (disk_.write_fault_) {
      return fail(*disk_.write_fault_, "a write that was to fail");
    }
    for (auto page = offset / kPage; page * kPage < offset + bytes.size(); ++page) {
      if (!contents_->dirty.contains(page)) {
        Bytes before(kPage);
        UNHIDRA_TRY(const auto count, file_->read(before, page * kPage));
        before.resize(count);
        contents_->dirty[page] = {.before = std::move(before)};
      }
    }
    return file_->write(bytes, offset);
  }
  Result<std::size_t> read(MutableByteView out, std::uint64_t offset) override {
    return file_->read(out, offset);
  }
  Result<std::uint64_t> size() override { return file_->size(); }
  Status reserve(std::uint64_t size) override {
    const std::lock_guard lock(disk_.mutex_);
    UNHIDRA_TRY_VOID(disk_.spend());
    return file_->reserve(size);
  }
  Status sync() override {
    const std::lock_guard lock(disk_.mutex_);
    UNHIDRA_TRY_VOID(disk_.spend());
    if (disk_.sync_fault_) {
      // The pages look clean from now on, and the disk does not have them.
      disk_.sync_fault_ = false;
      for (auto& [page, kept] : contents_->dirty) {
        contents_->lost.try_emplace(page, std::move(kept));
      }
      contents_->dirty.clear();
      return fail(Errc::unavailable, "a sync that was to fail");
    }
    for (const auto& [page, kept] : contents_->dirty) {
      contents_->lost.erase(page);
    }
    contents_->dirty.clear();
    return {};
  }

 private:
  FaultyDisk& disk_;
  std::shared_ptr<FaultyDisk::Contents> contents_;
  std::unique_ptr<LogFile> file_;
};

Status FaultyDisk::spend() {
  if (powerless_ || calls_left_ == 0) {
    powerless_ = true;
    return gone();
  }
  if (calls_left_ > 0) {
    --calls_left_;
  }
  return {};
}

Result<std::unique_ptr<LogFile>> FaultyDisk::open(const std::filesystem::path& path, Mode mode) {
  const std::lock_guard lock(mutex_);
  if (mode == Mode::create) {
    UNHIDRA_TRY_VOID(spend());
    contents_.erase(path);
  }
  UNHIDRA_TRY(auto file, real_file_system().open(path, mode));
  auto& contents = contents_[path];
  if (!contents) {
    contents = std::make_shared<Contents>();
  }
  return std::make_unique<FaultyFile>(*this, contents, std::move(file));
}

Result<std::vector<std::string>> FaultyDisk::list(const std::filesystem::path& folder) {
  return real_file_system().list(folder);
}

Status FaultyDisk::make_folder(const std::filesystem::path& folder) {
  return real_file_system().make_folder(folder);
}

Status FaultyDisk::rename(const std::filesystem::path& from, const std::filesystem::path& to) {
  const std::lock_guard lock(mutex_);
  UNHIDRA_TRY_VOID(spend());
  UNHIDRA_TRY_VOID(real_file_system().rename(from, to));
  contents_[to] = contents_[from];
  contents_.erase(from);
  renames_.push_back({from, to});
  return {};
}

Status FaultyDisk::remove(const std::filesystem::path& path) {
  const std::lock_guard lock(mutex_);
  UNHIDRA_TRY_VOID(spend());
  contents_.erase(path);
  return real_file_system().remove(path);
}

Status FaultyDisk::sync_folder(const std::filesystem::path&) {
  const std::lock_guard lock(mutex_);
  UNHIDRA_TRY_VOID(spend());
  renames_.clear();
  return {};
}

void FaultyDisk::forget() {
  const std::lock_guard lock(mutex_);
  for (const auto& [path, contents] : contents_) {
    auto file = real_file_system().open(path, Mode::read_write);
    if (!file) {
      continue;
    }
    for (const auto& [page, kept] : contents->lost) {
      (void)(*file)->write(kept.before, page * kPage);
    }
    for (const auto& [page, kept] : contents->dirty) {
      if (!contents->lost.contains(page) && random_.below(2) == 0) {
        (void)(*file)->write(kept.before, page * kPage);
      }
    }
  }
  contents_.clear();
  // A rename that is kept implies those before it, as in any file system with a journal.
  while (!renames_.empty() && random_.below(2) == 0) {
    (void)real_file_system().rename(renames_.back().to, renames_.back().from);
    renames_.pop_back();
  }
  renames_.clear();
  powerless_ = false;
  calls_left_ = -1;
}

}  // namespace unhidra::storage
