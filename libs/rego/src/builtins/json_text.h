#pragma once
// Values from JSON and to JSON (RFC 8259), with the error texts of the reference.

#include <string>
#include <string_view>

#include "unhidra/base/error.h"
#include "unhidra/rego/value.h"

namespace unhidra::rego::builtins {

inline constexpr int kMaxJsonDepth = 512;

// Of two equal member names the last stays; ill-formed UTF-8 becomes U+FFFD.
Result<Value> parse_json(std::string_view text);
bool is_valid_json(std::string_view text);

// Sets become lists, other keys than strings their own JSON text. `html_safe` escapes <, > and & as
// the reference's json.marshal does. Within an evaluation, empty when it has no room for it
// (values/work.h).
std::string to_json(const Value& value, bool html_safe = true);
// One element a line: `prefix` before each line but the first, `indent` for each level.
std::string to_json_lines(const Value& value, std::string_view prefix, std::string_view indent);

std::string quote_json(std::string_view text, bool html_safe = false);
void write_quoted(std::string_view text, bool html_safe, std::string& out);

}  // namespace unhidra::rego::builtins
