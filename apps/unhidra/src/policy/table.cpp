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

// The lines of a row's cells, side by side.
using Lines = std::vector<std::vector<std::string>>;

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    std::string line;
    for (const char c : text.substr(at, end - at)) {
      line += c == '\t' ? std::string("  ") : std::string(1, c);
    }
    out.push_back(printable(line));
    at = end + 1;
  }
  return out;
}

Lines lines_of(const std::vector<std::string>& row) {
  Lines out;
  std::size_t height = 0;
  for (const auto& cell : row) {
    out.push_back(lines_of(std::string_view(cell)));
    height = std::max(height, out.back().size());
  }
  for (auto& cell : out) {
    cell.resize(height);
  }
  return out;
}

void print_row(const Lines& cells, const std::vector<std::size_t>& widths) {
  for (std::size_t line = 0; line < cells[0].size(); ++line) {
    std::string text = "|";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string& part = cells[i][line];
      text += " " + part + std::string(widths[i] - width_of(part), ' ') + " |";
    }
    std::printf("%s\n", text.c_str());
  }
}

}  // namespace

void BoxTable::print() const {
  std::vector<Lines> rows;
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    rows.push_back(lines_of(row));
    widths.resize(row.size());
    for (std::size_t i = 0; i < row.size(); ++i) {
      for (const auto& line : rows.back()[i]) {
        widths[i] = std::max(widths[i], width_of(line));
      }
    }
  }
  std::string line = "+";
  for (const auto width : widths) {
    line += std::string(width + 2, '-') + "+";
  }
  std::printf("%s\n", line.c_str());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    print_row(rows[r], widths);
    if (!has_titles_ || r == 0 || r + 1 == rows.size()) {
      std::printf("%s\n", line.c_str());
    }
  }
}

}  // namespace unhidra::server::policy_line
