#pragma once
// What an emoji with a picture may be: its name, and the encrypted file that it is drawn from.
// Source: docs/security.md, "Emoji with a picture".

#include <optional>
#include <string_view>

#include "unhidra/client/model.h"
#include "unhidra/wire/content.h"

namespace unhidra::client {

inline constexpr std::size_t kMinEmojiName = 2;  // bytes
inline constexpr std::size_t kMaxEmojiName = 32;
inline constexpr std::size_t kMaxTextEmoji = 20;              // with a picture, of one text
inline constexpr std::uint64_t kMaxEmojiPicture = 64 * 1024;  // bytes of the file
inline constexpr std::uint32_t kMaxEmojiSide = 256;           // pixels
inline constexpr std::size_t kMaxEmojiDescription = 384;      // bytes

// Lower case letters, digits, '_', '+' and '-' alone.
bool is_emoji_name(std::string_view name);
// ":name:", as it stands in texts and reactions.
std::string between_colons(std::string_view name);
// The name in ":name:"; nothing when it is none.
std::optional<std::string_view> name_between_colons(std::string_view emoji);

// PNG, WebP or GIF within the limits above; no small copy of it and no word of a scanner.
std::optional<Attachment> read_emoji_picture(ByteView description);

// Whether a text carries the emoji that stand in it and no other, each once.
bool has_good_emoji(const wire::Text& text);
// A message that brings an emoji has its name and its picture, and nothing else.
bool brings_one_emoji(const wire::Text& text);

}  // namespace unhidra::client
