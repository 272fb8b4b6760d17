#include "unhidra/pki/seal.h"

#include <algorithm>

#include "unhidra/base/codec.h"

namespace unhidra::pki {
namespace {

constexpr Byte kVersion = 1;
constexpr std::size_t kKeyIdSize = 8;
constexpr std::size_t kSaltSize = 32;
constexpr std::size_t kHeaderSize = 1 + kKeyIdSize + kSaltSize;
constexpr std::size_t kDerivedSize = 32 + crypto::kAeadNonceSize;

Bytes associated_data(ByteView header, std::string_view label) {
  ByteWriter out;
  out.raw(header.first(1 + kKeyIdSize)).text(label);
  return std::move(out).take();
}

}  // namespace

KeySealer::KeySealer(SecretArray<kMasterKeySize> master_key, const crypto::Provider& provider)
    : master_key_(std::move(master_key)), provider_(provider) {
  const auto id = provider_.hkdf_sha256<kKeyIdSize>({}, master_key_.expose(),
                                                    as_bytes("unhidra master key id"));
  std::copy(id.expose().begin(), id.expose().end(), key_id_.begin());
}

Result<Bytes> KeySealer::seal(std::string_view label, ByteView secret, RandomSource& random) const {
  if (secret.size() > kMaxSize) {
    return fail(Errc::bad_parameters, "more than a sealed key may hold");
  }
  ByteWriter header;
  header.u8(kVersion).raw(key_id_).raw(random.array<kSaltSize>());
  Bytes out = std::move(header).take();
  const auto keys = provider_.hkdf_sha256<kDerivedSize>(
      ByteView(out).subspan(1 + kKeyIdSize), master_key_.expose(), as_bytes("unhidra key seal v1"));
  const Bytes ad = associated_data(out, label);
  out.resize(kHeaderSize + secret.size() + crypto::kAeadTagSize);
  UNHIDRA_TRY_VOID(provider_.aead_seal(crypto::Aead::chacha20_poly1305, keys.expose().first(32),
                                       keys.expose().subspan(32), ad, secret,
                                       MutableByteView(out).subspan(kHeaderSize)));
  return out;
}

Result<SecretBytes> KeySealer::open(std::string_view label, ByteView sealed) const {
  if (sealed.size() < kHeaderSize + crypto::kAeadTagSize ||
      sealed.size() > kHeaderSize + kMaxSize + crypto::kAeadTagSize || sealed[0] != kVersion) {
    return fail(Errc::bad_seal, "not a sealed key of a known version");
  }
  if (!std::equal(key_id_.begin(), key_id_.end(), sealed.begin() + 1)) {
    return fail(Errc::wrong_master_key, "sealed under another master key");
  }
  const auto keys =
      provider_.hkdf_sha256<kDerivedSize>(sealed.subspan(1 + kKeyIdSize, kSaltSize),
                                          master_key_.expose(), as_bytes("unhidra key seal v1"));
  SecretBytes out(sealed.size() - kHeaderSize - crypto::kAeadTagSize);
  const auto opened = provider_.aead_open(crypto::Aead::chacha20_poly1305, keys.expose().first(32),
                                          keys.expose().subspan(32), associated_data(sealed, label),
                                          sealed.subspan(kHeaderSize), out.expose_mutable());
  if (!opened) {
    return fail(Errc::bad_seal, "altered, or sealed for another purpose");
  }
  return out;
}

}  // namespace unhidra::pki
