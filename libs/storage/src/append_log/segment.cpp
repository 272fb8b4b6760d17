#include "segment.h"

#include <algorithm>

namespace unhidra::storage {
namespace {

// Synced one by one: the log's own syncs wait behind one of them, not behind a whole segment.
constexpr std::uint64_t kStep = 1U << 20;

}  // namespace

Status write_zeros(LogFile& file, std::uint64_t from, std::uint64_t to) {
  static const Bytes kZeros(256U << 10);
  while (from < to) {
    const auto count = std::min<std::uint64_t>(kZeros.size(), to - from);
    UNHIDRA_TRY_VOID(file.write(ByteView(kZeros).first(static_cast<std::size_t>(count)), from));
    from += count;
  }
  return {};
}

std::filesystem::path SegmentFactory::temporary_path() const {
  return folder_ / (std::string("next-segment") + std::string(kTemporarySuffix));
}

void SegmentFactory::prepare(std::uint64_t size) {
  if (!prepared_.valid()) {
    prepared_size_ = size;
    prepared_ = std::async(std::launch::async, [this, size] { return make(size); });
  }
}

void SegmentFactory::discard() {
  if (prepared_.valid()) {
    (void)prepared_.get();
    (void)files_.remove(temporary_path());
  }
}

Result<std::unique_ptr<LogFile>> SegmentFactory::make(std::uint64_t size) const {
  const auto write = [&]() -> Result<std::unique_ptr<LogFile>> {
    UNHIDRA_TRY(auto file, files_.open(temporary_path(), LogFileSystem::Mode::create));
    UNHIDRA_TRY_VOID(file->reserve(size));
    for (std::uint64_t from = 0; from < size; from += kStep) {
      UNHIDRA_TRY_VOID(write_zeros(*file, from, std::min(size, from + kStep)));
      UNHIDRA_TRY_VOID(file->sync());
    }
    return file;
  };
  auto file = write();
  if (!file) {
    // Half a file would keep the room that others need to go on.
    (void)files_.remove(temporary_path());
  }
  return file;
}

// One that could not be prepared is tried again: there may be room by now.
Result<std::unique_ptr<LogFile>> SegmentFactory::ready(std::uint64_t size) {
  if (prepared_.valid()) {
    auto file = prepared_.get();
    if (file && prepared_size_ == size) {
      return file;
    }
  }
  return make(size);
}

Result<std::unique_ptr<LogFile>> SegmentFactory::take(std::uint64_t first, std::uint64_t size) {
  UNHIDRA_TRY(auto file, ready(size));
  const FileHeader header{.kind = FileKind::segment, .position = first, .log = log_, .size = size};
  UNHIDRA_TRY_VOID(file->write(encode(header), 0));
  UNHIDRA_TRY_VOID(file->sync());
  UNHIDRA_TRY_VOID(files_.rename(temporary_path(), folder_ / file_name(FileKind::segment, first)));
  UNHIDRA_TRY_VOID(files_.sync_folder(folder_));
  return file;
}

}  // namespace unhidra::storage
