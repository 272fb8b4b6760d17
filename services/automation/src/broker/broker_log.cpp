#include "unhidra/automation/broker_log.h"

#include <algorithm>

#include "unhidra/runtime/log.h"

namespace unhidra::automation {
namespace {

// A log this much longer than twice its snapshot is replaced by a new one.
constexpr std::uint64_t kMinSnapshotAt = 64U << 20;

}  // namespace

BrokerLog::~BrokerLog() {
  static_cast<void>(close());
}

Status BrokerLog::open(const Replay& replay) {
  storage::AppendLogSettings settings;
  settings.folder = folder_;
  settings.accept_when_full = true;
  auto opened = storage::AppendLog::open(
      settings, *this, [&replay](std::uint64_t, ByteView record) { return replay(record); });
  if (!opened) {
    return fail(std::move(opened).error());
  }
  log_ = std::move(*opened);
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
  committing_ = {};
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
  return !broken() &&
         log_->stats().bytes_since_snapshot > std::max(kMinSnapshotAt, 2 * snapshot_bytes_);
}

Status BrokerLog::snapshot(const mqtt::Broker& broker) {
  UNHIDRA_TRY(auto writer, log_->begin_snapshot());
  Status status;
  std::uint64_t bytes = 0;
  broker.snapshot([&](ByteView record) {
    bytes += record.size();
    if (status) {
      status = writer.write(record);
    }
  });
  if (!status) {
    return status;
  }
  snapshot_bytes_ = bytes;
  committing_ = std::jthread([writer = std::move(writer), bytes]() mutable {
    if (const auto done = writer.commit(); done) {
      log::info("mqtt.snapshot", {{"bytes", bytes}});
    } else {
      log::error("mqtt.snapshot_failed", {{"error", done.error()}});
    }
  });
  return {};
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
