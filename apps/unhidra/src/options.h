#pragma once
// What the command line said.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "unhidra/runtime/config.h"

namespace unhidra::server {

struct SourceOptions {
  std::string config_file;  // empty: UNHIDRA_CONFIG, or none
  std::string data_directory;
  std::vector<std::string> overrides;  // "name=value"

  // Defaults, file, environment and flags, in rising order.
  Result<runtime::Config> load(const runtime::Schema& schema) const;
};

struct ServeOptions {
  std::vector<std::string> roles;  // empty: all
  bool next_free_port = false;
};

// Which admin command, and its arguments.
struct AdminOptions {
  std::string organization;  // name or id; empty: the first
  std::string username;
  std::string display_name;
  std::string role = "member";
  std::string name;
  std::string id;
  std::size_t limit = 10;
  bool now = false;
  bool json = false;
  // Of device authorities.
  std::int64_t generation = 0;
  std::string token_label;
  bool revoke = false;
  // Of policies.
  std::int64_t version = 0;
  std::vector<std::string> paths;
  std::string revision;
  std::string keys;  // file with those that must have signed the bundle
  bool bundle = false;
  bool v0 = false;
};

}  // namespace unhidra::server
