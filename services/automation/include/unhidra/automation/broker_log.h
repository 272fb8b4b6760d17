#pragma once
// The broker's journal on disk: an append log, and now and then a snapshot in the log's place.

#include <atomic>
#include <optional>

#include "unhidra/automation/mqtt_server.h"
#include "unhidra/runtime/worker_pool.h"
#include "unhidra/storage/append_log.h"

namespace unhidra::automation {

struct BrokerLogSettings {
  std::filesystem::path folder;
  // Bytes; a log that is longer than this, and than twice its snapshot, gets a new one.
  std::uint64_t snapshot_at = 64U << 20;
  // Bytes. Two of them lie there from the beginning, zeroed: a small disk must have room for them.
  std::size_t segment = 16U << 20;
};

class BrokerLog final : public mqtt::Journal, private storage::AppendLogListener {
 public:
  // Records that were read back, in order.
  using Replay = std::function<Status(ByteView record)>;

  explicit BrokerLog(BrokerLogSettings settings) : settings_(std::move(settings)) {}
  ~BrokerLog() override;

  // Reads back what is there. Before the server serves; blocks.
  Status open(const Replay& replay);
  // Whom to tell what has become durable. Outlives the log or until close().
  void serve(MqttServer& server);
  // Everything that was appended is on disk afterwards, unless it says why not. No snapshot is
  // being written any more. Blocks.
  Status close();

  // ---- mqtt::Journal, on the broker's executor
  std::uint64_t append(ByteView record) override;
  std::size_t backlog() const override;

  // ---- Snapshots, on the broker's executor
  // The log has outgrown the last one, and none is being written.
  bool wants_snapshot() const;
  // The broker goes on meanwhile: it gives its state in small parts, and a thread of its own makes
  // records of them and waits for the disk. May be cancelled: then nothing is left of it.
  Task<Status> snapshot(mqtt::Broker& broker);

  // The log has failed for good: nothing more will be durable.
  bool broken() const { return broken_.load(std::memory_order_relaxed); }

 private:
  Task<Status> write(mqtt::Broker& broker, storage::SnapshotWriter writer);
  void durable(std::uint64_t position) override;
  void failed(const Error& error) override;
  void writable() override;

  BrokerLogSettings settings_;
  std::unique_ptr<storage::AppendLog> log_;
  std::optional<runtime::WorkerPool> writers_;
  std::atomic<MqttServer*> server_{nullptr};
  std::atomic<bool> broken_{false};
  bool writing_ = false;              // a snapshot
  std::uint64_t last_ = 0;            // position given out
  std::uint64_t snapshot_bytes_ = 0;  // of the last snapshot
};

}  // namespace unhidra::automation
