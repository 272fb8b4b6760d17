#include "builtins/go_text.h"

#include <algorithm>
#include <array>

#include <unicode/uchar.h>

namespace unhidra::rego::builtins {
namespace {

bool is_continuation(std::string_view text, std::size_t at, unsigned low = 0x80,
                     unsigned high = 0xBF) {
  if (at >= text.size()) {
    return false;
  }
  const auto byte = static_cast<unsigned char>(text[at]);
  return byte >= low && byte <= high;
}

unsigned bits(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]) & 0x3FU;
}

bool contains_rune(std::string_view set, char32_t rune) {
  while (!set.empty()) {
    const DecodedRune next = decode_rune(set);
    if (next.value == rune) {
      return true;
    }
    set.remove_prefix(next.size);
  }
  return false;
}

// The last code point of a text that is not empty.
DecodedRune decode_last_rune(std::string_view text) {
  const std::size_t reach = std::min<std::size_t>(4, text.size());
  for (std::size_t size = reach; size > 1; --size) {
    const DecodedRune rune = decode_rune(text.substr(text.size() - size));
    if (rune.size == size) {
      return rune;
    }
  }
  return decode_rune(text.substr(text.size() - 1));
}

template <class Map>
std::string map_runes(std::string_view text, Map map) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const DecodedRune rune = decode_rune(text);
    append_rune(out, map(rune.value));
    text.remove_prefix(rune.size);
  }
  return out;
}

void append_hex(std::string& out, std::string_view prefix, char32_t value, int digits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += prefix;
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
    out += kDigits[(value >> shift) & 0xF];
  }
}

bool is_printable(char32_t rune) {
  return rune == ' ' || (u_isgraph(static_cast<UChar32>(rune)) != 0 && !is_space(rune));
}

void append_escaped(std::string& out, char32_t rune, bool ascii_only) {
  constexpr std::array<std::pair<char32_t, std::string_view>, 9> kShort = {{{'"', "\\\""},
                                                                            {'\\', "\\\\"},
                                                                            {'\a', "\\a"},
                                                                            {'\b', "\\b"},
                                                                            {'\f', "\\f"},
                                                                            {'\n', "\\n"},
                                                                            {'\r', "\\r"},
                                                                            {'\t', "\\t"},
                                                                            {'\v', "\\v"}}};
  for (const auto& [character, escape] : kShort) {
    if (character == rune) {
      out += escape;
      return;
    }
  }
  if (is_printable(rune) && (!ascii_only || rune < 0x80)) {
    append_rune(out, rune);
  } else if (rune < 0x20 || rune == 0x7F) {
    append_hex(out, "\\x", rune, 2);
  } else if (rune < 0x10000) {
    append_hex(out, "\\u", rune, 4);
  } else {
    append_hex(out, "\\U", rune, 8);
  }
}

}  // namespace

DecodedRune decode_rune(std::string_view text) {
  if (text.empty()) {
    return {kReplacement, 0};
  }
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) {
    return {first, 1};
  }
  if (first >= 0xC2 && first <= 0xDF && is_continuation(text, 1)) {
    return {((first & 0x1FU) << 6) | bits(text, 1), 2};
  }
  if (first >= 0xE0 && first <= 0xEF) {
    // No overlong form and no surrogate: RFC 3629 section 4.
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;
    if (is_continuation(text, 1, low, high) && is_continuation(text, 2)) {
      return {((first & 0x0FU) << 12) | (bits(text, 1) << 6) | bits(text, 2), 3};
    }
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
    if (is_continuation(text, 1, low, high) && is_continuation(text, 2) &&
        is_continuation(text, 3)) {
      return {
          ((first & 0x07U) << 18) | (bits(text, 1) << 12) | (bits(text, 2) << 6) | bits(text, 3),
          4};
    }
  }
  return {kReplacement, 1};
}

void append_rune(std::string& out, char32_t rune) {
  if (rune > 0x10FFFF || (rune >= 0xD800 && rune <= 0xDFFF)) {
    rune = kReplacement;
  }
  if (rune < 0x80) {
    out += static_cast<char>(rune);
  } else if (rune < 0x800) {
    out += static_cast<char>(0xC0 | (rune >> 6));
    out += static_cast<char>(0x80 | (rune & 0x3F));
  } else if (rune < 0x10000) {
    out += static_cast<char>(0xE0 | (rune >> 12));
    out += static_cast<char>(0x80 | ((rune >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (rune & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (rune >> 18));
    out += static_cast<char>(0x80 | ((rune >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((rune >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (rune & 0x3F));
  }
}

std::u32string to_runes(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const DecodedRune rune = decode_rune(text);
    out += rune.value;
    text.remove_prefix(rune.size);
  }
  return out;
}

std::string from_runes(std::u32string_view runes) {
  std::string out;
  out.reserve(runes.size());
  for (const char32_t rune : runes) {
    append_rune(out, rune);
  }
  return out;
}

std::size_t rune_count(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) {
    text.remove_prefix(decode_rune(text).size);
  }
  return count;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string to_valid_utf8(std::string_view text) {
  return map_runes(text, [](char32_t rune) { return rune; });
}

bool is_space(char32_t rune) {
  switch (rune) {
    case '\t':
    case '\n':
    case '\v':
    case '\f':
    case '\r':
    case ' ':
    case 0x85:
    case 0xA0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202F:
    case 0x205F:
    case 0x3000:
      return true;
    default:
      return rune >= 0x2000 && rune <= 0x200A;
  }
}

std::string to_lower(std::string_view text) {
  return map_runes(text, [](char32_t rune) {
    return static_cast<char32_t>(u_tolower(static_cast<UChar32>(rune)));
  });
}

std::string to_upper(std::string_view text) {
  return map_runes(text, [](char32_t rune) {
    return static_cast<char32_t>(u_toupper(static_cast<UChar32>(rune)));
  });
}

std::string reverse_runes(std::string_view text) {
  std::u32string runes = to_runes(text);
  std::ranges::reverse(runes);
  return from_runes(runes);
}

std::string_view trim_left(std::string_view text, std::string_view cutset) {
  while (!text.empty()) {
    const DecodedRune rune = decode_rune(text);
    if (!contains_rune(cutset, rune.value)) {
      break;
    }
    text.remove_prefix(rune.size);
  }
  return text;
}

std::string_view trim_right(std::string_view text, std::string_view cutset) {
  while (!text.empty()) {
    const DecodedRune rune = decode_last_rune(text);
    if (!contains_rune(cutset, rune.value)) {
      break;
    }
    text.remove_suffix(rune.size);
  }
  return text;
}

std::string_view trim_space(std::string_view text) {
  while (!text.empty()) {
    const DecodedRune rune = decode_rune(text);
    if (!is_space(rune.value)) {
      break;
    }
    text.remove_prefix(rune.size);
  }
  while (!text.empty()) {
    const DecodedRune rune = decode_last_rune(text);
    if (!is_space(rune.value)) {
      break;
    }
    text.remove_suffix(rune.size);
  }
  return text;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  if (separator.empty()) {
    while (!text.empty()) {
      const std::size_t size = decode_rune(text).size;
      parts.push_back(text.substr(0, size));
      text.remove_prefix(size);
    }
    return parts;
  }
  for (std::size_t at = text.find(separator); at != std::string_view::npos;
       at = text.find(separator)) {
    parts.push_back(text.substr(0, at));
    text.remove_prefix(at + separator.size());
  }
  parts.push_back(text);
  return parts;
}

std::size_t count_substring(std::string_view text, std::string_view needle) {
  if (needle.empty()) {
    return rune_count(text) + 1;
  }
  std::size_t count = 0;
  for (std::size_t at = text.find(needle); at != std::string_view::npos;
       at = text.find(needle, at + needle.size())) {
    ++count;
  }
  return count;
}

const std::pair<std::string, std::string>* Replacer::find(std::string_view rest,
                                                          bool skip_empty) const {
  for (const auto& pair : pairs_) {
    if ((!skip_empty || !pair.first.empty()) && rest.starts_with(pair.first)) {
      return &pair;
    }
  }
  return nullptr;
}

std::string Replacer::replace(std::string_view text, std::size_t limit) const {
  std::string out;
  bool last_was_empty = false;
  std::size_t at = 0;
  while (at <= text.size() && out.size() <= limit) {
    // An empty pattern matches once between two characters, not for ever.
    const auto* pair = find(text.substr(at), last_was_empty);
    last_was_empty = pair != nullptr && pair->first.empty();
    if (pair != nullptr) {
      out += pair->second;
      at += pair->first.size();
      continue;
    }
    if (at < text.size()) {
      out += text[at];
    }
    ++at;
  }
  return out;
}

std::string quote(std::string_view text, bool ascii_only) {
  std::string out = "\"";
  while (!text.empty()) {
    const DecodedRune rune = decode_rune(text);
    if (rune.value == kReplacement && rune.size == 1) {
      append_hex(out, "\\x", static_cast<unsigned char>(text[0]), 2);
    } else {
      append_escaped(out, rune.value, ascii_only);
    }
    text.remove_prefix(rune.size);
  }
  return out + '"';
}

}  // namespace unhidra::rego::builtins
