#pragma once
// Hides the length of a content: it is filled up to one of few sizes before encryption, so that an
// observer learns its rough size only. The sizes follow Padmé (Nikitin et al., "Reducing Metadata
// Leakage from Encrypted Files and Communication with PURBs", 2019, section 4): at most 12 % more,
// and at least kSmallestPadded. The fill is one byte 0x80 and zeros (ISO/IEC 7816-4).

#include "unhidra/base/secret.h"

namespace unhidra::client {

inline constexpr std::size_t kSmallestPadded = 128;

// The padded size of a content of `size` bytes.
std::size_t padded_size(std::size_t size);
SecretBytes pad(ByteView content);
// The content inside; Errc::bad_frame when the fill is not exactly as `pad` makes it.
Result<ByteView> unpad(ByteView padded);

}  // namespace unhidra::client
