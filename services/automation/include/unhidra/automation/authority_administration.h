#pragma once
// What the operator of the machine does with device authorities: directly on the database, while
// the server runs or not. Each change is audited with the actor "system"; running servers follow it
// within a second.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "unhidra/automation/settings.h"
#include "unhidra/pki/seal.h"
#include "unhidra/pki/x509.h"
#include "unhidra/storage/database.h"

namespace unhidra::automation {

struct AuthorityLine {
  std::int64_t generation = 0;
  pki::Certificate certificate;
  std::string key_label;  // in the token; empty: a sealed key
  Timestamp issues_from;
  bool issues = false;
  std::optional<Timestamp> retired_at;
  std::int64_t live_certificates = 0;  // of devices, good at this time
};

// Blocks. References outlive it.
class AuthorityAdministration {
 public:
  AuthorityAdministration(storage::Database& database, AutomationSettings settings,
                          const pki::KeySealer& sealer, std::filesystem::path directory,
                          const Clock& clock, RandomSource& random);

  Result<std::vector<AuthorityLine>> list();
  // A new authority beside those that there are. It is believed at once and issues from a minute
  // later on, when every server knows it; `at_once`: now. `token_label`: of a new pair, where the
  // settings name a token. Errc::conflict: there are kMost already, there is none yet, or the pair
  // is an old one.
  Result<AuthorityLine> rotate(bool at_once, const std::string& token_label);
  // It is believed no more, and its private key forgotten. Errc::conflict, with the count, while
  // certificates of it are good, unless they are to be `revoke`d; and for the one that issues.
  struct Retired {
    std::int64_t revoked = 0;
    bool files_removed = false;  // those of an earlier version held the key, too
  };
  Result<Retired> retire(std::int64_t generation, bool revoke);

  static constexpr std::size_t kMost = 4;  // believed at a time

 private:
  storage::Database& database_;
  const AutomationSettings settings_;
  const pki::KeySealer& sealer_;
  const std::filesystem::path directory_;
  const Clock& clock_;
  RandomSource& random_;
};

}  // namespace unhidra::automation
