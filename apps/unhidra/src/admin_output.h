#pragma once
// How admin commands show what they found: a table for people, JSON for programs.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "unhidra/base/id.h"
#include "unhidra/base/time.h"

namespace unhidra::server {

// Rows of text under headings. Foreign text is made safe for a terminal.
class Table {
 public:
  explicit Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}
  void add(std::vector<std::string> row);
  // Aligned columns, or an array of objects whose members are the headings.
  void print(bool json) const;

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<std::string>> rows_;
};

// One object: "name  value" lines, or JSON.
void print_fields(const std::vector<std::pair<std::string, std::string>>& fields, bool json);

std::string time_text(Timestamp time);
std::string time_text(const std::optional<Timestamp>& time);  // "-" for none

}  // namespace unhidra::server
