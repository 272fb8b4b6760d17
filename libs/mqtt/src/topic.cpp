#include "unhidra/mqtt/topic.h"

#include <algorithm>
#include <cstring>

namespace unhidra::mqtt {
namespace {

constexpr std::string_view kShare = "$share";

// Printable ASCII, eight bytes at a time: nearly every topic is nothing else.
std::size_t plain_prefix(std::string_view text) {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    constexpr std::uint64_t kHigh = 0x8080808080808080;
    constexpr std::uint64_t kOnes = 0x0101010101010101;
    const auto below_space = (word - kOnes * 0x20) & ~word & kHigh;
    const auto deletes = ((word ^ (kOnes * 0x7f)) - kOnes) & ~(word ^ (kOnes * 0x7f)) & kHigh;
    if ((word & kHigh) != 0 || below_space != 0 || deletes != 0) {
      break;
    }
  }
  return at;
}

bool is_refused(std::uint32_t code) {
  const bool control = code <= 0x1f || (code >= 0x7f && code <= 0x9f);
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  const bool no_character = (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) == 0xfffe;
  return control || surrogate || no_character || code > 0x10ffff;
}

bool levels_in_bound(std::string_view topic) {
  return static_cast<std::size_t>(std::ranges::count(topic, '/')) < kMaxLevels;
}

}  // namespace

bool is_valid_string(std::string_view text) {
  for (std::size_t at = plain_prefix(text); at < text.size();) {
    const auto lead = static_cast<std::uint8_t>(text[at]);
    std::size_t size = 1;
    std::uint32_t code = lead;
    if (lead >= 0x80) {
      size = lead >= 0xf0 ? 4 : (lead >= 0xe0 ? 3 : 2);
      if (lead < 0xc2 || lead > 0xf4 || at + size > text.size()) {
        return false;
      }
      code = lead & (0x7fU >> size);
      for (std::size_t i = 1; i < size; ++i) {
        const auto next = static_cast<std::uint8_t>(text[at + i]);
        if ((next & 0xc0) != 0x80) {
          return false;
        }
        code = (code << 6) | (next & 0x3fU);
      }
      if ((size == 3 && code < 0x800) || (size == 4 && code < 0x10000)) {
        return false;  // overlong
      }
    }
    if (is_refused(code)) {
      return false;
    }
    at += size;
  }
  return true;
}

bool has_wildcard(std::string_view filter) {
  return filter.find_first_of("+#") != std::string_view::npos;
}

bool is_valid_topic_name(std::string_view topic) {
  return !topic.empty() && !has_wildcard(topic) && topic.find('\0') == std::string_view::npos &&
         levels_in_bound(topic);
}

bool is_valid_topic_filter(std::string_view filter) {
  if (filter.empty() || filter.find('\0') != std::string_view::npos || !levels_in_bound(filter)) {
    return false;
  }
  Levels levels(filter);
  while (!levels.done()) {
    const auto level = levels.next();
    if (has_wildcard(level) && (level.size() != 1 || (level == "#" && !levels.done()))) {
      return false;
    }
  }
  return true;
}

bool matches(std::string_view filter, std::string_view topic) {
  if (topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#'))) {
    return false;
  }
  Levels of_filter(filter);
  Levels of_topic(topic);
  while (!of_filter.done()) {
    const auto wanted = of_filter.next();
    if (wanted == "#") {
      return true;
    }
    if (of_topic.done()) {
      return false;
    }
    const auto level = of_topic.next();
    if (wanted != "+" && wanted != level) {
      return false;
    }
    // "a/#" covers "a" itself (section 4.7.1.2).
    if (of_topic.done() && !of_filter.done()) {
      return of_filter.next() == "#";
    }
  }
  return of_topic.done();
}

bool is_shared_filter(std::string_view filter) {
  return filter.starts_with(kShare) &&
         (filter.size() == kShare.size() || filter[kShare.size()] == '/');
}

std::optional<ParsedFilter> parse_filter(std::string_view filter) {
  ParsedFilter out{{}, filter};
  if (is_shared_filter(filter)) {
    const auto rest = filter.substr(std::min(kShare.size() + 1, filter.size()));
    const auto slash = rest.find('/');
    if (slash == std::string_view::npos || slash == 0) {
      return std::nullopt;
    }
    out = {rest.substr(0, slash), rest.substr(slash + 1)};
    if (has_wildcard(out.group)) {
      return std::nullopt;
    }
  }
  if (!is_valid_topic_filter(out.filter)) {
    return std::nullopt;
  }
  return out;
}

}  // namespace unhidra::mqtt
