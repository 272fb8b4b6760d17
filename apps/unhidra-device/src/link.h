#pragma once
// One MQTT session over TLS: connects when it may, moves bytes, and comes back by itself.

#include <functional>
#include <set>
#include <utility>

#include "home.h"

namespace unhidra::device {

struct Filter {
  std::string filter;
  std::uint8_t qos = 1;
};

struct LinkSettings {
  std::string client_id;
  std::vector<Filter> filters;
  std::uint32_t session_expiry = 7 * 86'400;  // seconds
  std::uint16_t keep_alive = 30;              // seconds
};

class Link {
 public:
  // Answers whether the server may forget the message.
  using OnMessage = std::function<bool(const uh_mqtt_event&)>;

  Link(Home& home, LinkSettings settings, OnMessage on_message);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Whatever can be done within this time, returning early when something happened.
  // Errc::needs_code when the server takes the certificate no more, untrusted; a server that is
  // away is no error.
  Status step(std::chrono::milliseconds time);
  bool is_connected() const { return uh_mqtt_is_connected(&mqtt_); }
  bool is_subscribed() const { return subscribed_; }
  std::uint32_t refused() const { return refused_; }
  // That the broker does not take this message of the ring is said, but does not count.
  void allow_refusal_of(std::uint32_t message) { may_be_refused_.insert(message); }
  // Whether the broker did not accept this device since the last call: its certificate may be worth
  // nothing any more, or a policy is against it.
  bool take_rejection() { return std::exchange(rejected_, false); }
  // Says goodbye: no will is published.
  void close();

 private:
  Status connect();
  Status exchange();
  Status read();
  Status take(const std::uint8_t* data, std::size_t size);
  Status on_event(const uh_mqtt_event& event);
  bool write();
  void drop(std::string_view reason);

  Home& home_;
  LinkSettings settings_;
  OnMessage on_message_;
  std::vector<uh_mqtt_filter> filters_;
  uh_mqtt_settings mqtt_settings_{};
  uh_mqtt mqtt_{};
  uh_tls* tls_ = nullptr;
  uh_backoff backoff_{.least = 500, .most = 60'000, .failures = 0};
  std::uint64_t retry_at_ = 0;
  std::uint64_t connected_at_ = 0;
  bool subscribed_ = false;
  bool rejected_ = false;
  std::uint32_t refused_ = 0;
  std::set<std::uint32_t> may_be_refused_;
  std::uint8_t in_[16 * 1024];
  std::uint8_t out_[16 * 1024];
};

}  // namespace unhidra::device
