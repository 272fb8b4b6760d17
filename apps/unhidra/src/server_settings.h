#pragma once
// The settings that belong to the process rather than to a role.

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "unhidra/messaging/nats_bus.h"
#include "unhidra/runtime/config.h"

namespace unhidra::server {

struct ServerSettings {
  std::filesystem::path data_directory;
  std::string database_url;  // empty: unhidra.db in the data directory; may hold a password
  std::filesystem::path tls_certificate;  // both empty: made and renewed by the server itself
  std::filesystem::path tls_private_key;
  std::vector<std::string> tls_names;  // further names of the own certificate
  std::string metrics_token;           // empty: metrics are answered to loopback alone
  std::chrono::milliseconds shutdown_deadline{};
  std::size_t io_threads = 0;
  messaging::NatsOptions nats;  // no urls: the bus stays within this process

  static ServerSettings from(const runtime::Config& config);
};

std::vector<const runtime::SettingBase*> settings();

// Every setting of the binary: of the process and of all roles.
runtime::Schema full_schema();

}  // namespace unhidra::server
