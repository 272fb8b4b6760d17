#include "admin_output.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "unhidra/base/text.h"

namespace unhidra::server {

void Table::add(std::vector<std::string> row) {
  row.resize(headings_.size());
  rows_.push_back(std::move(row));
}

void Table::print(bool json) const {
  if (json) {
    boost::json::array out;
    for (const auto& row : rows_) {
      boost::json::object item;
      for (std::size_t i = 0; i < row.size(); ++i) {
        item[headings_[i]] = row[i];
      }
      out.push_back(std::move(item));
    }
    std::puts(boost::json::serialize(out).c_str());
    return;
  }
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < headings_.size(); ++i) {
    auto width = headings_[i].size();
    for (const auto& row : rows_) {
      width = std::max(width, printable(row[i]).size());
    }
    widths.push_back(width);
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      auto cell = printable(cells[i]);
      if (i + 1 < cells.size()) {
        cell.resize(widths[i] + 2, ' ');
      }
      text += cell;
    }
    std::puts(text.c_str());
  };
  line(headings_);
  for (const auto& row : rows_) {
    line(row);
  }
}

void print_fields(const std::vector<std::pair<std::string, std::string>>& fields, bool json) {
  if (json) {
    boost::json::object out;
    for (const auto& [name, value] : fields) {
      out[name] = value;
    }
    std::puts(boost::json::serialize(out).c_str());
    return;
  }
  std::size_t width = 0;
  for (const auto& [name, value] : fields) {
    width = std::max(width, name.size());
  }
  for (const auto& [name, value] : fields) {
    auto label = name;
    label.resize(width + 2, ' ');
    std::printf("%s%s\n", label.c_str(), printable(value).c_str());
  }
}

std::string time_text(Timestamp time) {
  return to_rfc3339(time);
}

std::string time_text(const std::optional<Timestamp>& time) {
  return time ? to_rfc3339(*time) : "-";
}

}  // namespace unhidra::server
