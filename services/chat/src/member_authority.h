#pragma once
// Whom a leaf stands for, as the server knows it (the Authentication Service of RFC 9420 section
// 5.3.1): its credential names a user's device, and its key is the signing key that this device
// has registered. Clients check the same against the lists that the users have signed.

#include <optional>

#include "unhidra/crypto/keys.h"
#include "unhidra/identity/member_name.h"
#include "unhidra/mls_public/authentication.h"
#include "unhidra/storage/transaction.h"

#include "asker.h"

namespace unhidra::chat {

// No KeyPackage may live longer. A client's live 84 days, from a little before they are made.
inline constexpr std::chrono::hours kMaxKeyPackageLifetime{24 * 92};

// mls_public::Errc::not_authenticated.
Result<identity::MemberName> name_of(const mls_public::LeafNode& leaf);

// Lives as long as the transaction.
class MemberAuthority final : public mls_public::AuthenticationService {
 public:
  MemberAuthority(storage::Transaction& tx, OrgId org,
                  std::optional<crypto::Ed25519PublicKey> external_sender)
      : tx_(tx), org_(org), external_sender_(external_sender) {}

  Status validate(const mls_public::LeafNode& leaf) const override;
  Status validate_successor(const mls_public::LeafNode& before,
                            const mls_public::LeafNode& after) const override;
  Status validate_external_sender(const mls_public::ExternalSender& sender) const override;

  // What a group that this server serves is held to.
  mls_public::ValidationRules rules(Timestamp now) const;

 private:
  storage::Transaction& tx_;
  OrgId org_;
  std::optional<crypto::Ed25519PublicKey> external_sender_;
};

// The suite, when this server and its devices can use it: their registered keys are Ed25519.
// Errc::unsupported_suite.
Result<mls_public::Suite> usable_suite(const crypto::Provider& provider, std::uint32_t suite);

}  // namespace unhidra::chat
