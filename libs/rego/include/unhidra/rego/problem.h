#pragma once
// What is wrong with the text of policies: everything at once, each with its place.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "unhidra/rego/errc.h"

namespace unhidra::rego {

struct Problem {
  Errc code = Errc::parse_error;
  std::string file;
  std::uint32_t row = 0;     // from 1; 0: the place is not known
  std::uint32_t column = 0;  // from 1, in characters
  std::string message;
  std::string line;        // of the source, without its end
  std::uint32_t mark = 0;  // the place in `line`, from 1, in bytes
};
using ProblemList = std::vector<Problem>;

// "a.rego:3:7: rego_parse_error: unexpected } token", then the line with a mark under the place.
// Control characters of the source are replaced.
std::string to_text(const Problem& problem);
// "2 errors occurred:", then each as the reference writes it: "a.rego:3: rego_type_error: ...".
// Its code is that of the first.
Error to_error(std::span<const Problem> problems);

}  // namespace unhidra::rego
