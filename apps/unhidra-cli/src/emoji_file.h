#pragma once
// Pictures of formats that become emoji as they are, because nothing here draws them: what their
// first bytes say. Sources: GIF89a, section 18; RFC 9649 (WebP), section 2.

#include <cstdint>
#include <optional>
#include <string>

#include "unhidra/base/bytes.h"

namespace unhidra::cli {

struct EmojiFile {
  std::string media_type;  // "image/gif" or "image/webp"
  std::uint32_t width = 0;
  std::uint32_t height = 0;
};

// Nothing when it is neither, or ends before it says how large it is.
std::optional<EmojiFile> emoji_file(ByteView head);

// What a file's name suggests as the name of an emoji; "" when there is nothing in it.
std::string emoji_name_from(const std::string& file);

}  // namespace unhidra::cli
