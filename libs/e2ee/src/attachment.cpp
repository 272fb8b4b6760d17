#include "unhidra/e2ee/attachment.h"

#include <algorithm>
#include <bit>

#include "unhidra/base/codec.h"
#include "unhidra/e2ee/padme.h"

namespace unhidra::e2ee {
namespace {

constexpr auto kAead = crypto::Aead::chacha20_poly1305;
constexpr std::size_t kKeySize = 32;
constexpr std::size_t kPrefixSize = 7;

// AEAD key and the fixed part of the nonces. The piece size is part of it: the same key with
// another one fits nothing.
SecretArray<39> derive(const crypto::Provider& provider, const AttachmentKey& key,
                       const AttachmentLayout& layout) {
  ByteWriter info;
  info.text("unhidra file 1").u32(layout.piece());
  return provider.hkdf_sha256<kKeySize + kPrefixSize>({}, key.expose(), info.view());
}

ByteView aead_key(const SecretArray<39>& secrets) {
  return secrets.expose().first<kKeySize>();
}

Bytes nonce_of(const SecretArray<39>& secrets, const AttachmentLayout& layout,
               std::uint32_t number) {
  const bool last = number + 1 == layout.pieces();
  ByteWriter out(crypto::kAeadNonceSize);
  out.raw(secrets.expose().last<kPrefixSize>()).u32(number).u8(last ? 1 : 0);
  return std::move(out).take();
}

}  // namespace

AttachmentLayout::AttachmentLayout(std::uint64_t size, std::uint32_t piece)
    : size_(size), piece_(piece), padded_(padme(std::max(size, kSmallestPaddedAttachment))) {}

Result<AttachmentLayout> AttachmentLayout::of(std::uint64_t size, std::uint32_t piece) {
  if (size > kMaxAttachmentSize) {
    return fail(Errc::malformed, "the file is larger than can be encrypted");
  }
  if (!std::has_single_bit(piece) || piece < kMinAttachmentPiece || piece > kMaxAttachmentPiece) {
    return fail(Errc::malformed, "the pieces of a file have no such size");
  }
  return AttachmentLayout(size, piece);
}

std::uint32_t AttachmentLayout::pieces() const {
  return static_cast<std::uint32_t>((padded_ + plain_piece() - 1) / plain_piece());
}

std::uint64_t AttachmentLayout::sealed_size() const {
  return padded_ + std::uint64_t{pieces()} * crypto::kAeadTagSize;
}

std::size_t AttachmentLayout::padded_size_of(std::uint32_t number) const {
  const std::uint64_t start = std::uint64_t{number} * plain_piece();
  return static_cast<std::size_t>(std::min<std::uint64_t>(plain_piece(), padded_ - start));
}

std::size_t AttachmentLayout::plain_size_of(std::uint32_t number) const {
  const std::uint64_t start = std::uint64_t{number} * plain_piece();
  return static_cast<std::size_t>(
      start >= size_ ? 0 : std::min<std::uint64_t>(plain_piece(), size_ - start));
}

std::size_t AttachmentLayout::sealed_size_of(std::uint32_t number) const {
  return padded_size_of(number) + crypto::kAeadTagSize;
}

AttachmentSealer::AttachmentSealer(const crypto::Provider& provider, RandomSource& random,
                                   AttachmentLayout layout)
    : AttachmentSealer(provider, random.secret_array<kKeySize>(), layout) {}

AttachmentSealer::AttachmentSealer(const crypto::Provider& provider, AttachmentKey key,
                                   AttachmentLayout layout)
    : provider_(&provider),
      layout_(layout),
      key_(std::move(key)),
      secrets_(derive(provider, key_, layout)) {}

Result<Bytes> AttachmentSealer::seal(ByteView plaintext) {
  if (done()) {
    return fail(Errc::exhausted, "the file is sealed already");
  }
  if (plaintext.size() != layout_.plain_size_of(next_)) {
    return fail(Errc::malformed, "a piece of the file has not the size that was announced");
  }
  Bytes out(layout_.sealed_size_of(next_));
  std::ranges::copy(plaintext, out.begin());
  const auto padded = ByteView(out).first(out.size() - crypto::kAeadTagSize);
  UNHIDRA_TRY_VOID(provider_->aead_seal(kAead, aead_key(secrets_),
                                        nonce_of(secrets_, layout_, next_), {}, padded, out));
  ++next_;
  return out;
}

AttachmentOpener::AttachmentOpener(const crypto::Provider& provider, const AttachmentKey& key,
                                   AttachmentLayout layout)
    : provider_(&provider), layout_(layout), secrets_(derive(provider, key, layout)) {}

Result<SecretBytes> AttachmentOpener::open(std::uint32_t number, ByteView sealed) const {
  if (number >= layout_.pieces() || sealed.size() != layout_.sealed_size_of(number)) {
    return fail(Errc::malformed, "a piece of the file has a wrong number or size");
  }
  SecretBytes padded(sealed.size() - crypto::kAeadTagSize);
  const auto opened =
      provider_->aead_open(kAead, aead_key(secrets_), nonce_of(secrets_, layout_, number), {},
                           sealed, padded.expose_mutable());
  if (!opened) {
    return fail(Errc::undecryptable, "a piece of the file does not fit its key and place");
  }
  const auto content = padded.expose();
  const std::size_t own = layout_.plain_size_of(number);
  if (std::ranges::any_of(content.subspan(own), [](Byte byte) { return byte != 0; })) {
    return fail(Errc::malformed, "the file is not filled up with zeros");
  }
  return own == content.size() ? std::move(padded) : SecretBytes::copy_of(content.first(own));
}

}  // namespace unhidra::e2ee
