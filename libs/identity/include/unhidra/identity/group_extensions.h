#pragma once
// Extensions of MLS groups that are Unhidra's own: numbers of the private range (RFC 9420 section
// 17.3), in the group context and in the capabilities of every leaf.

#include <cstdint>

namespace unhidra::identity {

// Empty. Whoever belongs to the organisation may come in by external commit; fixed when the group
// is created. Source: docs/security.md, "Channels".
inline constexpr std::uint16_t kOpenChannelExtension = 0xF0C1;

// There while people who come in may read what was written since it was put there: who did that
// and when. Source: docs/security.md, "History for newcomers".
inline constexpr std::uint16_t kSharedHistoryExtension = 0xF0C2;

}  // namespace unhidra::identity
