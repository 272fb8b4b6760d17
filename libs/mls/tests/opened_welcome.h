#pragma once
// A Welcome for one newcomer, opened with its keys and sealed again around other plaintexts.

#include <cstdlib>

#include "epoch.h"

namespace unhidra::mls {

struct OpenedWelcome {
  Suite suite;
  Bytes init_key;  // of the newcomer
  Welcome welcome;
  GroupSecrets secrets;
  GroupInfo info;

  // Aborts when it does not open: an honest one is expected. It has no PSKs.
  static OpenedWelcome open(const Suite& suite, const OwnKeyPackage& ours, Welcome welcome) {
    OpenedWelcome out{suite, ours.key_package.init_key, std::move(welcome), {}, {}};
    const ByteView sealed_info = out.welcome.encrypted_group_info;
    const HpkeInfo context = encrypt_context(suite, "Welcome", sealed_info).value();
    const HpkeCiphertext& sealed = out.welcome.secrets[0].encrypted_group_secrets;
    const SecretBytes opened =
        hpke_open(suite, ours.init_key, sealed.kem_output, context, {}, sealed.ciphertext).value();
    out.secrets = GroupSecrets::decode(opened.expose()).value();
    const WelcomeKey key = out.key();
    Bytes plain(sealed_info.size() - crypto::kAeadTagSize);
    if (!suite.provider().aead_open(suite.parameters().aead, key.key.expose(), key.nonce.expose(),
                                    {}, sealed_info, plain)) {
      std::abort();
    }
    out.info = mls_public::decode<GroupInfo>(plain, "info").value();
    return out;
  }

  // The GroupInfo is encrypted under the real joiner secret, whatever `group_secrets` says.
  Welcome seal(RandomSource& random, ByteView group_info, ByteView group_secrets) const {
    const WelcomeKey with = key();
    Welcome out = welcome;
    out.encrypted_group_info.resize(group_info.size() + crypto::kAeadTagSize);
    if (!suite.provider().aead_seal(suite.parameters().aead, with.key.expose(), with.nonce.expose(),
                                    {}, group_info, out.encrypted_group_info)) {
      std::abort();
    }
    const HpkeInfo context = encrypt_context(suite, "Welcome", out.encrypted_group_info).value();
    out.secrets[0].encrypted_group_secrets =
        hpke_seal(suite, random, init_key, context, {}, group_secrets).value();
    return out;
  }
  void sign_info(const SignatureKeyPair& by) {
    TlsWriter content;
    info.write_content(content);
    info.signature = by.sign(suite, "GroupInfoTBS", content.view()).value();
  }

 private:
  WelcomeKey key() const {
    return welcome_key(suite, secrets.joiner_secret.expose(), zero_secret(suite).expose());
  }
};

}  // namespace unhidra::mls
