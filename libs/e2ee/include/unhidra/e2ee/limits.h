#pragma once
// What a peer, or a server in between, can make this device keep or compute.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace unhidra::e2ee {

inline constexpr std::size_t kMaxMessageSize = std::size_t{96} * 1024;  // of a ciphertext message
inline constexpr std::size_t kMaxPlaintextSize = kMaxMessageSize - 256;

struct Limits {
  // Messages that one step may pass over in a chain; checked before any key is derived.
  std::uint32_t max_skip = 2'000;
  // Keys kept for messages that may still come, over all chains of a session; the oldest go first.
  std::size_t max_skipped_keys = 2'000;
  // Receiving chains of a session, the present one included.
  std::size_t max_receiving_chains = 5;
  // Sessions with one device beside the active one.
  std::size_t max_archived_sessions = 40;
  // Base keys of accepted sessions that are remembered, so that their first messages cannot be
  // played again, even after the session itself is gone.
  std::size_t max_base_keys = 400;
  // Kept keys of a chain are dropped when nothing was added for so long.
  std::chrono::hours skipped_key_age{24 * 30};
  // A session that the peer has never answered is not sent on for longer than this.
  std::chrono::hours unacknowledged_age{24 * 30};
};

}  // namespace unhidra::e2ee
