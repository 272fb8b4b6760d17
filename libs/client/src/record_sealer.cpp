#include "unhidra/client/record_sealer.h"

#include <algorithm>

#include "unhidra/base/codec.h"
#include "unhidra/client/errc.h"

namespace unhidra::client {

namespace {

constexpr auto kAead = crypto::Aead::chacha20_poly1305;
constexpr std::size_t kRounding = 64;

}  // namespace

RecordSealer::RecordSealer(const crypto::Provider& crypto, RandomSource& random,
                           std::span<const Byte, kKeySize> key, std::string_view purpose)
    : crypto_(&crypto), random_(&random) {
  const std::string label(purpose);
  name_key_ = crypto.hkdf_sha256<32>({}, key, as_bytes(label + ": names"));
  seal_key_ = crypto.hkdf_sha256<32>({}, key, as_bytes(label + ": contents"));
}

RecordSealer::Name RecordSealer::name_of(std::uint8_t table, ByteView key) const {
  ByteWriter writer(key.size() + 2);
  writer.u8('r').u8(table).raw(key);
  const auto name = crypto_->hmac_sha256(name_key_.expose(), writer.view());
  Name out;
  std::ranges::copy(name.expose(), out.begin());
  return out;
}

RecordSealer::Kind RecordSealer::kind_of(std::uint8_t table) const {
  const ByteArray<2> input{'t', table};
  const auto name = crypto_->hmac_sha256(name_key_.expose(), input);
  Kind out;
  std::copy_n(name.expose().begin(), out.size(), out.begin());
  return out;
}

Result<Bytes> RecordSealer::seal(const Name& name, ByteView key, ByteView value) {
  ByteWriter writer(key.size() + value.size() + 16 + kRounding);
  writer.bytes(key).bytes(value);
  auto plain = std::move(writer).take();
  plain.resize((plain.size() + kRounding - 1) / kRounding * kRounding);
  const auto record_key = crypto_->hmac_sha256(seal_key_.expose(), name);
  Bytes out(crypto::kAeadNonceSize + plain.size() + crypto::kAeadTagSize);
  const auto nonce = MutableByteView(out).first(crypto::kAeadNonceSize);
  random_->fill(nonce);
  const auto sealed = crypto_->aead_seal(kAead, record_key.expose(), nonce, name, plain,
                                         MutableByteView(out).subspan(crypto::kAeadNonceSize));
  wipe(plain);
  UNHIDRA_TRY_VOID(sealed);
  return out;
}

Result<Record> RecordSealer::open(ByteView name, ByteView sealed) const {
  if (sealed.size() < crypto::kAeadNonceSize + crypto::kAeadTagSize) {
    return fail(Errc::corrupt_store, "a record of the store is damaged");
  }
  const auto record_key = crypto_->hmac_sha256(seal_key_.expose(), name);
  SecretBytes plain(sealed.size() - crypto::kAeadNonceSize - crypto::kAeadTagSize);
  const auto opened =
      crypto_->aead_open(kAead, record_key.expose(), sealed.first(crypto::kAeadNonceSize), name,
                         sealed.subspan(crypto::kAeadNonceSize), plain.expose_mutable());
  if (!opened) {
    return fail(Errc::corrupt_store, "a record of the store was changed from outside");
  }
  ByteReader reader(plain.expose());
  auto key = to_bytes(reader.bytes(plain.size()));
  auto value = SecretBytes::copy_of(reader.bytes(plain.size()));
  if (reader.failed()) {
    return fail(Errc::corrupt_store, "a record of the store is damaged");
  }
  return Record{std::move(key), std::move(value)};
}

}  // namespace unhidra::client
