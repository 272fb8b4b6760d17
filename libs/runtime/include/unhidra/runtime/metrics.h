#pragma once
// Counters, gauges and histograms in Prometheus's text format. Updating one is one or two relaxed
// atomic operations: look a labelled series up once and keep the reference. Series live as long as
// the registry. Names are a contract with the operator's dashboards: declare them beside the code
// that counts.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace unhidra::runtime {

class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  alignas(64) std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  void sub(std::int64_t n = 1) { value_.fetch_sub(n, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  alignas(64) std::atomic<std::int64_t> value_{0};
};

// Seconds from 100 us to 10 s: the default for latencies.
std::span<const double> latency_buckets();

class Histogram {
 public:
  // Upper bounds, rising; one more bucket takes everything above.
  explicit Histogram(std::span<const double> bounds);
  void observe(double value);
  void observe(std::chrono::nanoseconds duration) {
    observe(std::chrono::duration<double>(duration).count());
  }
  struct Snapshot {
    std::vector<double> bounds;
    std::vector<std::uint64_t> counts;  // per bucket, not cumulative; one more than bounds
    double sum = 0;
  };
  Snapshot snapshot() const;

 private:
  std::vector<double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
  alignas(64) std::atomic<double> sum_{0};
};

namespace detail {
struct MetricsState;
struct FamilyState;
}  // namespace detail

// A metric with labels. The number of series is bounded: once `max_series` label combinations
// exist, a new one is counted under the value "other" for every label.
template <class Metric>
class Family {
 public:
  Metric& at(std::initializer_list<std::string_view> label_values) const {
    return at(std::span(label_values.begin(), label_values.size()));
  }
  Metric& at(std::span<const std::string_view> label_values) const;

 private:
  friend class Metrics;
  explicit Family(detail::FamilyState* state) : state_(state) {}
  detail::FamilyState* state_;
};

class Metrics {
 public:
  static constexpr std::size_t kDefaultMaxSeries = 100;
  using Labels = std::vector<std::string>;

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Asking again for a name gives the same metric; asking for it as another type, with other labels
  // or under a malformed name is a bug and aborts.
  Counter& counter(std::string_view name, std::string_view help);
  Gauge& gauge(std::string_view name, std::string_view help);
  Histogram& histogram(std::string_view name, std::string_view help,
                       std::span<const double> bounds = latency_buckets());
  Family<Counter> counters(std::string_view name, std::string_view help, Labels labels,
                           std::size_t max_series = kDefaultMaxSeries);
  Family<Gauge> gauges(std::string_view name, std::string_view help, Labels labels,
                       std::size_t max_series = kDefaultMaxSeries);
  Family<Histogram> histograms(std::string_view name, std::string_view help, Labels labels,
                               std::span<const double> bounds = latency_buckets(),
                               std::size_t max_series = kDefaultMaxSeries);

  // A value that is asked for when metrics are read: a queue's length, say. `read` must not block
  // and is called from any thread until the returned handle is dropped.
  class [[nodiscard]] Callback {
   public:
    Callback() = default;
    Callback(Callback&& other) noexcept = default;
    Callback& operator=(Callback&& other) noexcept;
    ~Callback();

   private:
    friend class Metrics;
    std::weak_ptr<detail::MetricsState> state_;
    std::uint64_t id_ = 0;
  };
  enum class CallbackKind : std::uint8_t { gauge, counter };
  Callback on_read(CallbackKind kind, std::string_view name, std::string_view help, Labels labels,
                   std::vector<std::string> label_values, std::function<double()> read);

  // Prometheus text exposition format 0.0.4. Safe from any thread.
  std::string expose() const;

 private:
  std::shared_ptr<detail::MetricsState> state_;
};

class WorkerPool;
// worker_pool_{queued,running,threads,completed_total,refused_total,...}{pool="name"}. Drop the
// handles before the pool.
std::vector<Metrics::Callback> observe(Metrics& metrics, const WorkerPool& pool);

}  // namespace unhidra::runtime
