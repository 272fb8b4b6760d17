#include "media_types.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

namespace unhidra::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::pair<std::string_view, std::string_view>, 24> kMediaTypes{{
    {".txt", "text/plain"},
    {".md", "text/markdown"},
    {".csv", "text/csv"},
    {".html", "text/html"},
    {".json", "application/json"},
    {".xml", "application/xml"},
    {".pdf", "application/pdf"},
    {".zip", "application/zip"},
    {".gz", "application/gzip"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
    {".gif", "image/gif"},
    {".webp", "image/webp"},
    {".avif", "image/avif"},
    {".svg", "image/svg+xml"},
    {".mp4", "video/mp4"},
    {".webm", "video/webm"},
    {".mp3", "audio/mpeg"},
    {".ogg", "audio/ogg"},
    {".opus", "audio/opus"},
    {".wav", "audio/wav"},
    {".odt", "application/vnd.oasis.opendocument.text"},
    {".7z", "application/x-7z-compressed"},
}};

}  // namespace

std::string media_type_of(const std::string& name) {
  auto extension = fs::path(name).extension().string();
  std::ranges::transform(extension, extension.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  const auto* found = std::ranges::find(kMediaTypes, extension,
                                        &std::pair<std::string_view, std::string_view>::first);
  return std::string(found == kMediaTypes.end() ? "application/octet-stream" : found->second);
}

}  // namespace unhidra::cli
