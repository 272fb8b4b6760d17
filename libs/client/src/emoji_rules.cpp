#include "emoji_rules.h"

#include <algorithm>
#include <array>

#include "files.h"

namespace unhidra::client {

namespace {

constexpr std::array<std::string_view, 3> kPictureTypes{"image/png", "image/webp", "image/gif"};

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-';
}

}  // namespace

bool is_emoji_name(std::string_view name) {
  return name.size() >= kMinEmojiName && name.size() <= kMaxEmojiName &&
         std::ranges::all_of(name, is_name_character);
}

std::string between_colons(std::string_view name) {
  return ":" + std::string(name) + ":";
}

std::optional<std::string_view> name_between_colons(std::string_view emoji) {
  if (emoji.size() < 2 || emoji.front() != ':' || emoji.back() != ':') {
    return std::nullopt;
  }
  const auto name = emoji.substr(1, emoji.size() - 2);
  return is_emoji_name(name) ? std::optional(name) : std::nullopt;
}

std::optional<Attachment> read_emoji_picture(ByteView description) {
  if (description.size() > kMaxEmojiDescription) {
    return std::nullopt;
  }
  auto picture = read_attachment(description);
  const bool good = picture && picture->file_id != Uuid{} && !picture->thumbnail &&
                    picture->scanner.empty() && picture->size != 0 &&
                    picture->size <= kMaxEmojiPicture &&
                    std::ranges::find(kPictureTypes, picture->media_type) != kPictureTypes.end() &&
                    picture->dimensions && picture->dimensions->width <= kMaxEmojiSide &&
                    picture->dimensions->height <= kMaxEmojiSide;
  return good ? std::move(picture) : std::nullopt;
}

bool has_good_emoji(const wire::Text& text) {
  if (text.emoji.size() > kMaxTextEmoji) {
    return false;
  }
  for (auto one = text.emoji.begin(); one != text.emoji.end(); ++one) {
    const bool again = std::any_of(text.emoji.begin(), one, [&](const wire::CustomEmoji& before) {
      return before.name == one->name;
    });
    if (again || !is_emoji_name(one->name) ||
        text.body.find(between_colons(one->name)) == std::string::npos ||
        !read_emoji_picture(one->picture)) {
      return false;
    }
  }
  return true;
}

bool brings_one_emoji(const wire::Text& text) {
  return is_emoji_name(text.brings_emoji) && text.body.empty() && text.attachments.size() == 1 &&
         read_emoji_picture(text.attachments.front()) && !text.thread_root && !text.reply_to &&
         text.mentioned_user_ids.empty() && !text.mentions_everyone && !text.imported &&
         text.emoji.empty();
}

}  // namespace unhidra::client
