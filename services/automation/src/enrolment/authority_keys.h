#pragma once
// Where the private keys of device authorities lie: sealed in the database, or in a PKCS#11 token.

#include <filesystem>

#include "unhidra/automation/settings.h"
#include "unhidra/pki/device_authority.h"
#include "unhidra/pki/seal.h"

namespace unhidra::automation {

struct AuthorityKey {
  std::shared_ptr<const pki::Signer> signer;
  // Which of the two is kept; the other is empty.
  Bytes sealed;
  std::string token_label;
};

// A new one, or the pair of that label in the token where the settings name a module. Blocks.
Result<AuthorityKey> make_authority_key(const AutomationSettings& settings,
                                        const std::string& token_label, std::int64_t generation,
                                        const pki::KeySealer& sealer, RandomSource& random);
// What was kept. Blocks.
Result<std::shared_ptr<const pki::Signer>> open_authority_key(const AutomationSettings& settings,
                                                              ByteView sealed,
                                                              const std::string& token_label,
                                                              std::int64_t generation,
                                                              const pki::KeySealer& sealer);

// The authority of a data directory from before authorities lay in the database:
//   device-ca.pem   its certificate      device-ca.key   its key, sealed; not with PKCS#11
struct AuthorityFiles {
  pki::Certificate certificate;
  AuthorityKey key;
};
// Nothing: there is none. Blocks.
Result<std::optional<AuthorityFiles>> read_authority_files(const std::filesystem::path& directory,
                                                           const AutomationSettings& settings,
                                                           const pki::KeySealer& sealer,
                                                           RandomSource& random);
// Removes them when they are of this certificate: its key is to be gone. True: they were.
Result<bool> remove_authority_files(const std::filesystem::path& directory,
                                    const pki::Certificate& certificate);

}  // namespace unhidra::automation
