#pragma once
// What a message says of a file that lies encrypted on the server: all that is needed to fetch,
// check and open it. Travels inside the encryption. Format: docs/security.md, "Files".

#include <optional>
#include <string>

#include "unhidra/base/id.h"
#include "unhidra/crypto/block_digest.h"
#include "unhidra/crypto/keys.h"
#include "unhidra/e2ee/attachment.h"

namespace unhidra::e2ee {

inline constexpr std::size_t kMaxMediaType = 127;  // bytes
inline constexpr std::size_t kMaxScanner = 128;
inline constexpr std::uint32_t kMaxPixels = 65'535;  // of one side
inline constexpr std::uint64_t kMaxThumbnail = 256 * 1024;
inline constexpr std::size_t kMaxDescriptor = 1024;  // bytes, encoded

using FileId = Id<struct FileIdTag>;

struct Dimensions {
  std::uint32_t width = 0;  // pixels, at least 1
  std::uint32_t height = 0;
  friend bool operator==(const Dimensions&, const Dimensions&) = default;
};

// One object on the server. Move-only, as its key.
struct SealedObject {
  FileId file_id;
  AttachmentKey key;
  crypto::FileDigest digest{};  // of the ciphertext
  std::uint64_t size = 0;       // bytes of plaintext
  std::uint32_t piece = kAttachmentPiece;
  friend bool operator==(const SealedObject&, const SealedObject&) = default;
};

struct Thumbnail {
  SealedObject object;
  std::string media_type;
  Dimensions dimensions;
  friend bool operator==(const Thumbnail&, const Thumbnail&) = default;
};

// What the sending device's scanner said of the plaintext before it was encrypted. It says that
// this device says so, not that it is true: a receiver who doubts the sender scans again.
struct ScanVerdict {
  bool clean = false;
  std::string scanner;  // name and version
  Timestamp scanned_at{};
  crypto::Signature signature;  // by the sending device
  friend bool operator==(const ScanVerdict&, const ScanVerdict&) = default;
};

struct AttachmentDescriptor {
  SealedObject object;
  std::string media_type;  // "image/png": a type and a subtype in lower case, without parameters
  std::string name;        // as clean_file_name leaves it
  std::optional<Dimensions> dimensions;
  std::optional<Thumbnail> thumbnail;
  std::optional<ScanVerdict> verdict;
  friend bool operator==(const AttachmentDescriptor&, const AttachmentDescriptor&) = default;
};

// Whether the text is a media type as a descriptor may name it.
bool is_media_type(std::string_view text);

// Errc::malformed when a field is not as described above.
Result<SecretBytes> encode(const AttachmentDescriptor& descriptor);
// Errc::malformed, or Errc::unsupported for a later version.
Result<AttachmentDescriptor> decode_attachment(ByteView encoded);

// Signs for the object; the key, size and digest that the verdict is about stand in it.
Status sign_verdict(const crypto::Provider& provider, const crypto::Ed25519KeyPair& device,
                    const SealedObject& object, ScanVerdict& verdict);
// Whether the device that sent the message signed this descriptor's verdict. Errc::undecryptable.
Status verify_verdict(const crypto::Provider& provider, const crypto::Ed25519PublicKey& device,
                      const SealedObject& object, const ScanVerdict& verdict);

}  // namespace unhidra::e2ee
