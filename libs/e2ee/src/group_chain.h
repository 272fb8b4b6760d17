#pragma once
// The key chain of one sender in one epoch of a device group. Two levels, so that a counter that
// jumps (a device takes a new block of counters after each start) costs a step a block and not a
// step a message:
//   BK[0]      = HKDF-Expand(epoch secret, label || roster hash || sender)
//   CK[b][0]   = HMAC(BK[b], 1)      BK[b + 1]    = HMAC(BK[b], 2)
//   MK[b][i]   = HMAC(CK[b][i], 1)   CK[b][i + 1] = HMAC(CK[b][i], 2)
// with counter = b * kCounterBlock + i. What was used is erased, so that neither today's memory nor
// today's flash opens yesterday's messages.

#include <optional>

#include "unhidra/base/id.h"
#include "unhidra/base/secret.h"
#include "unhidra/crypto/provider.h"

namespace unhidra::e2ee {

class StoredReader;
class SecretWriter;

inline constexpr std::uint32_t kCounterBlock = 1'024;
inline constexpr std::uint32_t kMaxCounter = 0xffff'fc00;  // a whole number of blocks

class GroupChain {
 public:
  static GroupChain start(const crypto::Provider& provider, const SecretArray<32>& epoch_secret,
                          const ByteArray<32>& roster_hash, DeviceId sender);

  std::uint32_t next() const { return next_; }
  // The message key of next(), which moves on. next() < kMaxCounter.
  SecretArray<32> take(const crypto::Provider& provider);
  // Moves on to `counter` >= next() without giving out a key.
  void skip_to(const crypto::Provider& provider, std::uint32_t counter);
  GroupChain clone() const;

  static constexpr std::size_t kStoredSize = 4 + 32 + 32;
  void serialize(SecretWriter& out) const;
  static std::optional<GroupChain> deserialize(StoredReader& in);

 private:
  void enter_block(const crypto::Provider& provider);

  std::uint32_t next_ = 0;
  SecretArray<32> chain_key_;  // CK of next_
  SecretArray<32> block_key_;  // BK of the block after next_'s
};

}  // namespace unhidra::e2ee
