#include "unhidra/crypto/block_digest.h"

#include <algorithm>

#include "unhidra/base/codec.h"

namespace unhidra::crypto {

BlockDigest::BlockDigest(const Provider& provider)
    : provider_(&provider), chain_(provider.sha256(as_bytes("unhidra file digest 1"))) {}

void BlockDigest::close_block(ByteView block) {
  chain_ = provider_->sha256({chain_, block});
}

void BlockDigest::add(ByteView bytes) {
  size_ += bytes.size();
  if (!pending_.empty()) {
    const auto taken = bytes.first(std::min(bytes.size(), kDigestBlock - pending_.size()));
    append(pending_, taken);
    bytes = bytes.subspan(taken.size());
    if (pending_.size() < kDigestBlock) {
      return;
    }
    close_block(pending_);
    pending_.clear();
  }
  while (bytes.size() >= kDigestBlock) {
    close_block(bytes.first(kDigestBlock));
    bytes = bytes.subspan(kDigestBlock);
  }
  append(pending_, bytes);
}

FileDigest BlockDigest::digest() const {
  const auto chain = pending_.empty() ? chain_ : provider_->sha256({chain_, pending_});
  return provider_->sha256({chain, ByteWriter().u64(size_).view()});
}

}  // namespace unhidra::crypto
