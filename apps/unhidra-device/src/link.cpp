#include "link.h"

#include <array>
#include <chrono>
#include <poll.h>
#include <thread>

#include "unhidra/base/text.h"

#include "output.h"

namespace unhidra::device {
namespace {

constexpr int kConnectTime = 10'000;            // milliseconds
constexpr std::uint64_t kSettledAfter = 5'000;  // a connection this old was a good one
constexpr std::uint8_t kNotAuthorized = 0x87;
constexpr std::uint8_t kAdministrative = 0x98;

std::string code_text(std::uint8_t reason) {
  return "0x" + to_hex(std::array<Byte, 1>{reason});
}

}  // namespace

Link::Link(Home& home, LinkSettings settings, OnMessage on_message)
    : home_(home), settings_(std::move(settings)), on_message_(std::move(on_message)) {
  for (const auto& one : settings_.filters) {
    filters_.push_back({one.filter.c_str(), one.qos});
  }
  mqtt_settings_ = {.client_id = settings_.client_id.c_str(),
                    .user = nullptr,
                    .password = nullptr,
                    .keep_alive = settings_.keep_alive,
                    .session_expiry = settings_.session_expiry,
                    .will_topic = nullptr,
                    .will = nullptr,
                    .will_size = 0,
                    .will_is_retained = false,
                    .filters = filters_.data(),
                    .filter_count = static_cast<std::uint8_t>(filters_.size())};
  uh_mqtt_init(&mqtt_, &mqtt_settings_, &home_.ring, in_, sizeof in_, out_, sizeof out_);
}

Link::~Link() {
  close();
}

void Link::close() {
  if (tls_ != nullptr) {
    uh_mqtt_disconnect(&mqtt_);
    write();
    uh_tls_close(tls_);
    tls_ = nullptr;
  }
  uh_mqtt_disconnected(&mqtt_);
  subscribed_ = false;
}

void Link::drop(std::string_view reason) {
  if (tls_ == nullptr) {
    return;
  }
  write();
  uh_tls_close(tls_);
  tls_ = nullptr;
  uh_mqtt_disconnected(&mqtt_);
  subscribed_ = false;
  if (home_.uptime() - connected_at_ > kSettledAfter) {
    uh_backoff_reset(&backoff_);
  }
  const auto wait = uh_backoff_next(&backoff_);
  retry_at_ = home_.uptime() + wait;
  say("disconnected", {{"reason", reason}, {"retry_ms", wait}});
}

Status Link::connect() {
  const auto& broker = home_.settings().broker;
  const auto key = home_.key_file(home_.enrol.slot);
  const auto& pin = home_.settings().pinned_certificate;
  const uh_tls_settings settings = {.host = broker.host.c_str(),
                                    .port = broker.port.c_str(),
                                    .ca_file = home_.settings().ca_file.c_str(),
                                    .fingerprint = pin ? pin->data() : nullptr,
                                    .certificate = home_.enrol.certificate.der,
                                    .certificate_size = home_.enrol.certificate.size,
                                    .key_file = key.c_str(),
                                    .timeout = kConnectTime};
  char why[160];
  const auto result = uh_tls_connect(&settings, &tls_, why, sizeof why);
  if (result == UH_TLS_UNTRUSTED) {
    return fail(Errc::untrusted, broker.to_string() + ": " + why);
  }
  if (result == UH_TLS_REFUSED) {
    return fail(Errc::needs_code,
                "the server does not take the certificate any more: " + std::string(why));
  }
  if (result != UH_TLS_OK) {
    tls_ = nullptr;
    const auto wait = uh_backoff_next(&backoff_);
    retry_at_ = home_.uptime() + wait;
    say("unreachable", {{"reason", why}, {"retry_ms", wait}});
    return {};
  }
  connected_at_ = home_.uptime();
  if (uh_mqtt_connect(&mqtt_, home_.uptime()) != UH_OK) {
    return fail(Errc::failed, "the first packet does not fit its buffer");
  }
  return {};
}

bool Link::write() {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  while (uh_mqtt_output(&mqtt_, &data, &size)) {
    std::size_t done = 0;
    const auto result = uh_tls_write(tls_, data, size, &done);
    if (result != UH_TLS_OK) {
      return result == UH_TLS_AGAIN;
    }
    uh_mqtt_sent(&mqtt_, done, home_.uptime());
  }
  return true;
}

Status Link::on_event(const uh_mqtt_event& event) {
  switch (event.kind) {
    case UH_MQTT_CONNECTED:
      say("connected", {{"session_present", event.session_present},
                        {"version", mqtt_.version},
                        {"waiting", uh_ring_waiting(&home_.ring)}});
      subscribed_ = settings_.filters.empty();
      break;
    case UH_MQTT_SUBSCRIBED:
      subscribed_ = event.refused == 0;
      for (std::size_t i = 0; i < filters_.size(); ++i) {
        if ((event.refused >> i & 1) != 0) {
          say("subscription.refused", {{"filter", filters_[i].filter}});
        }
      }
      break;
    case UH_MQTT_DELIVERED:
      may_be_refused_.erase(event.message);
      break;
    case UH_MQTT_REFUSED:
      refused_ += may_be_refused_.erase(event.message) == 0 ? 1 : 0;
      say("publication.refused", {{"reason", code_text(event.reason)}, {"message", event.message}});
      break;
    case UH_MQTT_CLOSED:
      rejected_ = event.reason == kNotAuthorized || event.reason == kAdministrative;
      say("closed_by_server", {{"reason", code_text(event.reason)}});
      break;
    case UH_MQTT_MESSAGE:
      // Whatever was not acted on comes again with the next connection.
      if (on_message_(event)) {
        (void)uh_mqtt_acknowledge(&mqtt_);
      } else {
        drop("a message could not be acted on");
      }
      break;
    default:
      break;
  }
  return {};
}

Status Link::take(const std::uint8_t* data, std::size_t size) {
  for (uh_mqtt_event event{.kind = UH_MQTT_CONNECTED}; event.kind != UH_MQTT_NOTHING;) {
    const auto status = uh_mqtt_receive(&mqtt_, &data, &size, home_.uptime(), &event);
    if (status == UH_BUSY) {
      if (!write()) {
        drop("the connection is gone");
        return {};
      }
      event.kind = UH_MQTT_CONNECTED;
      continue;
    }
    if (status != UH_OK) {
      drop("the server broke the protocol");
      return {};
    }
    UNHIDRA_TRY_VOID(on_event(event));
    if (tls_ == nullptr) {
      return {};
    }
  }
  return {};
}

Status Link::read() {
  std::uint8_t buffer[4096];
  while (tls_ != nullptr) {
    std::size_t done = 0;
    const auto result = uh_tls_read(tls_, buffer, sizeof buffer, &done);
    if (result == UH_TLS_AGAIN) {
      return {};
    }
    if (result == UH_TLS_REFUSED) {
      return fail(Errc::needs_code, "the server does not take the certificate any more");
    }
    if (result != UH_TLS_OK) {
      drop("the connection is gone");
      return {};
    }
    UNHIDRA_TRY_VOID(take(buffer, done));
  }
  return {};
}

Status Link::exchange() {
  UNHIDRA_TRY_VOID(read());
  for (bool more = tls_ != nullptr; more;) {
    uh_mqtt_event event;
    const auto status = uh_mqtt_tick(&mqtt_, home_.uptime(), &event);
    more = event.kind != UH_MQTT_NOTHING;
    UNHIDRA_TRY_VOID(on_event(event));
    if (status != UH_OK) {
      drop(status == UH_STALE ? "the server is silent" : "the session is over");
      return {};
    }
  }
  if (tls_ != nullptr && !write()) {
    drop("the connection is gone");
  }
  return {};
}

Status Link::step(std::chrono::milliseconds time) {
  if (tls_ == nullptr && home_.uptime() >= retry_at_) {
    UNHIDRA_TRY_VOID(connect());
  }
  if (tls_ == nullptr) {
    const auto now = home_.uptime();
    const auto left = retry_at_ > now ? retry_at_ - now : 0;
    std::this_thread::sleep_for(std::min(time, std::chrono::milliseconds(left)));
    return {};
  }
  UNHIDRA_TRY_VOID(exchange());
  if (tls_ == nullptr || uh_tls_has_buffered(tls_)) {
    return {};
  }
  pollfd one{.fd = uh_tls_descriptor(tls_), .events = POLLIN, .revents = 0};
  if (mqtt_.out_size > 0) {
    one.events |= POLLOUT;
  }
  (void)::poll(&one, 1, static_cast<int>(time.count()));
  return exchange();
}

}  // namespace unhidra::device
