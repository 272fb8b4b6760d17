#include "unhidra/e2ee/session.h"

#include <algorithm>
#include <limits>

#include "associated_data.h"
#include "kdf.h"
#include "message_format.h"

namespace unhidra::e2ee {

Session Session::initiate(InitiatorAgreement agreement,
                          const crypto::X25519PublicKey& responder_identity,
                          const crypto::X25519PublicKey& signed_prekey, Timestamp now) {
  Session out;
  out.start_ = agreement.header;
  out.responder_identity_ = responder_identity;
  out.created_at_ = now;
  out.initiator_ = true;
  out.awaits_reply_ = true;
  out.root_key_ = std::move(agreement.secret);
  out.peer_ratchet_ = signed_prekey;
  return out;
}

Session Session::respond(SecretArray<32> secret, const PreKeyHeader& header,
                         const crypto::X25519PublicKey& responder_identity,
                         crypto::X25519KeyPair signed_prekey, Timestamp now) {
  Session out;
  out.start_ = header;
  out.responder_identity_ = responder_identity;
  out.created_at_ = now;
  out.root_key_ = std::move(secret);
  out.our_ratchet_ = std::move(signed_prekey);
  return out;
}

bool Session::knows(const crypto::X25519PublicKey& ratchet_key) const {
  return std::any_of(chains_.begin(), chains_.end(),
                     [&](const ReceivingChain& chain) { return chain.ratchet_key == ratchet_key; });
}

Session::ReceivingChain* Session::find_chain(const crypto::X25519PublicKey& ratchet_key) {
  const auto found = std::find_if(chains_.begin(), chains_.end(), [&](const ReceivingChain& chain) {
    return chain.ratchet_key == ratchet_key;
  });
  return found == chains_.end() ? nullptr : &*found;
}

bool Session::may_send(const Limits& limits, Timestamp now) const {
  const bool unanswered = awaits_reply_ && created_at_ + limits.unacknowledged_age < now;
  return !distrusted_ && !unanswered;
}

std::size_t Session::kept_keys() const {
  std::size_t count = 0;
  for (const auto& chain : chains_) {
    count += chain.kept.size();
  }
  return count;
}

// KDF_RK of section 5.2.
Result<Session::RootStep> Session::step_root(const crypto::Provider& provider,
                                             const crypto::X25519KeyPair& ours,
                                             const crypto::X25519PublicKey& theirs) const {
  UNHIDRA_TRY(const auto secret, ours.agree(provider, theirs));
  const auto both =
      provider.hkdf_sha256<64>(root_key_.expose(), secret.expose(), as_bytes(kRootLabel));
  RootStep out;
  out.root_key = SecretArray<32>::copy_of(both.expose().first<32>());
  out.chain_key = SecretArray<32>::copy_of(both.expose().last<32>());
  return out;
}

// ---- sending (section 3.4, RatchetEncrypt) ----

Result<Bytes> Session::seal(const crypto::Provider& provider, const MessageContext& context,
                            const crypto::X25519PublicKey& ratchet_key,
                            const SecretArray<32>& chain_key, std::uint32_t previous_count,
                            std::uint32_t number, ByteView plaintext) const {
  ByteWriter writer((awaits_reply_ ? kMaxHeaderSize : kRatchetHeaderSize) + plaintext.size() +
                    crypto::kAeadTagSize);
  if (awaits_reply_) {
    write(writer, start_);
  }
  write(writer, RatchetHeader{ratchet_key, previous_count, number});
  Bytes out = std::move(writer).take();
  const AssociatedData associated(start_.suite, start_.identity_key, responder_identity_, context,
                                  out);
  const auto header_size = out.size();
  out.resize(header_size + plaintext.size() + crypto::kAeadTagSize);
  MessageSecrets secrets;
  UNHIDRA_TRY_VOID(expand_message_key(provider, message_key_of(provider, chain_key), secrets));
  UNHIDRA_TRY_VOID(provider.aead_seal(crypto::Aead::chacha20_poly1305, secrets.expose().first<32>(),
                                      secrets.expose().last<12>(), associated.view(), plaintext,
                                      MutableByteView(out).subspan(header_size)));
  return out;
}

Result<Bytes> Session::encrypt(const crypto::Provider& provider, RandomSource& random,
                               const MessageContext& context, ByteView plaintext) {
  if (plaintext.size() > kMaxPlaintextSize) {
    return fail(Errc::malformed, "the message is too long");
  }
  if (!sending_) {
    return encrypt_with_new_chain(provider, random, context, plaintext);
  }
  if (sending_count_ == std::numeric_limits<std::uint32_t>::max()) {
    return fail(Errc::exhausted, "the sending chain has reached its end");
  }
  UNHIDRA_TRY(auto out, seal(provider, context, our_ratchet_->public_key(), sending_key_,
                             previous_count_, sending_count_, plaintext));
  sending_key_ = next_chain_key(provider, sending_key_);
  ++sending_count_;
  return out;
}

Result<Bytes> Session::encrypt_with_new_chain(const crypto::Provider& provider,
                                              RandomSource& random, const MessageContext& context,
                                              ByteView plaintext) {
  auto ratchet = crypto::X25519KeyPair::generate(provider, random);
  UNHIDRA_TRY(auto step, step_root(provider, ratchet, peer_ratchet_));
  UNHIDRA_TRY(auto out, seal(provider, context, ratchet.public_key(), step.chain_key,
                             previous_count_, 0, plaintext));
  root_key_ = std::move(step.root_key);
  our_ratchet_ = std::move(ratchet);
  sending_ = true;
  sending_key_ = next_chain_key(provider, step.chain_key);
  sending_count_ = 1;
  return out;
}

// ---- receiving (section 3.5, RatchetDecrypt) ----

Result<SecretBytes> Session::open(const crypto::Provider& provider,
                                  const SecretArray<32>& message_key, const MessageContext& context,
                                  const RatchetMessage& message, ByteView bytes) const {
  const AssociatedData associated(start_.suite, start_.identity_key, responder_identity_, context,
                                  bytes.first(bytes.size() - message.sealed.size()));
  MessageSecrets secrets;
  UNHIDRA_TRY_VOID(expand_message_key(provider, message_key, secrets));
  SecretBytes out(message.sealed.size() - crypto::kAeadTagSize);
  if (!provider.aead_open(crypto::Aead::chacha20_poly1305, secrets.expose().first<32>(),
                          secrets.expose().last<12>(), associated.view(), message.sealed,
                          out.expose_mutable())) {
    return fail(Errc::undecryptable, "the message is not what was sent");
  }
  return out;
}

// Derives the key of `message` from a chain that stands at `chain_count`, without changing it.
Result<Session::Opened> Session::open_in_chain(
    const crypto::Provider& provider, const SecretArray<32>& chain_key, std::uint32_t chain_count,
    const MessageContext& context, const RatchetMessage& message, ByteView bytes) const {
  auto key = chain_key.clone();
  for (auto count = chain_count; count < message.header.number; ++count) {
    key = next_chain_key(provider, key);
  }
  Opened out;
  UNHIDRA_TRY(out.plaintext,
              open(provider, message_key_of(provider, key), context, message, bytes));
  out.next_chain_key = next_chain_key(provider, key);
  return out;
}

Result<SecretBytes> Session::decrypt(const crypto::Provider& provider,
                                     const MessageContext& context, const RatchetMessage& message,
                                     ByteView bytes, const Limits& limits, Timestamp now) {
  auto* chain = find_chain(message.header.ratchet_key);
  auto out = chain == nullptr
                 ? decrypt_with_new_chain(provider, context, message, bytes, limits, now)
             : chain == &chains_.back() && message.header.number >= receiving_count_
                 ? decrypt_ahead(provider, context, message, bytes, limits, now)
                 : decrypt_kept(provider, *chain, context, message, bytes);
  if (out) {
    awaits_reply_ = false;
    enforce(limits, now);
  }
  return out;
}

Result<SecretBytes> Session::decrypt_kept(const crypto::Provider& provider, ReceivingChain& chain,
                                          const MessageContext& context,
                                          const RatchetMessage& message, ByteView bytes) {
  const auto kept = chain.kept.find(message.header.number);
  if (kept == chain.kept.end()) {
    return fail(Errc::duplicate, "the message was read before, or its key is gone");
  }
  UNHIDRA_TRY(auto out, open(provider, kept->second, context, message, bytes));
  chain.kept.erase(kept);
  return out;
}

Result<SecretBytes> Session::decrypt_ahead(const crypto::Provider& provider,
                                           const MessageContext& context,
                                           const RatchetMessage& message, ByteView bytes,
                                           const Limits& limits, Timestamp now) {
  if (message.header.number - receiving_count_ > limits.max_skip ||
      message.header.number == std::numeric_limits<std::uint32_t>::max()) {
    return fail(Errc::too_far_ahead, "too many messages are missing before this one");
  }
  UNHIDRA_TRY(auto opened,
              open_in_chain(provider, receiving_key_, receiving_count_, context, message, bytes));
  keep_until(provider, message.header.number, now);
  receiving_key_ = std::move(opened.next_chain_key);
  ++receiving_count_;
  return std::move(opened.plaintext);
}

// A new ratchet key of the peer (section 3.5, DHRatchet): ours has served, and is forgotten.
Result<SecretBytes> Session::decrypt_with_new_chain(const crypto::Provider& provider,
                                                    const MessageContext& context,
                                                    const RatchetMessage& message, ByteView bytes,
                                                    const Limits& limits, Timestamp now) {
  const auto& header = message.header;
  if (!our_ratchet_ || header.ratchet_key == peer_ratchet_) {
    return fail(Errc::undecryptable, "no answer to the message's ratchet key is due");
  }
  const bool has_chain = !chains_.empty();
  if (has_chain && header.previous_count < receiving_count_) {
    return fail(Errc::undecryptable, "the message counts fewer messages than were received");
  }
  if (header.number > limits.max_skip ||
      (has_chain && header.previous_count - receiving_count_ > limits.max_skip)) {
    return fail(Errc::too_far_ahead, "too many messages are missing before this one");
  }
  UNHIDRA_TRY(auto step, step_root(provider, *our_ratchet_, header.ratchet_key));
  UNHIDRA_TRY(auto opened, open_in_chain(provider, step.chain_key, 0, context, message, bytes));

  if (has_chain) {
    keep_until(provider, header.previous_count, now);
  }
  root_key_ = std::move(step.root_key);
  peer_ratchet_ = header.ratchet_key;
  chains_.push_back({.ratchet_key = header.ratchet_key, .newest = now, .kept = {}});
  receiving_key_ = std::move(step.chain_key);
  receiving_count_ = 0;
  keep_until(provider, header.number, now);
  receiving_key_ = std::move(opened.next_chain_key);
  ++receiving_count_;
  our_ratchet_.reset();
  previous_count_ = sending_ ? sending_count_ : 0;
  sending_ = false;
  sending_key_ = {};
  sending_count_ = 0;
  return std::move(opened.plaintext);
}

// Moves the present receiving chain forward to `number`, keeping the keys on the way.
void Session::keep_until(const crypto::Provider& provider, std::uint32_t number, Timestamp now) {
  auto& chain = chains_.back();
  for (; receiving_count_ < number; ++receiving_count_) {
    chain.kept.emplace_hint(chain.kept.end(), receiving_count_,
                            message_key_of(provider, receiving_key_));
    receiving_key_ = next_chain_key(provider, receiving_key_);
    chain.newest = now;
  }
}

void Session::enforce(const Limits& limits, Timestamp now) {
  const auto max_chains = std::max<std::size_t>(1, limits.max_receiving_chains);
  if (chains_.size() > max_chains) {
    chains_.erase(chains_.begin(), chains_.end() - static_cast<std::ptrdiff_t>(max_chains));
  }
  auto too_many = kept_keys();
  too_many -= std::min(too_many, limits.max_skipped_keys);
  for (auto& chain : chains_) {
    if (chain.newest + limits.skipped_key_age < now) {
      chain.kept.clear();
    }
    for (; too_many > 0 && !chain.kept.empty(); --too_many) {
      chain.kept.erase(chain.kept.begin());
    }
  }
}

}  // namespace unhidra::e2ee
