#include "unhidra/storage/append_log.h"

#include "snapshot.h"

namespace unhidra::storage {

SnapshotWriter::SnapshotWriter(std::unique_ptr<SnapshotFile> file) : file_(std::move(file)) {}
SnapshotWriter::SnapshotWriter(SnapshotWriter&&) noexcept = default;
SnapshotWriter::~SnapshotWriter() = default;

std::uint64_t SnapshotWriter::position() const {
  return file_->position();
}
Status SnapshotWriter::write(ByteView record) {
  return file_->write(record);
}
Status SnapshotWriter::commit() {
  return file_->commit();
}

Result<std::unique_ptr<AppendLog>> AppendLog::open(AppendLogSettings settings,
                                                   AppendLogListener& listener,
                                                   const Replay& replay) {
  UNHIDRA_TRY(auto engine, LogEngine::open(std::move(settings), listener, replay));
  return std::make_unique<AppendLog>(std::move(engine));
}

AppendLog::AppendLog(std::unique_ptr<LogEngine> engine) : engine_(std::move(engine)) {}
AppendLog::~AppendLog() = default;

Result<std::uint64_t> AppendLog::append(ByteView record) {
  return engine_->append(record);
}
std::size_t AppendLog::backlog() const {
  return engine_->backlog();
}
Status AppendLog::flush() {
  return engine_->flush();
}
Result<SnapshotWriter> AppendLog::begin_snapshot() {
  UNHIDRA_TRY(auto file, engine_->begin_snapshot());
  return SnapshotWriter(std::move(file));
}
Status AppendLog::close() {
  return engine_->close();
}
AppendLogStats AppendLog::stats() const {
  return engine_->stats();
}
const AppendLogRecovery& AppendLog::recovery() const {
  return engine_->recovery();
}

}  // namespace unhidra::storage
