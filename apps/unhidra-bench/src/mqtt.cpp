#include "mqtt.h"

#include <cstdio>
#include <cstring>
#include <memory>
#include <unistd.h>
#include <vector>

#include <boost/json.hpp>
#include <sys/epoll.h>

#include "figures.h"
#include "latencies.h"
#include "mqtt_peer.h"
#include "process_stats.h"

namespace unhidra::bench {
namespace {

using mqtt::Frame;
using mqtt::PacketType;
using mqtt::QoS;
using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kWarmUp{1000};

struct Publisher {
  MqttPeer peer;
  std::string topic;
  std::uint64_t sent = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t delivered = 0;  // of its topic, to all subscribers
};
struct Subscriber {
  MqttPeer peer;
  std::size_t of = 0;  // whose messages it gets
};

// Everything on one thread: the broker is what is measured, with a core of its own.
class MqttLoad {
 public:
  explicit MqttLoad(const MqttOptions& options)
      : options_(options), qos_(static_cast<QoS>(options.qos)), epoll_(::epoll_create1(0)) {}
  ~MqttLoad() { ::close(epoll_); }

  Status open();
  Status run();

 private:
  Result<MqttPeer> connect(const std::string& name, bool clean);
  void watch(MqttPeer& peer, std::uint64_t key);
  Status turn();
  void publish_some(Steady::time_point now);
  bool may_publish(const Publisher& publisher) const;
  void publish(Publisher& publisher);
  void on_delivery(Subscriber& subscriber, const Frame& frame);
  void begin();
  void print(const ProcessStats& before, const ProcessStats& after, double seconds) const;

  const MqttOptions& options_;
  QoS qos_;
  int epoll_;
  std::vector<Publisher> publishers_;
  std::vector<Subscriber> subscribers_;
  Steady::time_point start_;
  std::uint64_t published_ = 0;  // since begin()
  std::uint64_t acknowledged_ = 0;
  std::uint64_t deliveries_ = 0;
  std::uint64_t scheduled_ = 0;
  std::size_t next_ = 0;
  Latencies latencies_;
};

Result<MqttPeer> MqttLoad::connect(const std::string& name, bool clean) {
  return MqttPeer::connect(options_.host, options_.port, "bench-" + name, clean);
}

void MqttLoad::watch(MqttPeer& peer, std::uint64_t key) {
  peer.stop_blocking();
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = key;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, peer.fd(), &event);
}

Status MqttLoad::open() {
  for (std::size_t i = 0; i < options_.subscribers; ++i) {
    const auto of = i % options_.publishers;
    UNHIDRA_TRY(auto peer, connect("sub-" + std::to_string(i), !options_.persistent));
    UNHIDRA_TRY_VOID(peer.subscribe("bench/" + std::to_string(of), qos_));
    subscribers_.push_back({std::move(peer), of});
  }
  for (std::size_t i = 0; i < options_.publishers; ++i) {
    UNHIDRA_TRY(auto peer, connect("pub-" + std::to_string(i), true));
    publishers_.push_back({std::move(peer), "bench/" + std::to_string(i)});
  }
  for (std::size_t i = 0; i < subscribers_.size(); ++i) {
    watch(subscribers_[i].peer, i * 2);
  }
  for (std::size_t i = 0; i < publishers_.size(); ++i) {
    watch(publishers_[i].peer, i * 2 + 1);
  }
  return {};
}

void MqttLoad::begin() {
  start_ = Steady::now();
  published_ = acknowledged_ = deliveries_ = scheduled_ = 0;
  latencies_ = Latencies();
}

// No more than the window is under way: acknowledged for QoS 1, delivered for QoS 0.
bool MqttLoad::may_publish(const Publisher& publisher) const {
  const auto copies = options_.subscribers / options_.publishers;
  const auto done = qos_ == QoS::at_most_once
                        ? publisher.delivered / std::max<std::size_t>(copies, 1)
                        : publisher.acknowledged;
  return publisher.sent < done + options_.window;
}

void MqttLoad::publish(Publisher& publisher) {
  thread_local Bytes payload;
  payload.resize(options_.payload);
  const std::int64_t now = Steady::now().time_since_epoch().count();
  std::memcpy(payload.data(), &now, sizeof now);
  publisher.peer.publish(publisher.topic, payload, qos_);
  ++publisher.sent;
  ++published_;
}

void MqttLoad::publish_some(Steady::time_point now) {
  if (options_.rate == 0) {
    for (auto& publisher : publishers_) {
      while (may_publish(publisher)) {
        publish(publisher);
      }
    }
    return;
  }
  const auto due = static_cast<std::uint64_t>(std::chrono::duration<double>(now - start_).count() *
                                              options_.rate);
  for (; scheduled_ < due; ++scheduled_) {
    publish(publishers_[next_++ % publishers_.size()]);
  }
}

void MqttLoad::on_delivery(Subscriber& subscriber, const Frame& frame) {
  if (frame.type() != PacketType::publish) {
    return;
  }
  const auto message = mqtt::decode_publish(frame, mqtt::Version::v3_1_1);
  if (!message || message->payload.size() < sizeof(std::int64_t)) {
    return;
  }
  if (message->qos != QoS::at_most_once) {
    subscriber.peer.acknowledge(message->packet_id);
  }
  std::int64_t sent = 0;
  std::memcpy(&sent, message->payload.data(), sizeof sent);
  latencies_.add(std::chrono::nanoseconds(Steady::now().time_since_epoch().count() - sent));
  ++publishers_[subscriber.of].delivered;
  ++deliveries_;
}

Status MqttLoad::turn() {
  std::array<epoll_event, 256> events;
  const int count = ::epoll_wait(epoll_, events.data(), events.size(), options_.rate == 0 ? 10 : 1);
  bool open = true;
  for (int i = 0; i < count; ++i) {
    const auto key = events[static_cast<std::size_t>(i)].data.u64;
    if (key % 2 == 0) {
      auto& subscriber = subscribers_[key / 2];
      open =
          open && subscriber.peer.read([&](const Frame& frame) { on_delivery(subscriber, frame); });
      open = open && subscriber.peer.flush();
    } else {
      auto& publisher = publishers_[key / 2];
      open = open && publisher.peer.read([&](const Frame& frame) {
        if (frame.type() == PacketType::puback) {
          ++publisher.acknowledged;
          ++acknowledged_;
        }
      });
    }
  }
  publish_some(Steady::now());
  for (auto& publisher : publishers_) {
    open = open && publisher.peer.flush();
  }
  for (auto& subscriber : subscribers_) {
    open = open && (!subscriber.peer.wants_write() || subscriber.peer.flush());
  }
  return open ? Status() : fail(Errc::unavailable, "the broker has ended a connection");
}

Status MqttLoad::run() {
  begin();
  while (Steady::now() < start_ + kWarmUp) {
    UNHIDRA_TRY_VOID(turn());
  }
  UNHIDRA_TRY(const auto before, process_stats(options_.server_pids));
  begin();
  while (Steady::now() < start_ + options_.duration) {
    UNHIDRA_TRY_VOID(turn());
  }
  const auto seconds = std::chrono::duration<double>(Steady::now() - start_).count();
  UNHIDRA_TRY(const auto after, process_stats(options_.server_pids));
  print(before, after, seconds);
  return {};
}

void MqttLoad::print(const ProcessStats& before, const ProcessStats& after, double seconds) const {
  boost::json::object out{
      {"load", "mqtt"},
      {"publishers", options_.publishers},
      {"subscribers", options_.subscribers},
      {"qos", options_.qos},
      {"persistent", options_.persistent},
      {"payload_bytes", options_.payload},
      {"seconds", rounded(seconds)},
      {"published_per_second", rounded(static_cast<double>(published_) / seconds)},
      {"acknowledged_per_second", rounded(static_cast<double>(acknowledged_) / seconds)},
      {"deliveries_per_second", rounded(static_cast<double>(deliveries_) / seconds)},
      {"latency", figures(latencies_)},
      {"load_average", load_average()}};
  if (!options_.server_pids.empty() && deliveries_ != 0) {
    auto server = figures(before, after);
    server["cpu_seconds_per_million_deliveries"] =
        rounded((after.cpu_seconds - before.cpu_seconds) * 1e6 / static_cast<double>(deliveries_));
    out["server"] = std::move(server);
  }
  std::puts(boost::json::serialize(out).c_str());
}

// Connections that do nothing: what one of them costs to keep.
Status run_idle(const MqttOptions& options) {
  UNHIDRA_TRY(const auto before, process_stats(options.server_pids));
  std::vector<MqttPeer> peers;
  for (std::size_t i = 0; i < options.idle; ++i) {
    UNHIDRA_TRY(auto peer, MqttPeer::connect(options.host, options.port,
                                             "bench-idle-" + std::to_string(i), true));
    peers.push_back(std::move(peer));
  }
  ::sleep(2);
  UNHIDRA_TRY(const auto after, process_stats(options.server_pids));
  auto server = figures(before, after);
  server["rss_bytes_per_connection"] =
      rounded((static_cast<double>(after.rss_bytes) - static_cast<double>(before.rss_bytes)) /
              static_cast<double>(options.idle));
  std::puts(boost::json::serialize(boost::json::object{{"load", "mqtt"},
                                                       {"idle_connections", options.idle},
                                                       {"server", std::move(server)}})
                .c_str());
  return {};
}

}  // namespace

Status run_mqtt(const MqttOptions& options) {
  if (options.idle != 0) {
    return run_idle(options);
  }
  MqttLoad load(options);
  UNHIDRA_TRY_VOID(load.open());
  return load.run();
}

}  // namespace unhidra::bench
