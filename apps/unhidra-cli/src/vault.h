#pragma once
// The key of a profile's store. It is made at random once, and wrapped: kept in the desktop's
// keychain where there is one, or sealed under a key that Argon2id derives from a passphrase.

#include <functional>
#include <optional>
#include <string>

#include "unhidra/base/random.h"
#include "unhidra/base/secret.h"
#include "unhidra/crypto/provider.h"

namespace unhidra::cli {

using StoreKey = SecretArray<32>;

// The desktop's secret store; none on a machine without one.
class Keychain {
 public:
  virtual ~Keychain() = default;
  virtual Status put(const std::string& name, const StoreKey& key) = 0;
  virtual Result<StoreKey> get(const std::string& name) = 0;
};
// libsecret over the session bus; null when this build or this session has none.
Keychain* desktop_keychain();

// How the vault asks for a passphrase: `fresh` when a new one is chosen (asked twice).
using AskPassphrase = std::function<Result<SecretBytes>(bool fresh)>;

struct VaultOptions {
  Keychain* keychain = nullptr;   // used for a new vault unless a passphrase was given
  bool passphrase_given = false;  // by environment or file
  AskPassphrase ask;
  crypto::Argon2Cost cost;
};

// Makes the vault file at `path` and answers the new key.
Result<StoreKey> create_vault(const std::string& path, const crypto::Provider& crypto,
                              RandomSource& random, const VaultOptions& options);
// Errc::wrong_passphrase, no_passphrase, bad_profile.
Result<StoreKey> open_vault(const std::string& path, const crypto::Provider& crypto,
                            const VaultOptions& options);
bool vault_exists(const std::string& path);

}  // namespace unhidra::cli
