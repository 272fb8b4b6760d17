#pragma once
// The keys that sign access tokens: in the database, private halves sealed under the master key.
//
// Rotation overlaps. A new key is published at once and signs from its `not_before` on, when every
// verifier that keeps the key set for its lifetime can know it. The keys before it are published
// until the last token they could have signed has run out.

#include <memory>
#include <string>
#include <vector>

#include "unhidra/pki/jwt.h"
#include "unhidra/pki/key_provider.h"
#include "unhidra/runtime/worker_pool.h"
#include "unhidra/storage/database.h"

#include "domain.h"
#include "store_server.h"

namespace unhidra::auth {

inline constexpr std::string_view kAudience = "unhidra";
inline constexpr std::chrono::seconds kTokenLeeway{30};

enum class Rotation : std::uint8_t {
  overlapping,
  immediate,  // signs at once, and nothing that the keys before it signed is worth anything
};

// Of the algorithm that is set. Takes some tenths of a second.
Result<store::SigningKey> next_signing_key(const Domain& domain, const pki::KeyProvider& provider,
                                           Rotation rotation);
// Adds the key and plans the end of all others.
Status add_signing_key(storage::Transaction& tx, const Domain& domain, const store::SigningKey& key,
                       Rotation rotation);
// Both: for a thread that may block.
Status rotate_signing_keys(storage::Database& database, const Domain& domain,
                           const pki::KeyProvider& provider, Rotation rotation);

// Safe from any thread.
class KeyRing {
 public:
  KeyRing(storage::Database& database, const pki::KeyProvider& provider, const Domain& domain)
      : database_(database), provider_(provider), domain_(domain) {}

  // Reads the keys, and makes the first one. Blocks.
  Status load();
  // Reads again what another process may have changed, and replaces a key that has grown old. From
  // one coroutine; heavy work runs on the pool.
  Task<Status> refresh(runtime::WorkerPool& pool);

  // The published set as a JWKS document.
  std::string key_set() const;
  Result<std::string> sign(const pki::AccessClaims& claims) const;
  Result<pki::AccessClaims> verify(std::string_view token) const;

 private:
  struct Entry {
    std::shared_ptr<const pki::SigningKey> key;
    Timestamp created_at{};
    Timestamp not_before{};
  };
  struct Keys {
    std::vector<Entry> entries;  // in the order of not_before
    pki::VerificationKeySet verification;
    std::string document;
  };
  Status adopt(const std::vector<store::SigningKey>& rows);
  Result<Entry> open(const store::SigningKey& row, const Keys* known) const;
  std::shared_ptr<const Keys> keys() const { return std::atomic_load(&keys_); }
  // The youngest key is over its lifetime, or of another algorithm than is set.
  bool due() const;

  storage::Database& database_;
  const pki::KeyProvider& provider_;
  Domain domain_;
  std::shared_ptr<const Keys> keys_;
};

}  // namespace unhidra::auth
