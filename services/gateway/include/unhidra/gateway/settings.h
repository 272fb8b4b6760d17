#pragma once
// What an operator can set of the gateway.

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "unhidra/net/server.h"
#include "unhidra/runtime/config.h"

namespace unhidra::gateway {

struct GatewaySettings {
  net::ServerSettings server;
  // Origins a browser may come from ("https://chat.example.org"); "*" allows every one.
  std::vector<std::string> allowed_origins;
  // Clients that are no browsers send no Origin.
  bool allow_missing_origin = true;
  std::filesystem::path web_client;           // folder of the built web client; empty: none
  std::size_t max_in_flight = 64;             // requests under way of one connection
  std::size_t max_frame_bytes = 1024 * 1024;  // of a client's frame
  std::chrono::milliseconds request_timeout{
      20'000};  // for the role that serves a forwarded request
  std::chrono::milliseconds reconnect_spread{
      10'000};                                   // draining: clients come back within this time
  std::chrono::milliseconds drain_grace{5'000};  // draining: how long connections get to close
};

// The settings of this role, for the schema.
std::vector<const runtime::SettingBase*> settings();
Result<GatewaySettings> settings_from(const runtime::Config& config);

}  // namespace unhidra::gateway
