#include "unhidra/runtime/metrics.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <variant>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "unhidra/runtime/log.h"
#include "unhidra/runtime/worker_pool.h"

namespace unhidra::runtime {

namespace {

constexpr std::array kLatencyBuckets = {0.0001, 0.0003, 0.001, 0.003, 0.005, 0.01, 0.02, 0.05,
                                        0.1,    0.2,    0.5,   1.0,   2.0,   5.0,  10.0};
constexpr std::string_view kOther = "other";

bool is_valid_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace

std::span<const double> latency_buckets() {
  return kLatencyBuckets;
}

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds.begin(), bounds.end()),
      counts_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds.size() + 1)) {}

void Histogram::observe(double value) {
  // A bucket counts values up to and including its bound.
  const auto bucket = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

Histogram::Snapshot Histogram::snapshot() const {
  Snapshot out{.bounds = bounds_, .counts = {}, .sum = sum_.load(std::memory_order_relaxed)};
  for (std::size_t i = 0; i <= bounds_.size(); ++i) {
    out.counts.push_back(counts_[i].load(std::memory_order_relaxed));
  }
  return out;
}

namespace detail {

using Values = std::vector<std::string>;
using AnyMetric =
    std::variant<std::unique_ptr<Counter>, std::unique_ptr<Gauge>, std::unique_ptr<Histogram>>;

struct FamilyState {
  std::string name;
  std::string help;
  prometheus::MetricType type = prometheus::MetricType::Untyped;
  Values label_names;
  std::vector<double> bounds;
  std::size_t max_series = 1;

  mutable std::shared_mutex mutex;
  std::map<Values, AnyMetric> series;

  struct Reader {
    Values label_values;
    std::function<double()> read;
  };
  std::map<std::uint64_t, Reader> readers;

  AnyMetric make() const {
    switch (type) {
      case prometheus::MetricType::Counter:
        return std::make_unique<Counter>();
      case prometheus::MetricType::Gauge:
        return std::make_unique<Gauge>();
      default:
        return std::make_unique<Histogram>(bounds);
    }
  }

  AnyMetric& at(std::span<const std::string_view> wanted) {
    if (wanted.size() != label_names.size()) {
      log::fatal("metrics.wrong_labels", {{"metric", name}});
    }
    Values key(wanted.begin(), wanted.end());
    {
      const std::shared_lock lock(mutex);
      if (const auto found = series.find(key); found != series.end()) {
        return found->second;
      }
    }
    const std::unique_lock lock(mutex);
    if (series.size() >= max_series && !series.contains(key)) {
      key.assign(label_names.size(), std::string(kOther));
    }
    auto [position, added] = series.try_emplace(std::move(key));
    if (added) {
      position->second = make();
    }
    return position->second;
  }
};

struct MetricsState {
  mutable std::mutex mutex;
  std::map<std::string, std::unique_ptr<FamilyState>, std::less<>> families;
  std::uint64_t next_reader = 1;

  FamilyState& family(std::string_view name, std::string_view help, prometheus::MetricType type,
                      Values labels, std::span<const double> bounds, std::size_t max_series) {
    const std::lock_guard lock(mutex);
    auto& slot = families[std::string(name)];
    if (!slot) {
      if (!is_valid_name(name) || !std::ranges::all_of(labels, is_valid_name)) {
        log::fatal("metrics.bad_name", {{"metric", name}});
      }
      slot = std::make_unique<FamilyState>();
      slot->name = name;
      slot->help = help;
      slot->type = type;
      slot->label_names = std::move(labels);
      slot->bounds.assign(bounds.begin(), bounds.end());
      slot->max_series = max_series;
    } else if (slot->type != type || slot->label_names != labels) {
      log::fatal("metrics.declared_twice", {{"metric", name}});
    }
    return *slot;
  }
};

namespace {

std::vector<prometheus::ClientMetric::Label> labels_of(const FamilyState& family,
                                                       const Values& values) {
  std::vector<prometheus::ClientMetric::Label> out;
  for (std::size_t i = 0; i < family.label_names.size(); ++i) {
    out.push_back({family.label_names[i], values[i]});
  }
  return out;
}

void collect_into(prometheus::ClientMetric& out, const Counter& counter) {
  out.counter.value = static_cast<double>(counter.value());
}
void collect_into(prometheus::ClientMetric& out, const Gauge& gauge) {
  out.gauge.value = static_cast<double>(gauge.value());
}
void collect_into(prometheus::ClientMetric& out, const Histogram& histogram) {
  const auto snapshot = histogram.snapshot();
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < snapshot.bounds.size(); ++i) {
    cumulative += snapshot.counts[i];
    out.histogram.bucket.push_back({cumulative, snapshot.bounds[i]});
  }
  // The count is that of the buckets, so that the two never disagree.
  out.histogram.sample_count = cumulative + snapshot.counts.back();
  out.histogram.sample_sum = snapshot.sum;
}

prometheus::MetricFamily collect(const FamilyState& family) {
  prometheus::MetricFamily out{family.name, family.help, family.type, {}};
  const std::shared_lock lock(family.mutex);
  for (const auto& [values, any] : family.series) {
    auto& metric = out.metric.emplace_back();
    metric.label = labels_of(family, values);
    std::visit([&](const auto& owned) { collect_into(metric, *owned); }, any);
  }
  for (const auto& [id, reader] : family.readers) {
    auto& metric = out.metric.emplace_back();
    metric.label = labels_of(family, reader.label_values);
    const double value = reader.read();
    metric.gauge.value = value;
    metric.counter.value = value;
  }
  return out;
}

}  // namespace
}  // namespace detail

template <class Metric>
Metric& Family<Metric>::at(std::span<const std::string_view> label_values) const {
  return *std::get<std::unique_ptr<Metric>>(state_->at(label_values));
}
template class Family<Counter>;
template class Family<Gauge>;
template class Family<Histogram>;

Metrics::Metrics() : state_(std::make_shared<detail::MetricsState>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(std::string_view name, std::string_view help) {
  return counters(name, help, {}, 1).at({});
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help) {
  return gauges(name, help, {}, 1).at({});
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help,
                              std::span<const double> bounds) {
  return histograms(name, help, {}, bounds, 1).at({});
}

Family<Counter> Metrics::counters(std::string_view name, std::string_view help, Labels labels,
                                  std::size_t max_series) {
  return Family<Counter>(&state_->family(name, help, prometheus::MetricType::Counter,
                                         std::move(labels), {}, max_series));
}

Family<Gauge> Metrics::gauges(std::string_view name, std::string_view help, Labels labels,
                              std::size_t max_series) {
  return Family<Gauge>(&state_->family(name, help, prometheus::MetricType::Gauge, std::move(labels),
                                       {}, max_series));
}

Family<Histogram> Metrics::histograms(std::string_view name, std::string_view help, Labels labels,
                                      std::span<const double> bounds, std::size_t max_series) {
  return Family<Histogram>(&state_->family(name, help, prometheus::MetricType::Histogram,
                                           std::move(labels), bounds, max_series));
}

Metrics::Callback Metrics::on_read(CallbackKind kind, std::string_view name, std::string_view help,
                                   Labels labels, std::vector<std::string> label_values,
                                   std::function<double()> read) {
  if (labels.size() != label_values.size()) {
    log::fatal("metrics.wrong_labels", {{"metric", name}});
  }
  auto& family = state_->family(
      name, help,
      kind == CallbackKind::gauge ? prometheus::MetricType::Gauge : prometheus::MetricType::Counter,
      std::move(labels), {}, kDefaultMaxSeries);
  Callback handle;
  handle.state_ = state_;
  const std::lock_guard lock(state_->mutex);
  handle.id_ = state_->next_reader++;
  const std::unique_lock family_lock(family.mutex);
  family.readers.emplace(handle.id_,
                         detail::FamilyState::Reader{std::move(label_values), std::move(read)});
  return handle;
}

Metrics::Callback& Metrics::Callback::operator=(Callback&& other) noexcept {
  std::swap(state_, other.state_);
  std::swap(id_, other.id_);
  return *this;
}

Metrics::Callback::~Callback() {
  const auto state = state_.lock();
  if (!state) {
    return;
  }
  const std::lock_guard lock(state->mutex);
  for (auto& [name, family] : state->families) {
    const std::unique_lock family_lock(family->mutex);
    if (family->readers.erase(id_) > 0) {
      return;
    }
  }
}

std::string Metrics::expose() const {
  std::vector<prometheus::MetricFamily> families;
  {
    const std::lock_guard lock(state_->mutex);
    for (const auto& [name, family] : state_->families) {
      families.push_back(detail::collect(*family));
    }
  }
  return prometheus::TextSerializer().Serialize(families);
}

std::vector<Metrics::Callback> observe(Metrics& metrics, const WorkerPool& pool) {
  using Kind = Metrics::CallbackKind;
  std::vector<Metrics::Callback> out;
  const auto add = [&](Kind kind, std::string_view name, std::string_view help,
                       double (*pick)(const WorkerPoolStats&)) {
    out.push_back(metrics.on_read(kind, name, help, {"pool"}, {pool.name()},
                                  [&pool, pick] { return pick(pool.stats()); }));
  };
  using Stats = WorkerPoolStats;
  add(Kind::gauge, "worker_pool_threads", "Threads of the pool.",
      [](const Stats& s) { return static_cast<double>(s.threads); });
  add(Kind::gauge, "worker_pool_queued", "Jobs that wait for a thread.",
      [](const Stats& s) { return static_cast<double>(s.queued); });
  add(Kind::gauge, "worker_pool_running", "Jobs being run.",
      [](const Stats& s) { return static_cast<double>(s.running); });
  add(Kind::counter, "worker_pool_completed_total", "Jobs that ended.",
      [](const Stats& s) { return static_cast<double>(s.completed); });
  add(Kind::counter, "worker_pool_refused_total", "Jobs refused because the queue was full.",
      [](const Stats& s) { return static_cast<double>(s.refused); });
  add(Kind::counter, "worker_pool_wait_seconds_total", "Time that jobs waited for a thread.",
      [](const Stats& s) { return s.wait_seconds; });
  add(Kind::counter, "worker_pool_run_seconds_total", "Time that jobs ran.",
      [](const Stats& s) { return s.run_seconds; });
  return out;
}

}  // namespace unhidra::runtime
