#pragma once
// The metrics of the process, and what has none of its own to count with: database, bus, rate
// limits. The names are a contract with dashboards.

#include <vector>

#include "unhidra/messaging/bus.h"
#include "unhidra/messaging/rate_limiter.h"
#include "unhidra/runtime/metrics.h"
#include "unhidra/storage/database.h"

namespace unhidra::server {

// Outlives the database that it observes. The rest is asked when metrics are read, until forget().
class Observation final : public storage::Observer {
 public:
  Observation();

  runtime::Metrics& metrics() { return metrics_; }
  void watch(const storage::Database& database, const messaging::Bus& bus,
             const messaging::LocalRateLimiter& limiter);
  // Before what is watched goes.
  void forget() { callbacks_.clear(); }

  // storage::Observer; on database threads.
  void on_batch(const storage::BatchReport& report) override;
  void on_read(std::chrono::nanoseconds waited, std::chrono::nanoseconds ran) override;
  void on_health(bool healthy) override;

 private:
  void gauge(std::string_view name, std::string_view help, std::function<double()> read);
  void counter(std::string_view name, std::string_view help, std::function<double()> read);

  runtime::Metrics metrics_;
  runtime::Histogram& batch_size_;
  runtime::Histogram& commit_seconds_;
  runtime::Histogram& write_wait_seconds_;
  runtime::Histogram& read_seconds_;
  runtime::Gauge& healthy_;
  std::vector<runtime::Metrics::Callback> callbacks_;
};

}  // namespace unhidra::server
