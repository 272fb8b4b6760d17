#pragma once
// Where the parser and the compiler put what they find.

#include "unhidra/rego/problem.h"

#include "syntax/ast.h"

namespace unhidra::rego {

class Problems {
 public:
  static constexpr std::size_t kMost = 100;  // further ones are counted as found, and dropped

  // One problem at one place is told once.
  void add(Errc code, const Location& location, std::string message);
  void add(Problem problem);
  bool empty() const { return list_.empty(); }
  std::size_t size() const { return list_.size(); }
  const ProblemList& list() const { return list_; }

 private:
  ProblemList list_;
};

// Code points of UTF-8.
std::uint32_t characters_in(std::string_view text);
// The line of a text, counted from 1.
std::string line_of(std::string_view source, std::uint32_t row);

}  // namespace unhidra::rego
