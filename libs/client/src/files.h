#pragma once
// What messages say of files.

#include <optional>
#include <vector>

#include "unhidra/client/model.h"
#include "unhidra/crypto/keys.h"
#include "unhidra/wire/content.h"

namespace unhidra::client {

// Without a word about the scan; nothing when it is no description.
std::optional<Attachment> read_attachment(ByteView description);
// `device`: the sending device's signing key, if it is known.
std::vector<Attachment> attachments_of(const crypto::Provider& provider, const wire::Text& text,
                                       const std::optional<crypto::Ed25519PublicKey>& device);
// Thumbnails included.
std::vector<wire::FileId> file_ids_of(const wire::Content& content);

}  // namespace unhidra::client
