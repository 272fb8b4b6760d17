#include "emoji_file.h"

#include <algorithm>
#include <filesystem>
#include <string_view>

namespace unhidra::cli {
namespace {

constexpr std::size_t kMaxName = 32;  // bytes

bool says(ByteView bytes, std::size_t at, std::string_view word) {
  return bytes.size() >= at + word.size() &&
         std::ranges::equal(bytes.subspan(at, word.size()), word, [](std::uint8_t a, char b) {
           return a == static_cast<std::uint8_t>(b);
         });
}

// `count` bytes, the lowest first.
std::uint32_t number(ByteView bytes, std::size_t at, std::size_t count) {
  std::uint32_t out = 0;
  for (std::size_t i = count; i > 0; --i) {
    out = (out << 8) | bytes[at + i - 1];
  }
  return out;
}

std::optional<EmojiFile> webp_file(ByteView head) {
  constexpr std::size_t kHeader = 30;  // up to the end of the sizes, in each kind of it
  constexpr std::uint32_t kSide = 0x3fff;
  EmojiFile out{.media_type = "image/webp"};
  if (head.size() < kHeader) {
    return std::nullopt;
  }
  if (says(head, 12, "VP8 ")) {
    out.width = number(head, 26, 2) & kSide;
    out.height = number(head, 28, 2) & kSide;
  } else if (says(head, 12, "VP8L")) {
    const auto bits = number(head, 21, 4);
    out.width = (bits & kSide) + 1;
    out.height = ((bits >> 14) & kSide) + 1;
  } else if (says(head, 12, "VP8X")) {
    out.width = number(head, 24, 3) + 1;
    out.height = number(head, 27, 3) + 1;
  }
  return out;
}

}  // namespace

std::optional<EmojiFile> emoji_file(ByteView head) {
  std::optional<EmojiFile> out;
  if ((says(head, 0, "GIF87a") || says(head, 0, "GIF89a")) && head.size() >= 10) {
    out = EmojiFile{
        .media_type = "image/gif", .width = number(head, 6, 2), .height = number(head, 8, 2)};
  } else if (says(head, 0, "RIFF") && says(head, 8, "WEBP")) {
    out = webp_file(head);
  }
  return out && out->width != 0 && out->height != 0 ? out : std::nullopt;
}

std::string emoji_name_from(const std::string& file) {
  std::string out;
  for (char c : std::filesystem::path(file).stem().string()) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-';
    if (fits) {
      out += c;
    } else if (!out.empty() && out.back() != '_') {
      out += '_';
    }
  }
  out.resize(std::min(out.size(), kMaxName));
  while (out.ends_with('_')) {
    out.pop_back();
  }
  return out;
}

}  // namespace unhidra::cli
