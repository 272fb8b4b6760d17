#pragma once
// Encryption of files, piece by piece: ChaCha20-Poly1305 in the STREAM construction (Hoang,
// Reyhanitabar, Rogaway, Vizár, "Online Authenticated-Encryption and its Nonce-Reuse
// Misuse-Resistance", 2015, section 7). Each nonce holds the piece's number and whether it is the
// last, so that a cut, a tail, another order or another file's piece is found. Format:
// docs/security.md, "Files".

#include <cstdint>

#include "unhidra/base/random.h"
#include "unhidra/crypto/provider.h"
#include "unhidra/e2ee/errc.h"

namespace unhidra::e2ee {

// Bytes of a sealed piece, tag included: a power of two. The last piece may be shorter.
inline constexpr std::uint32_t kAttachmentPiece = 64 * 1024;
inline constexpr std::uint32_t kMinAttachmentPiece = 4 * 1024;
inline constexpr std::uint32_t kMaxAttachmentPiece = 1024 * 1024;
inline constexpr std::uint64_t kMaxAttachmentSize = std::uint64_t{1} << 36;  // bytes of plaintext
inline constexpr std::uint64_t kSmallestPaddedAttachment = 512;

using AttachmentKey = SecretArray<32>;

// How a file of `size` bytes lies in pieces. The plaintext is filled up with zeros to
// `padded_size`, so that the ciphertext tells its rough size only.
class AttachmentLayout {
 public:
  // Errc::malformed: over kMaxAttachmentSize, or no possible piece size.
  static Result<AttachmentLayout> of(std::uint64_t size, std::uint32_t piece = kAttachmentPiece);

  std::uint64_t size() const { return size_; }
  std::uint32_t piece() const { return piece_; }
  std::uint32_t plain_piece() const { return piece_ - kTag; }
  std::uint64_t padded_size() const { return padded_; }
  std::uint32_t pieces() const;  // at least one
  std::uint64_t sealed_size() const;
  // Of one piece; `number` is below pieces().
  std::size_t plain_size_of(std::uint32_t number) const;   // the file's own bytes in it
  std::size_t sealed_size_of(std::uint32_t number) const;  // fill and tag included

  friend bool operator==(const AttachmentLayout&, const AttachmentLayout&) = default;

 private:
  static constexpr std::uint32_t kTag = crypto::kAeadTagSize;
  AttachmentLayout(std::uint64_t size, std::uint32_t piece);
  std::size_t padded_size_of(std::uint32_t number) const;

  std::uint64_t size_ = 0;
  std::uint32_t piece_ = 0;
  std::uint64_t padded_ = 0;
};

// Seals one file under a key of its own, once, in order: what has been sealed cannot be sealed
// again with other content.
class AttachmentSealer {
 public:
  AttachmentSealer(const crypto::Provider& provider, RandomSource& random, AttachmentLayout layout);
  // With a given key, for published vectors.
  AttachmentSealer(const crypto::Provider& provider, AttachmentKey key, AttachmentLayout layout);

  const AttachmentLayout& layout() const { return layout_; }
  const AttachmentKey& key() const { return key_; }
  bool done() const { return next_ == layout_.pieces(); }
  // The next piece: exactly plain_size_of() bytes of the file. Errc::malformed when it has another
  // size, Errc::exhausted when all is sealed; then nothing has changed.
  Result<Bytes> seal(ByteView plaintext);

 private:
  const crypto::Provider* provider_;
  AttachmentLayout layout_;
  AttachmentKey key_;
  SecretArray<39> secrets_;
  std::uint32_t next_ = 0;
};

// Opens pieces in any order, as playing from the middle needs. Who saves a file opens all of them
// and lets nobody see the result before the last.
class AttachmentOpener {
 public:
  AttachmentOpener(const crypto::Provider& provider, const AttachmentKey& key,
                   AttachmentLayout layout);

  const AttachmentLayout& layout() const { return layout_; }
  // The file's bytes in piece `number`. Errc::undecryptable: not that piece of that file;
  // Errc::malformed: a wrong size, or the fill is not zero.
  Result<SecretBytes> open(std::uint32_t number, ByteView sealed) const;

 private:
  const crypto::Provider* provider_;
  AttachmentLayout layout_;
  SecretArray<39> secrets_;
};

}  // namespace unhidra::e2ee
