#pragma once
// The notation of bytes in the packet sequences.

#include <string_view>

#include "unhidra/base/bytes.h"

namespace unhidra::mqtt_sequences {

// A space-separated list: hex bytes; rN, vN variable byte integers; mN, sN, kN, HN 16 bits and LN
// 32 bits, big-endian; iN one byte; 'text'. Throws std::invalid_argument.
Bytes parse_payload(std::string_view text);

}  // namespace unhidra::mqtt_sequences
