#include "snapshot.h"

#include "unhidra/base/codec.h"

namespace unhidra::storage {
namespace {

constexpr std::size_t kBuffer = 1U << 20;

}  // namespace

SnapshotFile::SnapshotFile(LogEngine& engine, std::uint64_t position)
    : engine_(engine),
      position_(position),
      buffer_(encode(FileHeader{
          .kind = FileKind::snapshot, .position = position, .log = engine.log(), .size = 0})) {}

SnapshotFile::~SnapshotFile() {
  if (file_ && !committed_) {
    (void)engine_.files().remove(temporary_path());
  }
  engine_.snapshot_ended();
}

std::filesystem::path SnapshotFile::path() const {
  return engine_.folder() / file_name(FileKind::snapshot, position_);
}

std::filesystem::path SnapshotFile::temporary_path() const {
  auto temporary = path();
  temporary += kTemporarySuffix;
  return temporary;
}

Status SnapshotFile::write(ByteView record) {
  if (record.size() > kMaxLogRecord) {
    return fail(Errc::too_large, "a record of " + std::to_string(record.size()) + " bytes");
  }
  const auto start = buffer_.size();
  append_frame(buffer_, FrameKind::record, ++count_, record);
  seal_frames(MutableByteView(buffer_).subspan(start), count_ - 1, engine_.log());
  return buffer_.size() < kBuffer ? Status() : drain();
}

// After a failure there is a hole: nothing more can succeed.
Status SnapshotFile::drain() {
  if (!failed_) {
    if (auto status = write_out(); !status) {
      failed_ = std::move(status).error();
    }
    offset_ += buffer_.size();
    buffer_.clear();
  }
  return failed_ ? Status(fail(*failed_)) : Status();
}

Status SnapshotFile::write_out() {
  if (!file_) {
    UNHIDRA_TRY(file_, engine_.files().open(temporary_path(), LogFileSystem::Mode::create));
  }
  return file_->write(buffer_, offset_);
}

Status SnapshotFile::commit() {
  if (committed_) {
    return fail(Errc::stopped, "the snapshot is committed");
  }
  ByteWriter count;
  count.u64(count_);
  const auto start = buffer_.size();
  append_frame(buffer_, FrameKind::end, count_ + 1, count.view());
  seal_frames(MutableByteView(buffer_).subspan(start), count_, engine_.log());
  UNHIDRA_TRY_VOID(drain());
  if (auto status = file_->sync(); !status) {
    failed_ = status.error();
    return status;
  }
  // Otherwise the log could end before the snapshot.
  UNHIDRA_TRY_VOID(engine_.wait_until_durable(position_));
  UNHIDRA_TRY_VOID(engine_.files().rename(temporary_path(), path()));
  committed_ = true;
  UNHIDRA_TRY_VOID(engine_.files().sync_folder(engine_.folder()));
  engine_.snapshot_committed(position_);
  return {};
}

}  // namespace unhidra::storage
