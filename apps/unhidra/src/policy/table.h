#pragma once
// A table for people, drawn with +, - and |. A cell may have several lines.

#include <string>
#include <vector>

namespace unhidra::server::policy_line {

class BoxTable {
 public:
  explicit BoxTable(std::vector<std::string> titles) : rows_{std::move(titles)} {}
  // Without titles, but with lines between the rows.
  BoxTable() : has_titles_(false) {}
  // As many cells as titles.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // To standard output.
  void print() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  bool has_titles_ = true;
};

}  // namespace unhidra::server::policy_line
