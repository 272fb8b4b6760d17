#pragma once
// CRC-32C (Castagnoli; RFC 3720 section 12.1, appendix B.4): polynomial 0x1EDC6F41, reflected.

#include <cstdint>

#include "unhidra/base/bytes.h"

namespace unhidra {

// By the processor's instruction where it has one. `before` continues an earlier result.
std::uint32_t crc32c(ByteView bytes, std::uint32_t before = 0);
// By tables, on any processor.
std::uint32_t crc32c_portable(ByteView bytes, std::uint32_t before = 0);

}  // namespace unhidra
