#pragma once
// Tokens and comments in the order of the text, and where the canonical form breaks its lines.

#include <string>
#include <string_view>
#include <vector>

#include "syntax/parser_impl.h"

namespace unhidra::rego {

// A token, a whole interpolated string, or a comment.
struct Piece {
  enum class Role : std::uint8_t { token, comment, open, close };
  Role role = Role::token;
  std::string text;  // as it is written
  std::uint32_t row = 0;
  std::uint32_t last_row = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
  // Of brackets: the other one's index, and what they hold.
  std::size_t partner = 0;
  bool is_body = false;         // of a rule or of `every`
  bool is_list = false;         // elements with commas: array, set, object, arguments
  bool is_glued = false;        // follows what is before it without space: f(, x[
  bool begins_element = false;  // package, import, rule
  bool begins_expression = false;
  bool is_bar = false;
  bool is_sign = false;
};

std::vector<Piece> pieces_of(std::string_view source, const TokenList& list,
                             const SourceMarks& marks);

}  // namespace unhidra::rego
