#include "mqtt_load.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <thread>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "figures.h"
#include "mqtt_client.h"

namespace unhidra::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;
using mqtt::QoS;
using std::chrono::nanoseconds;

constexpr std::chrono::seconds kWarmUp{1};
constexpr std::chrono::seconds kPatience{5};  // for what is under way at the end
constexpr std::chrono::seconds kStalled{1};
constexpr std::size_t kScratch = 256U << 10;

nanoseconds now() {
  return SteadyClock::now().time_since_epoch();
}

struct Counts {
  std::uint64_t published = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t delivered = 0;
  std::uint64_t connections_lost = 0;
  std::uint64_t stalls = 0;  // messages given up for lost, so that the next could go
};

// Publishers first, then their subscribers. With fan-out there is one publisher and every client
// after it subscribes to its topic; with pairs the i-th subscriber belongs to the i-th publisher.
class MqttLoad final : MqttEvents {
 public:
  explicit MqttLoad(const MqttOptions& options)
      : options_(options),
        qos_(options.qos == 0 ? QoS::at_most_once : QoS::at_least_once),
        publishers_(options.kind == MqttLoadKind::pairs     ? options.clients
                    : options.kind == MqttLoadKind::fan_out ? 1
                                                            : 0),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        scratch_(kScratch),
        payload_(std::max<std::size_t>(options.payload_bytes, 8), 'u') {}
  MqttLoad(const MqttLoad&) = delete;
  MqttLoad& operator=(const MqttLoad&) = delete;
  ~MqttLoad() override { ::close(epoll_); }

  Status run() {
    UNHIDRA_TRY(before_, process_stats(options_.server_pids));
    UNHIDRA_TRY_VOID(open_all());
    if (options_.kind == MqttLoadKind::idle) {
      turn_until(now() + options_.duration, [] { return false; });
    } else {
      UNHIDRA_TRY_VOID(subscribe_all());
      load();
    }
    UNHIDRA_TRY(after_, process_stats(options_.server_pids));
    print();
    return {};
  }

 private:
  std::size_t subscribers() const { return clients_.size() - publishers_; }
  std::size_t deliveries_each() const { return subscribers() / publishers_; }
  std::string topic_of(std::size_t publisher) const {
    return "bench/" + std::to_string(::getpid()) + "/" + std::to_string(publisher);
  }
  std::size_t publisher_of(const MqttClient& subscriber) const {
    return options_.kind == MqttLoadKind::pairs ? subscriber.number() - publishers_ : 0;
  }

  Status open_all() {
    const auto count = publishers_ + options_.clients;
    for (std::size_t i = 0; i < count; ++i) {
      UNHIDRA_TRY(auto client, MqttClient::open(options_.host, options_.port, epoll_, i, *this));
      clients_.push_back(std::move(client));
      turn(nanoseconds(0));
    }
    return wait_for_ready(count, "CONNACK");
  }

  Status subscribe_all() {
    ready_ = 0;
    for (std::size_t i = publishers_; i < clients_.size(); ++i) {
      clients_[i]->subscribe(topic_of(publisher_of(*clients_[i])), qos_);
      clients_[i]->flush();
    }
    for (std::size_t i = 0; i < publishers_; ++i) {
      topics_.push_back(topic_of(i));
    }
    return wait_for_ready(subscribers(), "SUBACK");
  }

  Status wait_for_ready(std::size_t count, const char* what) {
    turn_until(now() + std::chrono::seconds(30),
               [&] { return ready_ >= count || counts_.connections_lost > 0; });
    if (ready_ < count) {
      return fail(Errc::unavailable, std::string("waited for ") + what + ": " +
                                         (why_lost_.empty() ? "none came" : why_lost_));
    }
    return {};
  }

  void load() {
    start_ = now();
    measure_from_ = start_ + kWarmUp;
    const auto end = measure_from_ + options_.duration;
    loading_ = true;
    last_progress_ = start_;
    turn_until(measure_from_, [] { return false; });
    counts_ = Counts();
    latencies_ = Latencies();
    began_ = process_stats(options_.server_pids).value_or(ProcessStats());
    own_began_ = own_cpu_seconds();
    const auto began_at = now();
    turn_until(end, [] { return false; });
    loading_ = false;
    seconds_ = std::chrono::duration<double>(now() - began_at).count();
    measured_ = counts_;
    ended_ = process_stats(options_.server_pids).value_or(ProcessStats());
    own_ended_ = own_cpu_seconds();
    turn_until(now() + kPatience, [this] { return under_way() == 0; });
  }

  // ---- The loop
  template <class Done>
  void turn_until(nanoseconds end, Done done) {
    while (now() < end && !done()) {
      auto wait = std::min<nanoseconds>(end - now(), std::chrono::milliseconds(100));
      if (loading_) {
        publish_what_is_due();
        wait = std::min(wait, until_next());
      }
      turn(std::max(wait, nanoseconds(0)));
    }
  }

  void turn(nanoseconds wait) {
    epoll_event events[512];
    const timespec time{.tv_sec = static_cast<time_t>(wait.count() / 1'000'000'000),
                        .tv_nsec = static_cast<long>(wait.count() % 1'000'000'000)};
    const int count = ::epoll_pwait2(epoll_, events, std::size(events), &time, nullptr);
    arrived_at_ = now();
    for (int i = 0; i < count; ++i) {
      auto& client = *clients_[events[i].data.u64];
      client.on_event(events[i].events, scratch_);
      if (client.wants_flush()) {
        client.flush();
      }
    }
  }

  nanoseconds until_next() const {
    return options_.rate > 0 ? due(sent_) - now() : nanoseconds(std::chrono::milliseconds(100));
  }
  nanoseconds due(std::uint64_t number) const {
    return start_ + nanoseconds(std::llround(static_cast<double>(number) * 1e9 / options_.rate));
  }

  void publish_what_is_due() {
    if (options_.rate > 0) {
      for (; due(sent_) <= now(); ++sent_) {
        publish(*clients_[sent_ % publishers_], due(sent_));
      }
    } else {
      give_up_when_stalled();
      for (std::size_t i = 0; i < publishers_; ++i) {
        while (has_room(i)) {
          publish(*clients_[i], now());
        }
      }
    }
    for (std::size_t i = 0; i < publishers_; ++i) {
      clients_[i]->flush();
    }
  }

  // Neither what waits for PUBACK nor what waits for its subscribers may exceed the window.
  bool has_room(std::size_t publisher) const {
    const auto& client = *clients_[publisher];
    if (!client.open() ||
        (qos_ != QoS::at_most_once && client.published - client.acknowledged >= options_.window)) {
      return false;
    }
    return client.published * deliveries_each() <
           client.delivered + options_.window * deliveries_each();
  }

  // QoS 0 may be dropped: then its room comes back after a while.
  void give_up_when_stalled() {
    if (counts_.delivered + counts_.acknowledged != progress_) {
      progress_ = counts_.delivered + counts_.acknowledged;
      last_progress_ = now();
    } else if (now() - last_progress_ > kStalled) {
      for (std::size_t i = 0; i < publishers_; ++i) {
        auto& client = *clients_[i];
        counts_.stalls += client.published * deliveries_each() - client.delivered;
        client.delivered = client.published * deliveries_each();
        client.acknowledged = client.published;
      }
      last_progress_ = now();
    }
  }

  void publish(MqttClient& client, nanoseconds due_at) {
    const auto stamp = due_at.count();
    std::memcpy(payload_.data(), &stamp, sizeof stamp);
    client.publish(topics_[client.number()], payload_, qos_);
    ++client.published;
    ++counts_.published;
  }

  std::uint64_t under_way() const {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < publishers_; ++i) {
      const auto& client = *clients_[i];
      const auto wanted = client.published * deliveries_each();
      out += wanted > client.delivered ? wanted - client.delivered : 0;
    }
    return out;
  }

  // ---- What the clients see
  void on_ready(MqttClient&) override { ++ready_; }
  void on_message(MqttClient& client, ByteView payload) override {
    std::int64_t stamp = 0;
    std::memcpy(&stamp, payload.data(), std::min(sizeof stamp, payload.size()));
    if (nanoseconds(stamp) >= measure_from_) {
      latencies_.add(arrived_at_ - nanoseconds(stamp));
    }
    ++clients_[publisher_of(client)]->delivered;
    ++counts_.delivered;
  }
  void on_acknowledged(MqttClient& client) override {
    ++client.acknowledged;
    ++counts_.acknowledged;
  }
  void on_lost(MqttClient&, const std::string& why) override {
    ++counts_.connections_lost;
    why_lost_ = why;
  }

  // ---- Figures
  void print() const {
    boost::json::object out{{"load", "mqtt"},
                            {"kind", to_string(options_.kind)},
                            {"clients", clients_.size()},
                            {"connections_lost", counts_.connections_lost},
                            {"load_average", load_average()}};
    if (options_.kind == MqttLoadKind::idle) {
      const auto grown =
          static_cast<double>(after_.rss_bytes) - static_cast<double>(before_.rss_bytes);
      out["server"] = figures(before_, after_);
      out["rss_bytes_per_connection"] = rounded(grown / static_cast<double>(clients_.size()));
    } else {
      add_load_figures(out);
    }
    std::puts(boost::json::serialize(out).c_str());
  }

  void add_load_figures(boost::json::object& out) const {
    const auto deliveries = static_cast<double>(measured_.delivered);
    out["qos"] = options_.qos;
    out["payload_bytes"] = payload_.size();
    out["deliveries_per_second"] = std::round(deliveries / seconds_);
    out["published_per_second"] = std::round(static_cast<double>(measured_.published) / seconds_);
    out["acknowledged_per_second"] =
        std::round(static_cast<double>(measured_.acknowledged) / seconds_);
    out["not_delivered"] = under_way() + counts_.stalls;
    out["latency"] = figures(latencies_);
    out["tool_cpu_seconds"] = rounded(own_ended_ - own_began_);
    if (!options_.server_pids.empty()) {
      const auto cpu = ended_.cpu_seconds - began_.cpu_seconds;
      out["server_cpu_seconds"] = rounded(cpu);
      out["server_cpu_seconds_per_million"] = rounded(cpu * 1e6 / std::max(deliveries, 1.0));
      out["server_rss_bytes"] = ended_.rss_bytes;
    }
  }

  const MqttOptions& options_;
  QoS qos_;
  std::size_t publishers_;
  int epoll_;
  Bytes scratch_;
  Bytes payload_;
  std::vector<std::string> topics_;
  std::vector<std::unique_ptr<MqttClient>> clients_;
  std::size_t ready_ = 0;
  std::string why_lost_;

  bool loading_ = false;
  nanoseconds start_{};
  nanoseconds measure_from_{};
  nanoseconds arrived_at_{};
  nanoseconds last_progress_{};
  std::uint64_t progress_ = 0;
  std::uint64_t sent_ = 0;
  Counts counts_;
  Latencies latencies_;

  Counts measured_;
  double seconds_ = 0;
  ProcessStats before_, began_, ended_, after_;
  double own_began_ = 0;
  double own_ended_ = 0;
};

void allow_many_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

}  // namespace

Status run_mqtt(const MqttOptions& options) {
  allow_many_files();
  return MqttLoad(options).run();
}

}  // namespace unhidra::bench
