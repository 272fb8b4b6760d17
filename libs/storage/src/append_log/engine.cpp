#include "engine.h"

#include <algorithm>
#include <pthread.h>

#include <sys/random.h>

#include "snapshot.h"

namespace unhidra::storage {
namespace {

// A closed log ends with a mark: it is always room for one.
constexpr std::size_t kMarkSize = frame_size(0);
constexpr std::size_t kMinSegment = 4096;
constexpr std::size_t kKeptBuffer = 4U << 20;
// Written and synced at once; more would make the first wait for the last.
constexpr std::size_t kMaxPart = 4U << 20;

LogId new_log_id() {
  LogId id{};
  if (::getrandom(id.data(), id.size(), 0) != static_cast<ssize_t>(id.size())) {
    throw std::runtime_error("the system gives no random bytes");
  }
  return id;
}

std::size_t first_frame(ByteView batch) {
  return frame_size(decode_frame_header(batch).length);
}

}  // namespace

Result<std::unique_ptr<LogEngine>> LogEngine::open(AppendLogSettings settings,
                                                   AppendLogListener& listener,
                                                   const AppendLog::Replay& replay,
                                                   LogFileSystem& files) {
  if (settings.segment_size < kMinSegment || settings.folder.empty()) {
    return fail(Errc::bad_settings, "a log needs a folder and segments of at least " +
                                        std::to_string(kMinSegment) + " bytes");
  }
  settings.segment_size = (settings.segment_size + 7) / 8 * 8;
  UNHIDRA_TRY_VOID(files.make_folder(settings.folder));
  UNHIDRA_TRY(auto lock, FolderLock::take(settings.folder));
  UNHIDRA_TRY(auto recovered, recover(files, settings.folder, replay));
  if (recovered.fresh) {
    recovered.log = new_log_id();
  }
  auto engine = std::make_unique<LogEngine>(std::move(settings), listener, files, std::move(lock),
                                            std::move(recovered));
  UNHIDRA_TRY_VOID(engine->start());
  return engine;
}

LogEngine::LogEngine(AppendLogSettings settings, AppendLogListener& listener, LogFileSystem& files,
                     FolderLock lock, Recovered recovered)
    : settings_(std::move(settings)),
      listener_(listener),
      files_(files),
      lock_(std::move(lock)),
      recovered_(std::move(recovered)),
      factory_(files, settings_.folder, recovered_.log),
      next_(recovered_.next),
      durable_(recovered_.next - 1),
      segments_(recovered_.segments),
      marked_(recovered_.fresh || recovered_.ends_with_mark),
      snapshot_position_(recovered_.report.snapshot_position) {}

LogEngine::~LogEngine() {
  (void)close();
}

Status LogEngine::start() {
  if (recovered_.fresh) {
    UNHIDRA_TRY(file_, factory_.take(next_, settings_.segment_size));
    offset_ = kFileHeaderSize;
    file_size_ = settings_.segment_size;
    segments_.push_back(next_);
  } else {
    const auto path = settings_.folder / file_name(FileKind::segment, segments_.back());
    UNHIDRA_TRY(file_, files_.open(path, LogFileSystem::Mode::read_write));
    UNHIDRA_TRY_VOID(repair(*file_));
    offset_ = recovered_.end;
    file_size_ = std::max(recovered_.segment_size, recovered_.end);
    written_ = recovered_.end + (segments_.size() - 1) * settings_.segment_size;
  }
  for (const auto& name : recovered_.obsolete) {
    UNHIDRA_TRY_VOID(files_.remove(settings_.folder / name));
  }
  UNHIDRA_TRY_VOID(files_.sync_folder(settings_.folder));
  thread_ = std::thread([this] { loop(); });
  return {};
}

// Makes true what recovery has told: frames whose sync was not proven are written again, because a
// kernel whose write-back failed may show them without having them on disk; a torn end becomes
// zeros.
Status LogEngine::repair(LogFile& file) {
  Bytes unproven(static_cast<std::size_t>(recovered_.end - recovered_.unproven_offset));
  UNHIDRA_TRY(const auto count, file.read(unproven, recovered_.unproven_offset));
  if (count != unproven.size()) {
    return fail(Errc::corrupt, "the last segment has become shorter while it was read");
  }
  UNHIDRA_TRY_VOID(file.write(unproven, recovered_.unproven_offset));
  UNHIDRA_TRY_VOID(write_zeros(file, recovered_.end, recovered_.used_end));
  UNHIDRA_TRY_VOID(write_zeros(file, std::max(recovered_.used_end, recovered_.file_size),
                               recovered_.segment_size));
  return file.sync();
}

Result<std::uint64_t> LogEngine::append(ByteView record) {
  if (record.size() > kMaxLogRecord) {
    return fail(Errc::too_large, "a record of " + std::to_string(record.size()) + " bytes");
  }
  const auto size = frame_size(record.size());
  const std::lock_guard lock(mutex_);
  if (failed_) {
    return fail(*failed_);
  }
  if (closing_) {
    return fail(Errc::stopped, "the log is closed");
  }
  if (full_ && !settings_.accept_when_full) {
    return fail(*full_);
  }
  if (backlog_ + size > settings_.max_backlog && backlog_ > 0) {
    return full_ ? fail(*full_) : fail(Errc::overloaded, "too much waits for the disk");
  }
  append_frame(pending_, FrameKind::record, next_, record);
  backlog_ += size;
  if (pending_.size() == size) {
    work_.notify_one();
  }
  return next_++;
}

std::size_t LogEngine::backlog() const {
  const std::lock_guard lock(mutex_);
  return backlog_;
}

AppendLogStats LogEngine::stats() const {
  const std::lock_guard lock(mutex_);
  return {.appended = next_ - 1,
          .durable = durable_,
          .backlog = backlog_,
          .batches = batches_,
          .segments = segments_.size(),
          .bytes_since_snapshot = written_};
}

Status LogEngine::flush() {
  std::uint64_t last = 0;
  {
    const std::lock_guard lock(mutex_);
    last = next_ - 1;
  }
  return wait_until_durable(last);
}

Status LogEngine::wait_until_durable(std::uint64_t position) {
  std::unique_lock lock(mutex_);
  progress_.wait(lock, [&] { return durable_ >= position || failed_ || full_; });
  if (durable_ >= position) {
    return {};
  }
  return fail(failed_ ? *failed_ : *full_);
}

Status LogEngine::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  work_.notify_one();
  if (thread_.joinable()) {
    thread_.join();
  }
  const std::lock_guard lock(mutex_);
  return failed_ ? Status(fail(*failed_)) : Status();
}

// ---- The writer's thread

void LogEngine::loop() {
  ::pthread_setname_np(::pthread_self(), "append-log");
  Bytes batch;
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [&] { return !pending_.empty() || closing_; });
    if (pending_.empty()) {
      break;
    }
    batch.swap(pending_);
    lock.unlock();
    const bool written = write_batch(batch);
    if (batch.capacity() > kKeptBuffer) {
      Bytes().swap(batch);
    }
    batch.clear();
    lock.lock();
    if (!written) {
      break;
    }
  }
  const bool mark = !failed_ && !marked_;
  lock.unlock();
  if (mark) {
    write_mark();
  }
  factory_.discard();
}

// False: the log has failed.
bool LogEngine::write_batch(MutableByteView batch) {
  while (!batch.empty()) {
    const auto size = part_that_fits(batch);
    auto status = size == 0 ? next_segment(batch) : write_part(batch.first(size));
    if (status) {
      batch = batch.subspan(size);
    } else if (!outlast(std::move(status).error(), !sync_failed_)) {
      return false;
    }
  }
  return true;
}

std::size_t LogEngine::part_that_fits(ByteView batch) const {
  std::size_t size = 0;
  const auto room = file_size_ - std::min<std::uint64_t>(file_size_, offset_ + kMarkSize);
  while (size < batch.size() && size < kMaxPart) {
    const auto frame = first_frame(batch.subspan(size));
    if (size + frame > room) {
      break;
    }
    size += frame;
  }
  return size;
}

Status LogEngine::write_part(MutableByteView part) {
  const auto first = decode_frame_header(part).sequence;
  seal_frames(part, first - 1, factory_.log());
  UNHIDRA_TRY_VOID(file_->write(part, offset_));
  if (auto status = file_->sync(); !status) {
    sync_failed_ = true;
    return status;
  }
  offset_ += part.size();
  std::uint64_t last = first;
  for (ByteView rest = part; !rest.empty(); rest = rest.subspan(first_frame(rest))) {
    last = decode_frame_header(rest).sequence;
  }
  report(last, part.size());
  if (offset_ > file_size_ / 2) {
    factory_.prepare(settings_.segment_size);
  }
  return {};
}

Status LogEngine::next_segment(ByteView batch) {
  const auto needed = kFileHeaderSize + first_frame(batch) + kMarkSize;
  const auto size = std::max<std::uint64_t>(settings_.segment_size, needed);
  const auto first = decode_frame_header(batch).sequence;
  UNHIDRA_TRY(file_, factory_.take(first, size));
  offset_ = kFileHeaderSize;
  file_size_ = size;
  const std::lock_guard lock(mutex_);
  segments_.push_back(first);
  return {};
}

// Tells what is wrong. True: the writer shall try again, and it is time to.
bool LogEngine::outlast(Error error, bool can_repeat) {
  const bool lasting = !can_repeat || !(error == Errc::disk_full);
  if (lasting) {
    // A later sync that succeeds would say nothing about this one, so nothing is called full.
    error = Error(Errc::unavailable, error.message() + "; the log has stopped, open it again");
  }
  std::unique_lock lock(mutex_);
  const bool give_up = lasting || closing_;
  if (lasting || !full_) {
    lock.unlock();
    listener_.failed(error);  // before anybody who waits in flush() goes on
    lock.lock();
  }
  (give_up ? failed_ : full_) = error;
  progress_.notify_all();
  if (give_up) {
    return false;
  }
  work_.wait_for(lock, settings_.retry_interval, [&] { return closing_; });
  return true;
}

void LogEngine::report(std::uint64_t position, std::size_t bytes) {
  bool writable = false;
  listener_.durable(position);  // before anybody who waits in flush() goes on
  {
    const std::lock_guard lock(mutex_);
    durable_ = position;
    backlog_ -= bytes;
    written_ += bytes;
    batches_ += 1;
    marked_ = false;
    writable = full_.has_value();
    full_.reset();
  }
  progress_.notify_all();
  if (writable) {
    listener_.writable();
  }
}

// A log without one is as good, but damage in its last batch looks like a torn end.
void LogEngine::write_mark() {
  Bytes mark;
  append_frame(mark, FrameKind::mark, next_, {});
  seal_frames(mark, next_ - 1, factory_.log());
  if (offset_ + mark.size() <= file_size_ && file_->write(mark, offset_)) {
    (void)file_->sync();
  }
}

// ---- Snapshots

Result<std::unique_ptr<SnapshotFile>> LogEngine::begin_snapshot() {
  std::uint64_t position = 0;
  {
    const std::lock_guard lock(mutex_);
    if (closing_) {
      return fail(Errc::stopped, "the log is closed");
    }
    if (snapshot_running_) {
      return fail(Errc::busy, "another snapshot is being written");
    }
    position = next_ - 1;
    if (position == 0) {
      return fail(Errc::bad_settings, "a snapshot before the first record");
    }
    snapshot_running_ = true;
    covered_ = written_;
  }
  return std::make_unique<SnapshotFile>(*this, position);
}

void LogEngine::snapshot_ended() {
  const std::lock_guard lock(mutex_);
  snapshot_running_ = false;
}

void LogEngine::snapshot_committed(std::uint64_t position) {
  std::vector<std::string> obsolete;
  {
    const std::lock_guard lock(mutex_);
    if (snapshot_position_ != 0 && snapshot_position_ != position) {
      obsolete.push_back(file_name(FileKind::snapshot, snapshot_position_));
    }
    snapshot_position_ = position;
    while (segments_.size() > 1 && segments_[1] <= position + 1) {
      obsolete.push_back(file_name(FileKind::segment, segments_.front()));
      segments_.pop_front();
    }
    written_ -= covered_;
  }
  for (const auto& name : obsolete) {
    (void)files_.remove(settings_.folder / name);
  }
}

}  // namespace unhidra::storage
