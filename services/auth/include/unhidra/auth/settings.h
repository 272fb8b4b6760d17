#pragma once
// The settings of the auth role, and what they amount to at run time.

#include <chrono>
#include <string>
#include <vector>

#include "unhidra/net/server.h"
#include "unhidra/runtime/config.h"

namespace unhidra::auth {

enum class TokenAlgorithm : std::uint8_t { rs256, eddsa };

struct AuthSettings {
  runtime::HostPort listen{"127.0.0.1", 9200};
  net::ServerSettings server;  // its address and port are those of `listen`
  std::string issuer = "unhidra";
  std::string gateway_url;  // told to clients with their tokens; empty: not told
  TokenAlgorithm token_algorithm = TokenAlgorithm::rs256;
  std::chrono::milliseconds access_token_lifetime = std::chrono::minutes(15);
  // A session that is not refreshed for so long is over.
  std::chrono::milliseconds refresh_token_lifetime = std::chrono::days(30);
  // No session lives longer, refreshed or not.
  std::chrono::milliseconds session_lifetime = std::chrono::days(365);
  std::chrono::milliseconds refresh_retry_window = std::chrono::seconds(60);
  std::chrono::milliseconds signing_key_lifetime = std::chrono::days(90);
  // How long a new signing key is published before it signs, and how long verifiers may keep the
  // key set.
  std::chrono::milliseconds key_set_lifetime = std::chrono::minutes(5);
  std::chrono::milliseconds invitation_lifetime = std::chrono::days(7);
  bool open_sign_up = false;
  std::size_t max_devices = 32;
  std::uint32_t password_memory_kib = 48 * 1024;
  std::uint32_t password_passes = 3;
  std::size_t password_threads = 2;
  std::size_t password_queue = 64;
  // How often changes that others made to the database (admin commands) are looked for.
  std::chrono::milliseconds watch_interval{400};

  static AuthSettings from(const runtime::Config& config);
};

// Declarations for the process's schema.
std::vector<const runtime::SettingBase*> settings();

}  // namespace unhidra::auth
