#pragma once
// How message headers are written. Reading is public: message.h.

#include "unhidra/base/codec.h"
#include "unhidra/e2ee/message.h"

namespace unhidra::e2ee {

inline constexpr std::uint8_t kMessageVersion = 1;
inline constexpr std::uint64_t kMaxEpoch = (std::uint64_t{1} << 48) - 1;
inline constexpr std::size_t kRatchetHeaderSize = 1 + 32 + 5 + 5;  // at most
inline constexpr std::size_t kPreKeyHeaderSize = 3 + 7 + 32 + 32 + 5 + 5;
inline constexpr std::size_t kMaxHeaderSize = kPreKeyHeaderSize + kRatchetHeaderSize;

void write(ByteWriter& out, const PreKeyHeader& header);
void write(ByteWriter& out, const RatchetHeader& header);

}  // namespace unhidra::e2ee
