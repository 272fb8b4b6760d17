#include "unhidra/pki/key_provider.h"

namespace unhidra::pki {
namespace {

std::string seal_label(std::string_view key_id) {
  return "signing-key/" + std::string(key_id);
}

}  // namespace

Result<KeyProvider::Made> SealedKeyProvider::generate(SignatureAlgorithm algorithm,
                                                      RandomSource& random) const {
  UNHIDRA_TRY(auto key, SigningKey::generate(algorithm));
  UNHIDRA_TRY(const auto pem, key.to_pem());
  UNHIDRA_TRY(auto sealed, sealer_->seal(seal_label(key.key_id()), pem.expose(), random));
  return Made{std::move(key), std::move(sealed)};
}

Result<SigningKey> SealedKeyProvider::open(std::string_view key_id, SignatureAlgorithm algorithm,
                                           ByteView kept) const {
  UNHIDRA_TRY(const auto pem, sealer_->open(seal_label(key_id), kept));
  return SigningKey::from_pem(pem.expose(), algorithm, std::string(key_id));
}

}  // namespace unhidra::pki
