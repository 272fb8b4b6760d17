#pragma once
// A table for people, drawn with +, - and |.

#include <string>
#include <vector>

namespace unhidra::server::policy_line {

class BoxTable {
 public:
  explicit BoxTable(std::vector<std::string> titles) : rows_{std::move(titles)} {}
  // As many cells as titles.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // To standard output.
  void print() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace unhidra::server::policy_line
