#include "unhidra/mls/key_schedule.h"

namespace unhidra::mls {
namespace {

constexpr std::string_view kExternalInit = "MLS 1.0 external init secret";

SecretBytes member_secret(const Suite& suite, ByteView joiner, ByteView psk) {
  return extract(suite, joiner, psk);
}

}  // namespace

EpochSecrets EpochSecrets::from_epoch_secret(const Suite& suite, ByteView epoch_secret) {
  const auto derive = [&](std::string_view label) {
    return derive_secret(suite, epoch_secret, label);
  };
  return {.sender_data_secret = derive("sender data"),
          .encryption_secret = derive("encryption"),
          .exporter_secret = derive("exporter"),
          .external_secret = derive("external"),
          .confirmation_key = derive("confirm"),
          .membership_key = derive("membership"),
          .resumption_psk = derive("resumption"),
          .epoch_authenticator = derive("authentication"),
          .init_secret = derive("init")};
}

EpochSecrets EpochSecrets::from_joiner(const Suite& suite, ByteView joiner, ByteView psk,
                                       ByteView group_context) {
  const SecretBytes member = member_secret(suite, joiner, psk);
  const SecretBytes epoch =
      expand_with_label(suite, member.expose(), "epoch", group_context, suite.hash_size());
  return from_epoch_secret(suite, epoch.expose());
}

SecretBytes joiner_secret(const Suite& suite, ByteView init_secret, ByteView commit_secret,
                          ByteView group_context) {
  const SecretBytes extracted = extract(suite, init_secret, commit_secret);
  return expand_with_label(suite, extracted.expose(), "joiner", group_context, suite.hash_size());
}

SecretBytes welcome_secret(const Suite& suite, ByteView joiner, ByteView psk) {
  return derive_secret(suite, member_secret(suite, joiner, psk).expose(), "welcome");
}

SecretBytes mls_exporter(const Suite& suite, ByteView exporter_secret, std::string_view label,
                         ByteView context, std::size_t size) {
  const SecretBytes derived = derive_secret(suite, exporter_secret, label);
  const Digest hashed = suite.hash({context});
  return expand_with_label(suite, derived.expose(), "exported", hashed.view(), size);
}

SecretBytes psk_secret(const Suite& suite, std::span<const Psk> psks) {
  SecretBytes out = zero_secret(suite);
  for (std::size_t i = 0; i < psks.size(); ++i) {
    const SecretBytes extracted =
        extract(suite, zero_secret(suite).expose(), psks[i].secret.expose());
    TlsWriter label;
    psks[i].id.write(label);
    label.u16(static_cast<std::uint16_t>(i)).u16(static_cast<std::uint16_t>(psks.size()));
    const SecretBytes input = expand_with_label(suite, extracted.expose(), "derived psk",
                                                label.view(), suite.hash_size());
    out = extract(suite, input.expose(), out.expose());
  }
  return out;
}

Result<HpkeExport> external_init_send(const Suite& suite, RandomSource& random,
                                      ByteView external_pub) {
  UNHIDRA_TRY(const HpkeInfo info, HpkeInfo::base(suite, {}));
  return hpke_send_export(suite, random, external_pub, info, as_bytes(kExternalInit),
                          suite.hash_size());
}

Result<SecretBytes> external_init_receive(const Suite& suite, ByteView external_secret,
                                          ByteView kem_output) {
  UNHIDRA_TRY(const HpkeKeyPair key, HpkeKeyPair::derive(suite, external_secret));
  UNHIDRA_TRY(const HpkeInfo info, HpkeInfo::base(suite, {}));
  return hpke_receive_export(suite, key, kem_output, info, as_bytes(kExternalInit),
                             suite.hash_size());
}

}  // namespace unhidra::mls
