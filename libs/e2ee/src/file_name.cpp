#include "unhidra/e2ee/file_name.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "unhidra/base/text.h"

namespace unhidra::e2ee {
namespace {

// One character of well-formed UTF-8 at the front of `text`.
struct Character {
  char32_t code = 0;
  std::size_t size = 0;
};

Character front_of(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const auto tail = [&](std::size_t i) { return static_cast<char32_t>(byte(i) & 0x3f); };
  if (byte(0) < 0x80) {
    return {byte(0), 1};
  }
  if (byte(0) < 0xe0) {
    return {(byte(0) & 0x1fU) << 6U | tail(1), 2};
  }
  if (byte(0) < 0xf0) {
    return {(byte(0) & 0x0fU) << 12U | tail(1) << 6U | tail(2), 3};
  }
  return {(byte(0) & 0x07U) << 18U | tail(1) << 12U | tail(2) << 6U | tail(3), 4};
}

struct Span {
  char32_t first;
  char32_t last;
};
// Controls, and what has no width or turns the direction of the text (Unicode: Cc, Cf, fillers,
// variation selectors and tags), line separators, byte order marks, non-characters.
constexpr std::array<Span, 21> kUnwanted{
    {{0x00, 0x1f},      {0x7f, 0x9f},     {0xad, 0xad},     {0x34f, 0x34f},   {0x600, 0x605},
     {0x61c, 0x61c},    {0x6dd, 0x6dd},   {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f},
     {0x200b, 0x200f},  {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164}, {0xfe00, 0xfe0f},
     {0xfeff, 0xfeff},  {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0x1d173, 0x1d17a},
     {0xe0000, 0xe0fff}}};

bool is_unwanted(char32_t code) {
  return std::ranges::any_of(
      kUnwanted, [code](const Span& span) { return span.first <= code && code <= span.last; });
}

// A name that Windows gives to a device, whatever extension follows.
bool is_device_name(std::string_view name) {
  std::string stem(name.substr(0, name.find('.')));
  while (stem.ends_with(' ')) {
    stem.pop_back();
  }
  std::ranges::transform(stem, stem.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  constexpr std::array<std::string_view, 6> kNames{"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"};
  if (std::ranges::find(kNames, stem) != kNames.end()) {
    return true;
  }
  if (!stem.starts_with("COM") && !stem.starts_with("LPT")) {
    return false;
  }
  const auto number = std::string_view(stem).substr(3);
  return (number.size() == 1 && number[0] >= '0' && number[0] <= '9') || number == "\u00b9" ||
         number == "\u00b2" || number == "\u00b3";
}

// At most `size` bytes of whole characters.
std::string_view whole_characters(std::string_view text, std::size_t size) {
  if (text.size() <= size) {
    return text;
  }
  while (size > 0 && (static_cast<std::uint8_t>(text[size]) & 0xc0) == 0x80) {
    --size;
  }
  return text.substr(0, size);
}

std::string shortened(std::string name) {
  constexpr std::size_t kLongestExtension = 20;
  if (name.size() <= kMaxFileName) {
    return name;
  }
  const auto dot = name.rfind('.');
  const bool keeps = dot != std::string::npos && dot > 0 && name.size() - dot <= kLongestExtension;
  const std::string extension = keeps ? name.substr(dot) : std::string();
  return std::string(whole_characters(name, kMaxFileName - extension.size())) + extension;
}

// Without the white space and dots at the end that some systems drop silently.
void trim(std::string& name) {
  name.erase(name.find_last_not_of(" .") + 1);
  name.erase(0, std::min(name.find_first_not_of(' '), name.size()));
}

std::string visible(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const auto [code, size] = front_of(name);
    if (code < 0x80 &&
        std::string_view("<>:\"|?*").find(static_cast<char>(code)) != std::string_view::npos) {
      out += '_';
    } else if (!is_unwanted(code)) {
      out += name.substr(0, size);
    }
    name.remove_prefix(size);
  }
  return out;
}

}  // namespace

std::string clean_file_name(std::string_view name) {
  if (const auto separator = name.find_last_of("/\\"); separator != std::string_view::npos) {
    name.remove_prefix(separator + 1);
  }
  std::string out = is_valid_utf8(name) ? visible(name) : visible(printable(name));
  trim(out);
  if (out.starts_with('.')) {
    out[0] = '_';  // no hidden file, and never "." or ".."
  }
  out = shortened(std::move(out));
  if (is_device_name(out)) {
    out = shortened("_" + out);
  }
  trim(out);
  return out.empty() ? "file" : out;
}

}  // namespace unhidra::e2ee
