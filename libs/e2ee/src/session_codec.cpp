// Sessions as they are stored: docs/security.md, "Stored sessions". The golden bytes of the tests
// must be readable for ever.
#include "unhidra/e2ee/session.h"

#include "message_format.h"
#include "stored.h"

namespace unhidra::e2ee {
namespace {

constexpr std::uint8_t kFormat = 1;
enum Flag : std::uint8_t {
  kInitiator = 1,
  kAwaitsReply = 2,
  kSending = 4,
  kDistrusted = 8,
  kOneTimePreKey = 16,
  kLastResort = 32,
  kAllFlags = 63,
};

// Format, suite, flags, epoch, time; three keys; prekey ids; root key, peer's ratchet key, PN;
// number of chains.
constexpr std::size_t kFixedSize = 3 + 8 + 8 + 3 * 32 + 4 + 4 + 2 * 32 + 4 + 1;
constexpr std::size_t kChainStateSize = 32 + 4;  // chain key and counter
constexpr std::size_t kChainHeadSize = 32 + 8 + 4;
constexpr std::size_t kKeptKeySize = 4 + 32;

}  // namespace

std::size_t Session::serialized_size() const {
  return kFixedSize + (sending_ ? 32 + kChainStateSize : 0) +
         (chains_.empty() ? 0 : kChainStateSize) + chains_.size() * kChainHeadSize +
         kept_keys() * kKeptKeySize;
}

void Session::serialize(SecretWriter& out) const {
  const int flags = (initiator_ ? kInitiator : 0) | (awaits_reply_ ? kAwaitsReply : 0) |
                    (sending_ ? kSending : 0) | (distrusted_ ? kDistrusted : 0) |
                    (start_.one_time_prekey_id ? kOneTimePreKey : 0) |
                    (start_.last_resort ? kLastResort : 0);
  out.integer(kFormat, 1);
  out.integer(static_cast<std::uint8_t>(start_.suite), 1);
  out.integer(static_cast<std::uint8_t>(flags), 1);
  out.integer(start_.epoch, 8);
  out.time(created_at_);
  out.raw(start_.identity_key.bytes());
  out.raw(responder_identity_.bytes());
  out.raw(start_.base_key.bytes());
  out.integer(start_.signed_prekey_id, 4);
  out.integer(start_.one_time_prekey_id.value_or(0), 4);
  out.raw(root_key_.expose());
  out.raw(peer_ratchet_.bytes());
  out.integer(previous_count_, 4);
  if (sending_) {
    out.raw(our_ratchet_->private_key().expose());
    out.raw(sending_key_.expose());
    out.integer(sending_count_, 4);
  }
  out.integer(chains_.size(), 1);
  if (!chains_.empty()) {
    out.raw(receiving_key_.expose());
    out.integer(receiving_count_, 4);
  }
  for (const auto& chain : chains_) {
    out.raw(chain.ratchet_key.bytes());
    out.time(chain.newest);
    out.integer(chain.kept.size(), 4);
    for (const auto& [number, key] : chain.kept) {
      out.integer(number, 4);
      out.raw(key.expose());
    }
  }
}

Result<Session> Session::deserialize(const crypto::Provider& provider, ByteView bytes) {
  StoredReader in(bytes);
  Session out;
  const auto format = in.u8();
  const auto suite = in.u8();
  const auto flags = in.u8();
  if (format != kFormat || suite != static_cast<std::uint8_t>(out.start_.suite) ||
      (flags & ~kAllFlags) != 0) {
    return bad_stored("the stored session is of an unknown format");
  }
  out.initiator_ = (flags & kInitiator) != 0;
  out.awaits_reply_ = (flags & kAwaitsReply) != 0;
  out.sending_ = (flags & kSending) != 0;
  out.distrusted_ = (flags & kDistrusted) != 0;
  out.start_.last_resort = (flags & kLastResort) != 0;
  out.start_.epoch = in.u64();
  out.created_at_ = in.time();
  out.start_.identity_key = in.key();
  out.responder_identity_ = in.key();
  out.start_.base_key = in.key();
  out.start_.signed_prekey_id = in.u32();
  const auto one_time_prekey_id = in.u32();
  if ((flags & kOneTimePreKey) != 0) {
    out.start_.one_time_prekey_id = one_time_prekey_id;
  }
  out.root_key_ = in.secret();
  out.peer_ratchet_ = in.key();
  out.previous_count_ = in.u32();
  if (out.sending_) {
    out.our_ratchet_ =
        crypto::X25519KeyPair::from_private(provider, crypto::X25519PrivateKey(in.secret()));
    out.sending_key_ = in.secret();
    out.sending_count_ = in.u32();
  }
  UNHIDRA_TRY_VOID(read_chains(in, out));
  const bool ids_fit = (flags & kOneTimePreKey) != 0 || one_time_prekey_id == 0;
  const bool roles_fit = out.initiator_ ? out.awaits_reply_ == out.chains_.empty()
                                        : !out.awaits_reply_ && !out.chains_.empty();
  const bool counts_fit = !out.sending_ || out.sending_count_ > 0;
  if (!ids_fit || !roles_fit || !counts_fit || out.start_.epoch > kMaxEpoch) {
    return bad_stored("the stored session contradicts itself");
  }
  return out;
}

Status Session::read_chains(StoredReader& in, Session& out) {
  const std::size_t chain_count = in.u8();
  if (chain_count > 0) {
    out.receiving_key_ = in.secret();
    out.receiving_count_ = in.u32();
  }
  for (std::size_t i = 0; i < chain_count && !in.failed(); ++i) {
    ReceivingChain chain{.ratchet_key = in.key(), .newest = in.time(), .kept = {}};
    const std::size_t kept_count = in.u32();
    if (kept_count > in.remaining() / kKeptKeySize || out.knows(chain.ratchet_key)) {
      return bad_stored("the stored session's chains are damaged");
    }
    for (std::size_t k = 0; k < kept_count; ++k) {
      const auto number = in.u32();
      if (!chain.kept.empty() && number <= chain.kept.rbegin()->first) {
        return bad_stored("the stored session's kept keys are out of order");
      }
      chain.kept.emplace_hint(chain.kept.end(), number, in.secret());
    }
    out.chains_.push_back(std::move(chain));
  }
  if (!in.finish("the stored session")) {
    return bad_stored("the stored session is truncated or too long");
  }
  // The present chain keeps only what it has passed; the peer's ratchet key is the present chain's.
  if (!out.chains_.empty()) {
    const auto& present = out.chains_.back();
    if (present.ratchet_key != out.peer_ratchet_ ||
        (!present.kept.empty() && present.kept.rbegin()->first >= out.receiving_count_)) {
      return bad_stored("the stored session's chains contradict each other");
    }
  }
  return {};
}

}  // namespace unhidra::e2ee
