#pragma once
// SQL of device authorities. They are the installation's: no organisation.

#include <optional>
#include <vector>

#include "unhidra/pki/device_authority.h"
#include "unhidra/storage/transaction.h"

namespace unhidra::automation::store {

struct Authority {
  std::int64_t generation = 0;
  Bytes certificate;  // DER
  std::optional<Bytes> sealed_key;
  std::string key_label;
  Timestamp created_at;
  Timestamp issues_from;
  std::optional<std::int64_t> predecessor;
  std::optional<Bytes> new_with_old;
  std::optional<Bytes> old_with_new;
  std::optional<Timestamp> retired_at;
};

// What says whether anything has changed.
struct AuthorityStamp {
  std::int64_t generation = 0;
  bool retired = false;
  friend bool operator==(const AuthorityStamp&, const AuthorityStamp&) = default;
};
Result<std::vector<AuthorityStamp>> authority_stamps(storage::Transaction& tx);
// By generation, the retired ones too.
Result<std::vector<Authority>> authorities(storage::Transaction& tx);
// Of two that are added at once with one generation, one is run again.
Status insert(storage::Transaction& tx, const Authority& row);
// Its private key is forgotten.
Status retire(storage::Transaction& tx, std::int64_t generation, Timestamp now);

// Certificates of an authority that are good at this time.
Result<std::int64_t> live_certificates(storage::Transaction& tx, std::int64_t generation,
                                       Timestamp now);
struct RevokedOf {
  OrgId org_id;
  std::int64_t count = 0;
};
// Revokes them; how many, by organisation.
Result<std::vector<RevokedOf>> revoke_of_authority(storage::Transaction& tx,
                                                   std::int64_t generation, Timestamp now);

}  // namespace unhidra::automation::store
