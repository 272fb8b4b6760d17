#pragma once
// The strict form of a request head, checked before the parser sees it. Whatever two parsers on a
// path could read differently (RFC 9112 sections 2.2, 3, 5, 6.3 and 11.2: request smuggling) is
// refused.

#include <cstddef>
#include <optional>
#include <string_view>

namespace unhidra::net {

struct HttpLimits {
  std::size_t max_header_bytes = 16 * 1024;
  std::size_t max_header_fields = 100;
};

struct FormError {
  int status = 400;
  std::string_view what;
};

// Looks for the end of the head: the position after the blank line, or npos when it has not come
// yet. `from` is where an earlier look ended. Finds a line that does not end in CR LF at once.
struct HeadEnd {
  std::size_t end = std::string_view::npos;
  std::optional<FormError> error;
};
HeadEnd find_head_end(std::string_view bytes, std::size_t from, const HttpLimits& limits);

// `head` ends with its blank line.
std::optional<FormError> check_request_form(std::string_view head, const HttpLimits& limits);
// What follows "http://" or "https://" in a target of absolute form; empty for other forms.
std::string_view after_scheme(std::string_view target);
// The fields of a head alone, with the same rules; for responses.
std::optional<FormError> check_fields_form(std::string_view fields, const HttpLimits& limits);

}  // namespace unhidra::net
