#pragma once
// Where the topic policy comes from, and what is written down of its decisions.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "unhidra/policy/compile_limit.h"
#include "unhidra/rego/engine.h"
#include "unhidra/runtime/config.h"

namespace unhidra::automation {

enum class PolicySource : std::uint8_t {
  automatic,  // a folder when automation.policy names one, else the database
  folder,     // .rego, .json and .yaml files
  bundle,     // a bundle of the Open Policy Agent: an archive or a folder
  database,   // each organisation's versions; until one is activated, the built-in policy
  remote,     // an Open Policy Agent elsewhere
};
std::string_view to_string(PolicySource source);

enum class DecisionLogMode : std::uint8_t {
  off,
  digest,  // without the inputs, which name who did what
  input,   // with them: what a dry run needs
};

struct PolicySettings {
  PolicySource source = PolicySource::automatic;
  std::filesystem::path path;              // of folder or bundle; empty: the built-in policy
  rego::Syntax syntax = rego::Syntax::v1;  // of folder and bundle
  std::filesystem::path bundle_keys;  // of which one must have signed; empty: none is asked for
  std::chrono::milliseconds bundle_check{5'000};
  std::chrono::milliseconds compile_time = policy::kMaxCompileTime;  // of one policy, at most
  std::string url;  // of the remote policy: http(s)://host/v1/data/...
  // Of that over operations; empty: they are not asked about there.
  std::string operations_url;
  std::string token;  // for it; empty: none
  std::chrono::milliseconds timeout{500};
  DecisionLogMode log = DecisionLogMode::digest;
  std::uint64_t log_sample = 1;
  std::uint64_t log_max_bytes = 64 << 20;

  static PolicySettings from(const runtime::Config& config);
  // With `automatic` resolved.
  PolicySource effective_source() const {
    if (source != PolicySource::automatic) {
      return source;
    }
    return path.empty() ? PolicySource::database : PolicySource::folder;
  }
};

// Declarations for the process's schema.
std::vector<const runtime::SettingBase*> policy_settings();

// The decision log in the server's data directory.
std::filesystem::path decision_log_file(const std::filesystem::path& data_directory);

}  // namespace unhidra::automation
