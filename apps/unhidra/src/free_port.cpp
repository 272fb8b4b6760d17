#include "free_port.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <variant>

namespace unhidra::server {
namespace {

constexpr unsigned kFurther = 50;
constexpr unsigned kLastPort = 65535;
constexpr std::array<std::string_view, 5> kListeners{"auth.listen", "gateway.listen",
                                                     "automation.listen", "automation.mqtt_listen",
                                                     "automation.mqtts_listen"};

const runtime::HostPort& wanted(const runtime::Schema& schema, const runtime::Config& config,
                                std::string_view name) {
  return std::get<runtime::HostPort>(config.value(*schema.find(name)));
}

}  // namespace

Result<runtime::Config> with_further_ports(const SourceOptions& sources,
                                           const runtime::Schema& schema,
                                           const runtime::Config& config) {
  auto moved = sources;
  for (const auto name : kListeners) {
    auto listen = wanted(schema, config, name);
    if (listen.port == 0 || listen.further_ports != 0) {
      continue;
    }
    listen.further_ports = static_cast<std::uint16_t>(std::min(kFurther, kLastPort - listen.port));
    moved.overrides.push_back(std::string(name) + "=" + listen.to_string());
  }
  return moved.load(schema);
}

void print_moved_ports(const runtime::Schema& schema, const runtime::Config& config,
                       const Listening& listening) {
  const std::array ports{listening.auth.value_or(0), listening.gateway,
                         listening.devices.value_or(0), listening.mqtt, listening.mqtts};
  static_assert(ports.size() == kListeners.size());
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const unsigned first = wanted(schema, config, kListeners[i]).port;
    if (ports[i] != 0 && first != 0 && ports[i] != first) {
      std::printf("Port %u is taken: using %u for %s.\n", first, unsigned{ports[i]},
                  std::string(kListeners[i]).c_str());
    }
  }
}

}  // namespace unhidra::server
