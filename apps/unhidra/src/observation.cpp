#include "observation.h"

#include <array>

namespace unhidra::server {
namespace {

constexpr std::array<double, 10> kBatchSizes{1, 2, 4, 8, 16, 32, 64, 128, 256, 512};

double number(std::uint64_t value) {
  return static_cast<double>(value);
}

}  // namespace

Observation::Observation()
    : batch_size_(
          metrics_.histogram("storage_batch_size", "Writes committed together", kBatchSizes)),
      commit_seconds_(metrics_.histogram("storage_commit_seconds", "COMMIT alone")),
      write_wait_seconds_(metrics_.histogram("storage_write_wait_seconds",
                                             "How long the oldest write of a group waited")),
      read_seconds_(
          metrics_.histogram("storage_read_seconds", "Read transactions, waiting included")),
      healthy_(metrics_.gauge("storage_healthy", "1 when the database answers")) {
  healthy_.set(1);
}

void Observation::gauge(std::string_view name, std::string_view help,
                        std::function<double()> read) {
  callbacks_.push_back(
      metrics_.on_read(runtime::Metrics::CallbackKind::gauge, name, help, {}, {}, std::move(read)));
}

void Observation::counter(std::string_view name, std::string_view help,
                          std::function<double()> read) {
  callbacks_.push_back(metrics_.on_read(runtime::Metrics::CallbackKind::counter, name, help, {}, {},
                                        std::move(read)));
}

void Observation::watch(const storage::Database& database, const messaging::Bus& bus,
                        const messaging::LocalRateLimiter& limiter) {
  gauge("storage_write_queue", "Writes that wait",
        [&] { return number(database.stats().write_queue); });
  gauge("storage_read_queue", "Reads that wait",
        [&] { return number(database.stats().read_queue); });
  counter("storage_writes_total", "Writes that succeeded",
          [&] { return number(database.stats().writes); });
  counter("storage_write_failures_total", "Writes that failed",
          [&] { return number(database.stats().write_failures); });
  counter("storage_retries_total", "Groups or writes run again",
          [&] { return number(database.stats().retries); });
  counter("storage_refused_total", "Refused because a queue was full",
          [&] { return number(database.stats().refused); });
  counter("bus_published_total", "Messages published",
          [&] { return number(bus.stats().published); });
  counter("bus_lost_total", "Messages lost to slow subscribers",
          [&] { return number(bus.stats().lost); });
  counter("bus_requests_total", "Requests between roles",
          [&] { return number(bus.stats().requests); });
  gauge("bus_in_flight", "Requests between roles under way",
        [&] { return number(bus.stats().in_flight); });
  gauge("bus_subscriptions", "Subscriptions", [&] { return number(bus.stats().subscriptions); });
  gauge("rate_limit_keys", "Keys that the rate limiter counts for",
        [&] { return number(limiter.keys()); });
}

void Observation::on_batch(const storage::BatchReport& report) {
  batch_size_.observe(number(report.size));
  commit_seconds_.observe(report.committing);
  write_wait_seconds_.observe(report.waited);
}

void Observation::on_read(std::chrono::nanoseconds waited, std::chrono::nanoseconds ran) {
  read_seconds_.observe(waited + ran);
}

void Observation::on_health(bool healthy) {
  healthy_.set(healthy ? 1 : 0);
}

}  // namespace unhidra::server
