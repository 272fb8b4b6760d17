#include "group_chain.h"

#include "unhidra/base/codec.h"

#include "kdf.h"
#include "stored.h"

namespace unhidra::e2ee {
namespace {

constexpr std::string_view kSenderLabel = "unhidra udg sender 1";

constexpr std::uint32_t block_of(std::uint32_t counter) {
  return counter / kCounterBlock;
}

}  // namespace

GroupChain GroupChain::start(const crypto::Provider& provider, const SecretArray<32>& epoch_secret,
                             const ByteArray<32>& roster_hash, DeviceId sender) {
  ByteWriter info(4 + kSenderLabel.size() + roster_hash.size() + 16);
  info.text(kSenderLabel).raw(roster_hash).raw(sender.bytes());
  GroupChain out;
  // An output of one hash cannot fail.
  (void)provider.hkdf_expand(crypto::Hash::sha256, epoch_secret.expose(), info.view(),
                             out.block_key_.expose_mutable());
  out.enter_block(provider);
  return out;
}

// The same two steps as within a chain, one level up.
void GroupChain::enter_block(const crypto::Provider& provider) {
  chain_key_ = message_key_of(provider, block_key_);
  block_key_ = next_chain_key(provider, block_key_);
}

SecretArray<32> GroupChain::take(const crypto::Provider& provider) {
  auto key = message_key_of(provider, chain_key_);
  ++next_;
  if (next_ % kCounterBlock == 0) {
    enter_block(provider);
  } else {
    chain_key_ = next_chain_key(provider, chain_key_);
  }
  return key;
}

void GroupChain::skip_to(const crypto::Provider& provider, std::uint32_t counter) {
  while (block_of(next_) < block_of(counter)) {
    next_ = (block_of(next_) + 1) * kCounterBlock;
    enter_block(provider);
  }
  for (; next_ < counter; ++next_) {
    chain_key_ = next_chain_key(provider, chain_key_);
  }
}

GroupChain GroupChain::clone() const {
  GroupChain out;
  out.next_ = next_;
  out.chain_key_ = chain_key_.clone();
  out.block_key_ = block_key_.clone();
  return out;
}

void GroupChain::serialize(SecretWriter& out) const {
  out.integer(next_, 4);
  out.raw(chain_key_.expose());
  out.raw(block_key_.expose());
}

std::optional<GroupChain> GroupChain::deserialize(StoredReader& in) {
  GroupChain out;
  out.next_ = in.u32();
  out.chain_key_ = in.secret();
  out.block_key_ = in.secret();
  if (in.failed() || out.next_ > kMaxCounter) {
    return std::nullopt;
  }
  return out;
}

}  // namespace unhidra::e2ee
