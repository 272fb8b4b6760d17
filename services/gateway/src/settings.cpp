#include "unhidra/gateway/settings.h"

#include "unhidra/net/settings.h"

namespace unhidra::gateway {
namespace {

using runtime::ByteSize;
using runtime::Duration;
using runtime::HostPort;
using runtime::Setting;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const Setting<HostPort> kListen{{.name = "gateway.listen",
                                 .description = "Address and port of the client gateway.",
                                 .default_value = {"127.0.0.1", 9000}}};
const Setting<bool> kReusePort{
    {.name = "gateway.reuse_port",
     .description = "Several gateway processes may listen on the same port.",
     .default_value = false}};
const Setting<std::vector<std::string>> kAllowedOrigins{
    {.name = "gateway.allowed_origins",
     .description = "Origins that browsers may connect from (\"https://chat.example.org\"); \"*\" "
                    "allows every one.",
     .default_value = {}}};
const Setting<bool> kAllowMissingOrigin{
    {.name = "gateway.allow_missing_origin",
     .description = "Whether clients without an Origin header, which are no browsers, may connect.",
     .default_value = true}};
const Setting<std::filesystem::path> kWebClient{
    {.name = "gateway.web_client",
     .description = "Folder of the built web client, which is then served on the gateway's port, "
                    "with the REST interface when this process has the role auth; empty: none.",
     .default_value = ""}};
const Setting<std::int64_t> kMaxConnections{{.name = "gateway.max_connections",
                                             .description = "Connections of this process.",
                                             .default_value = 100'000,
                                             .minimum = 1,
                                             .maximum = 10'000'000}};
const Setting<std::int64_t> kMaxInFlight{{.name = "gateway.max_requests_in_flight",
                                          .description = "Requests under way of one connection.",
                                          .default_value = 64,
                                          .minimum = 1,
                                          .maximum = 10'000}};
const Setting<ByteSize> kMaxFrame{{.name = "gateway.max_frame",
                                   .description = "Size of one frame of a client.",
                                   .default_value = runtime::mebibytes(1),
                                   .minimum = runtime::kibibytes(1),
                                   .maximum = runtime::mebibytes(16)}};
// Less would not hold the largest answer, a page of the inbox: its asker would be sent away for
// ever.
const Setting<ByteSize> kMaxQueue{{.name = "gateway.max_send_queue",
                                   .description = "What may wait to be sent to one connection; a "
                                                  "client that reads more slowly is sent away.",
                                   .default_value = runtime::mebibytes(1),
                                   .minimum = runtime::mebibytes(1),
                                   .maximum = runtime::mebibytes(256)}};
const Setting<Duration> kPingInterval{{.name = "gateway.ping_interval",
                                       .description = "Silence after which a client is pinged.",
                                       .default_value = seconds(30),
                                       .minimum = milliseconds(100),
                                       .maximum = minutes(60)}};
const Setting<Duration> kIdleTimeout{
    {.name = "gateway.idle_timeout",
     .description = "Silence after which a connection is given up.",
     .default_value = seconds(75),
     .minimum = milliseconds(200),
     .maximum = minutes(120)}};
const Setting<Duration> kRequestTimeout{
    {.name = "gateway.request_timeout",
     .description = "How long the role that serves a request may take.",
     .default_value = seconds(20),
     .minimum = milliseconds(10),
     .maximum = minutes(5)}};
const Setting<Duration> kReconnectSpread{
    {.name = "gateway.reconnect_spread",
     .description = "When stopping: clients are asked to come back at random within this time.",
     .default_value = seconds(10),
     .minimum = seconds(0),
     .maximum = minutes(30)}};
const Setting<Duration> kDrainGrace{
    {.name = "gateway.drain_grace",
     .description = "When stopping: how long connections get to close.",
     .default_value = seconds(5),
     .minimum = seconds(0),
     .maximum = minutes(10)}};

template <class D>
milliseconds millis(D duration) {
  return std::chrono::duration_cast<milliseconds>(duration);
}

Status check_origin_setting(const std::string& origin) {
  const bool scheme = origin.starts_with("https://") || origin.starts_with("http://");
  const auto host = origin.find("://") == std::string::npos ? std::string()
                                                            : origin.substr(origin.find("://") + 3);
  if (origin != "*" && (!scheme || host.empty() || host.find('/') != std::string::npos)) {
    return fail(unhidra::Errc::invalid,
                "gateway.allowed_origins: \"" + origin +
                    "\" is no origin; write it like \"https://chat.example.org\"");
  }
  return {};
}

}  // namespace

std::vector<const runtime::SettingBase*> settings() {
  return {&kListen,          &kReusePort,      &kAllowedOrigins, &kAllowMissingOrigin,
          &kWebClient,       &kMaxConnections, &kMaxInFlight,    &kMaxFrame,
          &kMaxQueue,        &kPingInterval,   &kIdleTimeout,    &kRequestTimeout,
          &kReconnectSpread, &kDrainGrace};
}

Result<GatewaySettings> settings_from(const runtime::Config& config) {
  GatewaySettings out;
  net::apply_settings(config, out.server);
  net::apply_listen(config.get(kListen), out.server);
  out.server.reuse_port = config.get(kReusePort);
  out.server.max_connections = static_cast<std::size_t>(config.get(kMaxConnections));
  out.max_frame_bytes = config.get(kMaxFrame).bytes;
  out.server.websocket.max_message_bytes = out.max_frame_bytes;
  out.server.websocket.max_frame_bytes = out.max_frame_bytes;
  out.server.websocket.max_queued_bytes = config.get(kMaxQueue).bytes;
  out.server.websocket.ping_interval = millis(config.get(kPingInterval));
  out.server.websocket.idle_timeout = millis(config.get(kIdleTimeout));
  for (const auto& origin : config.get(kAllowedOrigins)) {
    UNHIDRA_TRY_VOID(check_origin_setting(origin));
    out.allowed_origins.push_back(origin);
  }
  out.allow_missing_origin = config.get(kAllowMissingOrigin);
  out.web_client = config.get(kWebClient);
  out.max_in_flight = static_cast<std::size_t>(config.get(kMaxInFlight));
  out.request_timeout = millis(config.get(kRequestTimeout));
  out.reconnect_spread = millis(config.get(kReconnectSpread));
  out.drain_grace = millis(config.get(kDrainGrace));
  return out;
}

}  // namespace unhidra::gateway
