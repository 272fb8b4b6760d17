#pragma once
// The digest of a stored file, computed as its bytes come by: SHA-256 chained over blocks of 64
// KiB, closed with the length. docs/security.md, "Files".
//
//   h(0) = SHA-256("unhidra file digest 1"), h(i + 1) = SHA-256(h(i) || block i),
//   digest = SHA-256(h(n) || u64 size); the last block may be shorter.

#include <cstdint>

#include "unhidra/crypto/provider.h"

namespace unhidra::crypto {

inline constexpr std::size_t kDigestBlock = std::size_t{64} * 1024;

using FileDigest = ByteArray<32>;

// Holds at most one block. One thread at a time.
class BlockDigest {
 public:
  explicit BlockDigest(const Provider& provider);
  // Goes on where another one stood that had taken `size` bytes, a multiple of kDigestBlock.
  BlockDigest(const Provider& provider, const FileDigest& chain, std::uint64_t size)
      : provider_(&provider), chain_(chain), size_(size) {}
  void add(ByteView bytes);
  std::uint64_t size() const { return size_; }
  // Of everything added so far; more may be added afterwards.
  FileDigest digest() const;
  // What another one goes on from, between two blocks.
  const FileDigest& chain() const { return chain_; }

 private:
  void close_block(ByteView block);

  const Provider* provider_;
  FileDigest chain_;
  Bytes pending_;
  std::uint64_t size_ = 0;
};

}  // namespace unhidra::crypto
