#include "free_port.h"

#include <array>
#include <cstdio>
#include <unistd.h>
#include <variant>

#include <arpa/inet.h>
#include <sys/socket.h>

#include "errc.h"

namespace unhidra::server {
namespace {

constexpr int kFurther = 50;
constexpr std::array<std::string_view, 5> kListeners{"auth.listen", "gateway.listen",
                                                     "automation.listen", "automation.mqtt_listen",
                                                     "automation.mqtts_listen"};

bool can_bind(const std::string& host, std::uint16_t port) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_in);
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    size = sizeof(sockaddr_in6);
  } else {
    inet_pton(AF_INET, host.c_str(), &v4.sin_addr);  // not an address: any
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
  }
  const int fd = ::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return false;
  }
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&storage), size) == 0;
  ::close(fd);
  return bound;
}

Result<runtime::HostPort> free_near(const runtime::HostPort& wanted) {
  for (int step = 0; step <= kFurther && wanted.port + step <= 65535; ++step) {
    const auto port = static_cast<std::uint16_t>(wanted.port + step);
    if (can_bind(wanted.host, port)) {
      return runtime::HostPort{wanted.host, port};
    }
  }
  return fail(Errc::cannot_listen, "port " + std::to_string(wanted.port) + " and the " +
                                       std::to_string(kFurther) + " after it are taken");
}

}  // namespace

Result<runtime::Config> with_free_ports(const SourceOptions& sources, const runtime::Schema& schema,
                                        const runtime::Config& config) {
  auto moved = sources;
  for (const auto name : kListeners) {
    const auto* setting = schema.find(name);
    if (setting == nullptr) {
      continue;
    }
    const auto& wanted = std::get<runtime::HostPort>(config.value(*setting));
    if (wanted.port == 0) {
      continue;
    }
    UNHIDRA_TRY(const auto found, free_near(wanted));
    if (found.port != wanted.port) {
      std::printf("Port %u is taken: using %u for %.*s.\n", wanted.port, found.port,
                  static_cast<int>(name.size()), name.data());
      moved.overrides.push_back(std::string(name) + "=" + found.to_string());
    }
  }
  return moved.load(schema);
}

}  // namespace unhidra::server
