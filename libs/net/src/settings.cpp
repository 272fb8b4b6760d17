#include "unhidra/net/settings.h"

namespace unhidra::net {
namespace {

using runtime::Duration;
using runtime::Setting;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const Setting<Duration> kHandshake{{.name = "http.handshake_timeout",
                                    .description = "How long a peer may take for TLS.",
                                    .default_value = seconds(10),
                                    .minimum = milliseconds(100),
                                    .maximum = minutes(5)}};
const Setting<Duration> kHeader{
    {.name = "http.header_timeout",
     .description = "How long a peer may take from a request's first byte to its blank line.",
     .default_value = seconds(10),
     .minimum = milliseconds(100),
     .maximum = minutes(5)}};
const Setting<Duration> kBody{
    {.name = "http.body_timeout",
     .description = "How long a peer may take for a whole body, beside 1 s for each 32 kB.",
     .default_value = seconds(30),
     .minimum = milliseconds(100),
     .maximum = minutes(30)}};
const Setting<Duration> kKeepAlive{
    {.name = "http.keep_alive_timeout",
     .description = "How long a connection may wait between requests.",
     .default_value = seconds(60),
     .minimum = milliseconds(100),
     .maximum = minutes(60)}};
const Setting<Duration> kWrite{{.name = "http.write_timeout",
                                .description = "How long a peer may take no byte of what is sent.",
                                .default_value = seconds(30),
                                .minimum = milliseconds(100),
                                .maximum = minutes(30)}};
const Setting<std::vector<std::string>> kTrustedProxies{
    {.name = "http.trusted_proxies",
     .description = "Addresses of reverse proxies whose X-Forwarded-For is believed.",
     .default_value = {}}};

milliseconds millis(Duration duration) {
  return std::chrono::duration_cast<milliseconds>(duration);
}

}  // namespace

std::vector<const runtime::SettingBase*> settings() {
  return {&kHandshake, &kHeader, &kBody, &kKeepAlive, &kWrite, &kTrustedProxies};
}

void apply_settings(const runtime::Config& config, ServerSettings& server) {
  server.handshake_timeout = millis(config.get(kHandshake));
  server.header_timeout = millis(config.get(kHeader));
  server.body_timeout = millis(config.get(kBody));
  server.keep_alive_timeout = millis(config.get(kKeepAlive));
  server.write_timeout = millis(config.get(kWrite));
  server.trusted_proxies = config.get(kTrustedProxies);
}

void apply_listen(const runtime::HostPort& listen, ServerSettings& server) {
  server.address = listen.host;
  server.port = listen.port;
  server.further_ports = listen.further_ports;
}

}  // namespace unhidra::net
