#include "unhidra/base/fold_case.h"

#include <array>
#include <cstdint>

namespace unhidra {

namespace {

// Ranges of capitals. Step 1: the small ones stand `distance` behind. Step 2: capitals and small
// letters alternate; the capital ones are even or odd as `first` is.
struct CaseRange {
  std::uint32_t first;
  std::uint32_t last;
  std::uint32_t distance;
  std::uint32_t step;
};
// Source: UnicodeData.txt, simple lowercase mappings of these blocks.
constexpr std::array kCaseRanges{
    CaseRange{'A', 'Z', 32, 1},      CaseRange{0xC0, 0xD6, 32, 1},
    CaseRange{0xD8, 0xDE, 32, 1},    CaseRange{0x100, 0x12E, 1, 2},
    CaseRange{0x132, 0x136, 1, 2},   CaseRange{0x139, 0x147, 1, 2},
    CaseRange{0x14A, 0x176, 1, 2},   CaseRange{0x179, 0x17D, 1, 2},
    CaseRange{0x391, 0x3A1, 32, 1},  CaseRange{0x3A3, 0x3AB, 32, 1},
    CaseRange{0x388, 0x38A, 37, 1},  CaseRange{0x386, 0x386, 38, 1},
    CaseRange{0x38C, 0x38C, 64, 1},  CaseRange{0x38E, 0x38F, 63, 1},
    CaseRange{0x400, 0x40F, 80, 1},  CaseRange{0x410, 0x42F, 32, 1},
    CaseRange{0x460, 0x480, 1, 2},   CaseRange{0x48A, 0x4BE, 1, 2},
    CaseRange{0x4D0, 0x52E, 1, 2},   CaseRange{0x531, 0x556, 48, 1},
    CaseRange{0x1E00, 0x1E94, 1, 2}, CaseRange{0x1EA0, 0x1EFE, 1, 2},
};

constexpr std::uint32_t lower(std::uint32_t c) {
  for (const auto& range : kCaseRanges) {
    if (c >= range.first && c <= range.last && (c - range.first) % range.step == 0) {
      return c + range.distance;
    }
  }
  return c;
}
static_assert(lower(0xC4) == 0xE4 && lower('a') == 'a' && lower(0x413) == 0x433);

// Bytes of the sequence that begins with this byte; 0: none does.
constexpr std::size_t sequence_size(unsigned char lead) {
  if (lead < 0x80) {
    return 1;
  }
  if (lead >= 0xC2 && lead < 0xE0) {
    return 2;
  }
  return lead >= 0xE0 && lead < 0xF0 ? 3 : 0;
}

void put(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

}  // namespace

std::string fold_case(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const auto size = sequence_size(lead);
    if (size == 0 || at + size > text.size()) {
      out += text[at++];
      continue;
    }
    std::uint32_t c = size == 1 ? lead : size == 2 ? lead & 0x1FU : lead & 0x0FU;
    bool good = true;
    for (std::size_t i = 1; i < size; ++i) {
      const auto next = static_cast<unsigned char>(text[at + i]);
      good = good && (next & 0xC0) == 0x80;
      c = (c << 6) | (next & 0x3FU);
    }
    if (!good) {
      out += text[at++];
      continue;
    }
    put(out, lower(c));
    at += size;
  }
  return out;
}

std::vector<std::string> split_words(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  std::vector<std::string> out;
  for (std::size_t at = text.find_first_not_of(kSpace); at != std::string_view::npos;) {
    const auto end = std::min(text.find_first_of(kSpace, at), text.size());
    out.emplace_back(text.substr(at, end - at));
    at = text.find_first_not_of(kSpace, end);
  }
  return out;
}

}  // namespace unhidra
