#pragma once
// Base64, hexadecimal and URL query encoding as the reference reads and writes them, with its error
// texts. (The strict decoders of base refuse what the reference accepts: line breaks, unused bits.)

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "unhidra/base/error.h"

namespace unhidra::rego::builtins {

enum class Base64Alphabet : bool { standard, url };
std::string encode_base64(std::string_view bytes, Base64Alphabet alphabet, bool padded);
// Padded; CR and LF are skipped. "illegal base64 data at input byte 13".
Result<std::string> decode_base64(std::string_view text, Base64Alphabet alphabet);
// URL-safe, the padding may be missing: RFC 7515 appendix C.
Result<std::string> decode_base64url(std::string_view text);

std::string encode_hex(std::string_view bytes);
// "encoding/hex: invalid byte: U+0067 'g'", "encoding/hex: odd length hex string".
Result<std::string> decode_hex(std::string_view text);

std::string escape_query(std::string_view text);
// What stands for itself in a path stays, slashes among it.
std::string escape_path(std::string_view text);
enum class UriPart : std::uint8_t { user, host, zone, path, query, fragment };
// `invalid URL escape "%zz"`; in hosts and zones also `invalid character " " in host name`.
Result<std::string> unescape_uri(std::string_view text, UriPart part);
Result<std::string> unescape_query(std::string_view text);
// "a=1&b=2", in order; a semicolon as separator is an error.
Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view text);

}  // namespace unhidra::rego::builtins
