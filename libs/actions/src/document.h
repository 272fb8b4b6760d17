#pragma once
// Reading the files of a hub, and the conditions in them.

#include <initializer_list>

#include "unhidra/actions/rules.h"

namespace unhidra::actions {

std::unexpected<Error> bad(const std::string& where, std::string_view what);
rego::Value text(std::string_view value);
// Members that nobody reads are mistakes of whoever wrote them.
Status only(const rego::Value& object, const std::string& where,
            std::initializer_list<std::string_view> known);
// A text of at most `most` bytes; empty when it may be left out and is.
Result<std::string> word(const rego::Value& object, const std::string& where, std::string_view name,
                         bool needed, std::size_t most = 200);
// A list that may be left out.
Result<std::vector<std::string>> word_list(const rego::Value& object, const std::string& where,
                                           std::string_view name);

// The body of one Rego rule.
Result<rego::PreparedQuery> compile_condition(const std::string& body, const std::string& where);
// Within narrow bounds of steps and memory.
Result<bool> holds(const rego::PreparedQuery& condition, const rego::Value& input, Timestamp now);

}  // namespace unhidra::actions
