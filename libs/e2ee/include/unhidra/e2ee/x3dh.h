#pragma once
// X3DH, revision 1 (2016-11-04): two devices agree on a secret though one of them is offline. The
// caller has verified the bundle against the peer's device list.

#include "unhidra/e2ee/message.h"

namespace unhidra::e2ee {

// Section 3.3: the initiator's side. `header` goes into every message until the peer answers; its
// epoch is the caller's.
struct InitiatorAgreement {
  SecretArray<32> secret;  // SK
  PreKeyHeader header;
};
Result<InitiatorAgreement> agree_as_initiator(const crypto::Provider& provider,
                                              const crypto::X25519KeyPair& our_identity,
                                              const crypto::X25519KeyPair& ephemeral,
                                              const identity::PreKeyBundle& bundle);

// Section 3.4: the responder's side, SK. `one_time_prekey` may be null.
Result<SecretArray<32>> agree_as_responder(const crypto::Provider& provider,
                                           const crypto::X25519KeyPair& our_identity,
                                           const crypto::X25519KeyPair& signed_prekey,
                                           const crypto::X25519KeyPair* one_time_prekey,
                                           const PreKeyHeader& header);

}  // namespace unhidra::e2ee
