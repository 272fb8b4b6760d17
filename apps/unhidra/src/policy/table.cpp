#include "table.h"

#include <algorithm>
#include <cstdio>

#include "unhidra/base/text.h"

namespace unhidra::server::policy_line {
namespace {

// In characters, as a terminal counts most of them.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

void BoxTable::print() const {
  std::vector<std::vector<std::string>> rows = rows_;
  std::vector<std::size_t> widths(rows[0].size());
  for (auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = printable(row[i]);
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  }
  std::string line = "+";
  for (const auto width : widths) {
    line += std::string(width + 2, '-') + "+";
  }
  std::printf("%s\n", line.c_str());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string text = "|";
    for (std::size_t i = 0; i < rows[r].size(); ++i) {
      text += " " + rows[r][i] + std::string(widths[i] - width_of(rows[r][i]), ' ') + " |";
    }
    std::printf("%s\n", text.c_str());
    if (r == 0 || r + 1 == rows.size()) {
      std::printf("%s\n", line.c_str());
    }
  }
}

}  // namespace unhidra::server::policy_line
