#pragma once
// The key schedule (RFC 9420 section 8), pre-shared keys included.

#include "unhidra/mls/hpke.h"

namespace unhidra::mls {

struct EpochSecrets {
  SecretBytes sender_data_secret;
  SecretBytes encryption_secret;
  SecretBytes exporter_secret;
  SecretBytes external_secret;
  SecretBytes confirmation_key;
  SecretBytes membership_key;
  SecretBytes resumption_psk;
  SecretBytes epoch_authenticator;
  SecretBytes init_secret;

  static EpochSecrets from_epoch_secret(const Suite& suite, ByteView epoch_secret);
  // From the joiner secret on, as a newcomer does.
  static EpochSecrets from_joiner(const Suite& suite, ByteView joiner_secret, ByteView psk_secret,
                                  ByteView group_context);
};

SecretBytes joiner_secret(const Suite& suite, ByteView init_secret, ByteView commit_secret,
                          ByteView group_context);
SecretBytes welcome_secret(const Suite& suite, ByteView joiner_secret, ByteView psk_secret);

// MLS-Exporter of section 8.5.
SecretBytes mls_exporter(const Suite& suite, ByteView exporter_secret, std::string_view label,
                         ByteView context, std::size_t size);

struct Psk {
  PreSharedKeyId id;
  SecretBytes secret;
};
// Section 8.4; all zero without PSKs.
SecretBytes psk_secret(const Suite& suite, std::span<const Psk> psks);

// Section 8.3.
Result<HpkeExport> external_init_send(const Suite& suite, RandomSource& random,
                                      ByteView external_pub);
Result<SecretBytes> external_init_receive(const Suite& suite, ByteView external_secret,
                                          ByteView kem_output);

}  // namespace unhidra::mls
