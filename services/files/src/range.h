#pragma once
// The Range header of a GET (RFC 9110 section 14).

#include <cstdint>
#include <string_view>

#include "unhidra/base/error.h"

namespace unhidra::files {

struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool partial = false;  // answered with 206
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

// What to send of `size` bytes. A header that is empty, malformed, of another unit or of several
// ranges is ignored, as section 14.2 allows: everything is sent. Errc::bad_request when none of the
// bytes asked for exist (416).
Result<ByteRange> read_range(std::string_view header, std::uint64_t size);

}  // namespace unhidra::files
