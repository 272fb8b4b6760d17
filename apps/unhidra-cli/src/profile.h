#pragma once
// One device's folder: which server and how to trust it (profile.json, nothing secret), the vault
// with the store's key, and the sealed store. One process at a time.

#include <memory>
#include <optional>
#include <string>

#include "unhidra/base/id.h"
#include "unhidra/base/time.h"
#include "unhidra/net/tls.h"

#include "sealed_store.h"

namespace unhidra::cli {

struct ProfileSettings {
  std::string server;   // https://host:port
  std::string gateway;  // wss://host:port/v1/ws
  std::string username;
  std::string ca_pem;       // trusted authority; empty: the system's
  std::string fingerprint;  // hex SHA-256 of the pinned certificate; empty: none
};

// What the store remembers of the login.
struct LoginState {
  std::string access_token;
  Timestamp access_expires_at{};
  std::string refresh_token;
  std::string retry_key;  // of a refresh whose answer has not come yet
};

class Profile {
 public:
  // Makes the folder (0700) and takes its lock: Errc::locked tells which process has it.
  static Result<Profile> open(const std::string& directory);
  Profile(Profile&& other) noexcept;
  Profile& operator=(Profile&&) = delete;
  ~Profile();

  const std::string& directory() const { return directory_; }
  ProfileSettings settings;
  Status save_settings() const;
  Result<net::TlsClientSettings> tls() const;

  bool has_store() const;
  // Opens the store, or makes one where there is none yet.
  Result<std::unique_ptr<SealedStore>> open_store(const crypto::Provider& crypto,
                                                  RandomSource& random,
                                                  const VaultOptions& options) const;

 private:
  Profile(std::string directory, int lock) : directory_(std::move(directory)), lock_(lock) {}
  Status load_settings();
  std::string file(const char* name) const { return directory_ + "/" + name; }

  std::string directory_;
  int lock_ = -1;
};

Result<std::optional<LoginState>> load_login(SealedStore& store);
Status save_login(SealedStore& store, const LoginState& login);

// Remembers the store's generation outside the profile's folder, so that a restored backup of the
// folder is noticed.
class GenerationFile {
 public:
  // In `state_directory`; without a folder to write to it remembers nothing.
  GenerationFile(const std::string& state_directory, DeviceId device);
  ~GenerationFile();
  GenerationFile(const GenerationFile&) = delete;
  GenerationFile& operator=(const GenerationFile&) = delete;

  std::uint64_t last() const { return last_; }
  void remember(std::uint64_t generation);

 private:
  int fd_ = -1;
  std::uint64_t last_ = 0;
};

}  // namespace unhidra::cli
