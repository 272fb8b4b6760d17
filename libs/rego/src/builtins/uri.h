#pragma once
// URI references (RFC 3986) as the reference reads them, with its error texts: more is let through
// than the grammar allows, such as a space in a path.

#include <string>
#include <string_view>

#include "unhidra/base/error.h"

namespace unhidra::rego::builtins {

// What is missing is empty. User information and what follows a scheme without a slash
// ("mailto:a@b") are checked and left out.
struct Uri {
  std::string scheme;    // in lower case
  std::string hostname;  // decoded, an IPv6 address without its brackets
  std::string port;
  std::string path;      // decoded
  std::string raw_path;  // as written, where encoding `path` would give something else
  std::string raw_query;
  std::string fragment;  // decoded
};

// `parse "1://h": first path segment in URL cannot contain colon`.
Result<Uri> parse_uri(std::string_view text);

}  // namespace unhidra::rego::builtins
