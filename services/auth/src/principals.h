#pragma once
// From a credential to the principal it stands for at this moment.

#include "unhidra/access/principal.h"
#include "unhidra/access/rest_face.h"

#include "domain.h"
#include "key_ring.h"

namespace unhidra::auth {

// The session as it stands: Errc::invalid_session unless it, its user and its device are all alive.
// `device`: the one that the token names; must be the session's.
Result<access::Principal> principal_of_session(storage::Transaction& tx, const Domain& domain,
                                               SessionId session, std::optional<DeviceId> device);

// What the REST face and the gateway ask. A token is checked against the session each time, so that
// a revocation holds from its commit on.
class Verifier final : public access::TokenVerifier {
 public:
  Verifier(storage::Database& database, const KeyRing& keys, const Domain& domain)
      : database_(database), keys_(keys), domain_(domain) {}

  Task<Result<access::Principal>> verify(std::string token) override;
  // Session and device alone: an open connection asks whether it may stay.
  Task<Result<access::Principal>> check(SessionId session, std::optional<DeviceId> device);

 private:
  Task<Result<access::Principal>> verify_api_key(std::string key);

  storage::Database& database_;
  const KeyRing& keys_;
  Domain domain_;
};

}  // namespace unhidra::auth
