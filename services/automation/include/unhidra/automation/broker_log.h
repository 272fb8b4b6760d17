#pragma once
// The broker's journal on disk: an append log, and now and then a snapshot in the log's place.

#include <atomic>
#include <thread>

#include "unhidra/automation/mqtt_server.h"
#include "unhidra/storage/append_log.h"

namespace unhidra::automation {

class BrokerLog final : public mqtt::Journal, private storage::AppendLogListener {
 public:
  // Records that were read back, in order.
  using Replay = std::function<Status(ByteView record)>;

  explicit BrokerLog(std::filesystem::path folder) : folder_(std::move(folder)) {}
  ~BrokerLog() override;

  // Reads back what is there. Before the server serves; blocks.
  Status open(const Replay& replay);
  // Whom to tell what has become durable. Outlives the log or until close().
  void serve(MqttServer& server);
  // Everything that was appended is on disk afterwards, unless it says why not. Blocks.
  Status close();

  // ---- mqtt::Journal, on the broker's executor
  std::uint64_t append(ByteView record) override;
  std::size_t backlog() const override;

  // Writes a snapshot when the log has outgrown the last one. On the broker's executor: what it
  // writes goes to memory, and a thread of its own waits for the disk.
  bool wants_snapshot() const;
  Status snapshot(const mqtt::Broker& broker);

  // The log has failed for good: nothing more will be durable.
  bool broken() const { return broken_.load(std::memory_order_relaxed); }

 private:
  void durable(std::uint64_t position) override;
  void failed(const Error& error) override;
  void writable() override;

  std::filesystem::path folder_;
  std::unique_ptr<storage::AppendLog> log_;
  std::atomic<MqttServer*> server_{nullptr};
  std::atomic<bool> broken_{false};
  std::uint64_t last_ = 0;            // position given out
  std::uint64_t snapshot_bytes_ = 0;  // of the last snapshot
  std::jthread committing_;
};

}  // namespace unhidra::automation
