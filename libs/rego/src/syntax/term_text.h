#pragma once
// Terms as the reference writes them in its messages.

#include <span>
#include <string>
#include <string_view>

#include "syntax/ast.h"

namespace unhidra::rego {

// "var", "ref", "number", "arraycomprehension" ...
std::string_view term_kind(const Term& term);
// What may follow a dot.
bool is_name(std::string_view text);
// a.b["c d"][x], f([1, y]); of a reference its first `size` items.
std::string term_text(const Term& term);
std::string ref_text(const Term& ref, std::size_t size);

// Compound terms whose parts are written by `write`: for other texts than those of messages.
using TermWriter = std::string (*)(const Term&);
std::string joined_text(std::span<const Term> terms, TermWriter write);
std::string object_text(const Term& object, TermWriter write);
// The first of `items` is written by `head`.
std::string ref_text(std::span<const Term> items, TermWriter head, TermWriter write);

}  // namespace unhidra::rego
