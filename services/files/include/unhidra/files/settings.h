#pragma once
// The settings of the files role.

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "unhidra/crypto/provider.h"
#include "unhidra/runtime/config.h"
#include "unhidra/storage/object_store.h"

namespace unhidra::files {

enum class StoreKind : std::uint8_t { directory, s3 };

struct FilesSettings {
  StoreKind store = StoreKind::directory;
  std::filesystem::path directory;  // empty: "files" in the server's data directory
  std::string s3_endpoint;
  std::string s3_bucket;
  std::string s3_prefix;
  std::string s3_region;
  std::string s3_access_key;
  std::string s3_secret_key;

  std::uint64_t max_size = 0;            // bytes of one file's ciphertext
  std::uint64_t user_quota = 0;          // bytes; 0: none
  std::uint64_t organization_quota = 0;  // bytes; 0: none
  std::chrono::milliseconds upload_lifetime{};
  std::chrono::milliseconds unsent_lifetime{};
  std::chrono::milliseconds link_lifetime{};
  std::chrono::milliseconds collect_interval{};

  static FilesSettings from(const runtime::Config& config);
};

std::vector<const runtime::SettingBase*> settings();

// The store that the settings name. Errors name the setting that cannot be used.
Result<std::unique_ptr<storage::ObjectStore>> open_store(
    const FilesSettings& settings, const std::filesystem::path& data_directory,
    const crypto::Provider& provider);

}  // namespace unhidra::files
