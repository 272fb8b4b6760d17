#include "unhidra/automation/broker_log.h"

#include <algorithm>

#include "unhidra/runtime/log.h"

namespace unhidra::automation {
namespace {

// Sessions and messages that are captured in one turn of the loop: some tenths of a millisecond.
constexpr std::size_t kPart = 512;

using Work = std::move_only_function<Status()>;

// The part ends on the worker, too.
Work writing(storage::SnapshotWriter& writer, mqtt::SnapshotPart part, std::uint64_t& bytes) {
  return [&writer, &bytes, part = std::move(part)]() mutable {
    const auto mine = std::move(part);
    Status status;
    mine.write([&](ByteView record) {
      bytes += record.size();
      if (status) {
        status = writer.write(record);
      }
    });
    return status;
  };
}

Work committing(storage::SnapshotWriter& writer) {
  return [&writer] { return writer.commit(); };
}

}  // namespace

BrokerLog::~BrokerLog() {
  static_cast<void>(close());
}

Status BrokerLog::open(const Replay& replay) {
  storage::AppendLogSettings settings;
  settings.folder = settings_.folder;
  settings.accept_when_full = true;
  settings.segment_size = settings_.segment;
  auto opened = storage::AppendLog::open(
      settings, *this, [&replay](std::uint64_t, ByteView record) { return replay(record); });
  if (!opened) {
    return fail(std::move(opened).error());
  }
  log_ = std::move(*opened);
  writers_.emplace(runtime::WorkerPoolOptions{.name = "mqtt-snapshot"});
  const auto& found = log_->recovery();
  log::info("mqtt.recovered", {{"snapshot_records", found.snapshot_records},
                               {"records", found.records},
                               {"discarded_bytes", found.discarded_bytes}});
  return {};
}

void BrokerLog::serve(MqttServer& server) {
  server_ = &server;
}

Status BrokerLog::close() {
  server_ = nullptr;
  writers_.reset();
  return log_ ? log_->close() : Status();
}

// The broker cannot take back what it has done: when the log fails, positions go on, and what
// waits for them waits for ever. Nobody is told what is not true.
std::uint64_t BrokerLog::append(ByteView record) {
  const auto position = log_->append(record);
  if (position) {
    last_ = *position;
    return last_;
  }
  if (!broken_.exchange(true)) {
    log::error("mqtt.log_failed",
               {{"error", position.error()}, {"message", position.error().message()}});
  }
  return ++last_;
}

std::size_t BrokerLog::backlog() const {
  return log_->backlog();
}

bool BrokerLog::wants_snapshot() const {
  return !broken() && !writing_ &&
         log_->stats().bytes_since_snapshot > std::max(settings_.snapshot_at, 2 * snapshot_bytes_);
}

Task<Status> BrokerLog::snapshot(mqtt::Broker& broker) {
  UNHIDRA_CO_TRY(auto writer, log_->begin_snapshot());
  writing_ = true;
  broker.begin_snapshot();
  const std::unique_ptr<mqtt::Broker, void (*)(mqtt::Broker*)> whole(
      &broker, [](mqtt::Broker* ended) { ended->end_snapshot(); });
  const std::unique_ptr<bool, void (*)(bool*)> one_at_a_time(&writing_,
                                                             [](bool* on) { *on = false; });
  co_return co_await write(broker, std::move(writer));
}

Task<Status> BrokerLog::write(mqtt::Broker& broker, storage::SnapshotWriter writer) {
  std::uint64_t bytes = 0;
  while (auto part = broker.next_part(kPart)) {
    UNHIDRA_CO_TRY_VOID(co_await writers_->run(writing(writer, *std::move(part), bytes)));
  }
  UNHIDRA_CO_TRY_VOID(co_await writers_->run(committing(writer)));
  snapshot_bytes_ = bytes;
  log::info("mqtt.snapshot", {{"bytes", bytes}});
  co_return Status();
}

void BrokerLog::durable(std::uint64_t position) {
  if (auto* const server = server_.load(); server != nullptr && !broken()) {
    server->run(
        [position](mqtt::Broker& broker, mqtt::Moment now) { broker.durable(position, now); });
  }
}

void BrokerLog::failed(const Error& error) {
  log::error("mqtt.log_failed", {{"error", error}, {"message", error.message()}});
  if (error != storage::Errc::disk_full) {
    broken_ = true;
  }
}

void BrokerLog::writable() {
  log::info("mqtt.log_writable");
}

}  // namespace unhidra::automation
