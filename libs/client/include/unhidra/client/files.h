#pragma once
// Files on their way out and in: pieces are sealed and opened as the host reads and writes them, so
// that no file is ever in memory whole. The host moves the ciphertext; what was sealed is uploaded
// as it is, also after a break, and never sealed again. Source: docs/security.md, "Files".

#include <string>

#include "unhidra/client/errc.h"
#include "unhidra/client/model.h"
#include "unhidra/crypto/block_digest.h"
#include "unhidra/e2ee/attachment.h"
#include "unhidra/e2ee/attachment_descriptor.h"

namespace unhidra::client {

// Pieces that one call takes at most: about 1 MiB.
inline constexpr std::uint32_t kPiecesAtOnce = 16;

//   while (!sealer.done()) { write(sealer.seal(read(sealer.wanted()))); }
class FileSealer {
 public:
  // For `size` bytes of plaintext. Errc::bad_attachment when it is too large.
  static Result<FileSealer> of(const crypto::Provider& provider, RandomSource& random,
                               std::uint64_t size);

  const e2ee::AttachmentLayout& layout() const { return sealer_.layout(); }
  bool done() const { return sealer_.done(); }
  // Bytes of plaintext that the next call takes: zero while only the fill is left.
  std::size_t wanted() const;
  // Exactly wanted() bytes. Errc::bad_attachment otherwise, and when it is done.
  Result<Bytes> seal(ByteView plaintext);
  // Of the ciphertext, as far as it was made: what the server compares.
  crypto::FileDigest digest() const { return digest_.digest(); }
  // What a message says of it, under the id that it has at the server. Errc::bad_attachment before
  // it is done. The key is taken along: once.
  Result<e2ee::SealedObject> finish(e2ee::FileId id);

 private:
  FileSealer(const crypto::Provider& provider, e2ee::AttachmentSealer sealer);

  e2ee::AttachmentSealer sealer_;
  crypto::BlockDigest digest_;
  std::uint32_t next_ = 0;
};

// In order, from the first piece to the last: show nobody what was opened before finish() agrees.
class FileOpener {
 public:
  // Of Attachment::description; its thumbnail on demand. Errc::bad_attachment.
  static Result<FileOpener> of(const crypto::Provider& provider, ByteView description,
                               bool thumbnail);

  const e2ee::AttachmentLayout& layout() const { return opener_.layout(); }
  const Uuid& file_id() const { return id_.uuid(); }
  const crypto::FileDigest& digest() const { return expected_; }
  bool done() const { return next_ == layout().pieces(); }
  // Bytes of ciphertext that the next call takes.
  std::size_t wanted() const;
  // Exactly wanted() bytes. e2ee::Errc::undecryptable: not that piece of that file.
  Result<SecretBytes> open(ByteView sealed);
  // Everything was opened, and it is what the sender has described. Errc::bad_attachment.
  Status finish() const;

 private:
  FileOpener(const crypto::Provider& provider, const e2ee::SealedObject& object,
             e2ee::AttachmentLayout layout);

  e2ee::AttachmentOpener opener_;
  crypto::BlockDigest digest_;
  crypto::FileDigest expected_;
  e2ee::FileId id_;
  std::uint32_t next_ = 0;
};

}  // namespace unhidra::client
