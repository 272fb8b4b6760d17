#include "external_sender.h"

namespace unhidra::chat {
namespace {

using storage::Transaction;

constexpr auto kAlgorithm = pki::SignatureAlgorithm::eddsa;

Result<pki::SigningKey> open(const pki::KeyProvider& provider, ByteView public_key,
                             ByteView sealed) {
  UNHIDRA_TRY(const auto key, crypto::Ed25519PublicKey::from_bytes(public_key));
  UNHIDRA_TRY(const auto jwk, pki::PublicJwk::make(kAlgorithm, key));
  return provider.open(jwk.key_id(), kAlgorithm, sealed);
}

}  // namespace

Result<ExternalSender> ExternalSender::load(storage::Database& database,
                                            const pki::KeyProvider& provider, RandomSource& random,
                                            Timestamp now) {
  const auto stored = [](Transaction& tx) {
    return tx.query("SELECT public_key, sealed_private FROM mls_external_senders");
  };
  UNHIDRA_TRY(auto rows, database.read_sync(stored));
  if (rows.empty()) {
    UNHIDRA_TRY(const auto made, provider.generate(kAlgorithm, random));
    const auto& fresh = std::get<crypto::Ed25519PublicKey>(made.key.public_key().material());
    UNHIDRA_TRY_VOID(database.write_sync([&](Transaction& tx) {
      return tx.execute(
          "INSERT INTO mls_external_senders (key_id, public_key, sealed_private, "
          "created_at) VALUES (1, $1, $2, $3) ON CONFLICT DO NOTHING",
          fresh.array(), made.kept, now);
    }));
    UNHIDRA_TRY(rows, database.read_sync(stored));  // another process may have been first
  }
  UNHIDRA_TRY(const auto key, crypto::Ed25519PublicKey::from_bytes(rows.front().get<ByteView>(0)));
  UNHIDRA_TRY(auto opened, open(provider, key.bytes(), rows.front().get<ByteView>(1)));
  return ExternalSender(std::move(opened), key);
}

Result<Bytes> ExternalSender::propose_removal(const mls_public::GroupContext& context,
                                              mls_public::LeafIndex leaf) const {
  mls_public::PublicMessage out;
  out.content.group_id = context.group_id;
  out.content.epoch = context.epoch;
  out.content.sender = {mls_public::SenderType::external, 0};
  out.content.content =
      std::make_shared<const mls_public::Proposal>(mls_public::Proposal{mls_public::Remove{leaf}});
  const auto signed_bytes =
      mls_public::sign_content("FramedContentTBS", out.authenticated().to_be_signed({}));
  UNHIDRA_TRY(out.auth.signature, key_->sign(signed_bytes));
  return mls_public::encode(mls_public::MlsMessage{std::move(out)});
}

}  // namespace unhidra::chat
