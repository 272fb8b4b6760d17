#pragma once
// The key with which the server proposes to groups (RFC 9420 section 12.1.8.1), and what it
// proposes: that devices leave which were revoked, and those of users who were deactivated.

#include <memory>

#include "unhidra/crypto/keys.h"
#include "unhidra/mls_public/framing.h"
#include "unhidra/pki/key_provider.h"
#include "unhidra/storage/database.h"

namespace unhidra::chat {

// Safe from any thread.
class ExternalSender {
 public:
  // Of the whole installation, made when it is first asked for. Blocks.
  static Result<ExternalSender> load(storage::Database& database, const pki::KeyProvider& provider,
                                     RandomSource& random, Timestamp now);

  const crypto::Ed25519PublicKey& public_key() const { return public_; }
  // A Remove of the epoch, as an MLSMessage. The group has this server as its first external
  // sender.
  Result<Bytes> propose_removal(const mls_public::GroupContext& context,
                                mls_public::LeafIndex leaf) const;

 private:
  ExternalSender(pki::SigningKey key, const crypto::Ed25519PublicKey& public_key)
      : key_(std::make_shared<const pki::SigningKey>(std::move(key))), public_(public_key) {}

  std::shared_ptr<const pki::SigningKey> key_;
  crypto::Ed25519PublicKey public_;
};

}  // namespace unhidra::chat
