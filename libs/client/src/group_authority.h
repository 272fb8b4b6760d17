#pragma once
// Whom a leaf of a group stands for: its credential names a device, and its key is the one that the
// device's user has signed (RFC 9420 section 5.3.1).

#include "unhidra/identity/member_name.h"
#include "unhidra/mls_public/authentication.h"

#include "records.h"

namespace unhidra::client {

// Errors when the credential names no device.
Result<identity::MemberName> name_of(const mls_public::LeafNode& leaf);

enum class LeafStanding : std::uint8_t {
  signed_by_user,  // on the device list that is believed
  awaited,         // on the list under an account key that the person has not accepted yet
  removed,         // its user had signed it and has taken it off the list since
  not_signed,      // on no list that is known
  unknown_user,    // no list of this user is known yet
};

class GroupAuthority final : public mls_public::AuthenticationService {
 public:
  // Keeps the reference.
  explicit GroupAuthority(const std::map<UserId, UserRecord>& users) : users_(&users) {}

  LeafStanding standing(const identity::MemberName& name, ByteView signature_key) const;

  // A listed device with another key is refused. One that is not listed passes here, because it may
  // have been removed since it was added: the engine encrypts nothing while it is in the group.
  Status validate(const mls_public::LeafNode& leaf) const override;
  // Names and keys of devices never change.
  Status validate_successor(const mls_public::LeafNode& before,
                            const mls_public::LeafNode& after) const override;
  Status validate_external_sender(const mls_public::ExternalSender& sender) const override;

 private:
  const std::map<UserId, UserRecord>* users_;
};

}  // namespace unhidra::client
