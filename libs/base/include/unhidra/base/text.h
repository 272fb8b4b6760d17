#pragma once
// Text encodings and small text helpers.

#include <string>
#include <string_view>

#include "unhidra/base/bytes.h"
#include "unhidra/base/secret.h"

namespace unhidra {

std::string to_hex(ByteView bytes);
Result<Bytes> from_hex(std::string_view text);

// RFC 4648 section 4 (padded) and section 5 (URL-safe, without padding). Decoding is strict: no
// white space, no other alphabet, unused bits zero.
std::string to_base64(ByteView bytes);
Result<Bytes> from_base64(std::string_view text);
std::string to_base64url(ByteView bytes);
Result<Bytes> from_base64url(std::string_view text);

// Well-formed UTF-8 (RFC 3629): no overlong form, no surrogate, nothing above U+10FFFF.
bool is_valid_utf8(std::string_view text);
// Replaces control characters, invalid UTF-8 and bidirectional overrides, so that foreign text is
// safe in a terminal or log.
std::string printable(std::string_view text);

// The candidate nearest to `word` by edit distance, or empty when none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace unhidra
