#pragma once
// One session: a Double Ratchet, revision 1 (2016-11-20), started by X3DH. A ratchet key of our own
// is made when we first send, not when we receive (section 6.5): so decryption needs no randomness,
// and the private key lives shorter. PeerSessions is what a client uses.

#include <map>
#include <optional>
#include <vector>

#include "unhidra/e2ee/limits.h"
#include "unhidra/e2ee/message.h"
#include "unhidra/e2ee/x3dh.h"

namespace unhidra::e2ee {

class SecretWriter;

class Session {
 public:
  // RatchetInitAlice and RatchetInitBob of section 3.3. `signed_prekey` is what served in X3DH.
  static Session initiate(InitiatorAgreement agreement,
                          const crypto::X25519PublicKey& responder_identity,
                          const crypto::X25519PublicKey& signed_prekey, Timestamp now);
  static Session respond(SecretArray<32> secret, const PreKeyHeader& header,
                         const crypto::X25519PublicKey& responder_identity,
                         crypto::X25519KeyPair signed_prekey, Timestamp now);

  // Whether a message under this ratchet key can be one of this session: the key is known, or may
  // be the peer's next one.
  bool knows(const crypto::X25519PublicKey& ratchet_key) const;
  bool awaits_new_ratchet_key() const { return our_ratchet_.has_value(); }
  bool may_send(const Limits& limits, Timestamp now) const;
  void distrust() { distrusted_ = true; }

  // A prekey message until the peer has answered, then a ratchet message.
  Result<Bytes> encrypt(const crypto::Provider& provider, RandomSource& random,
                        const MessageContext& context, ByteView plaintext);
  // `bytes` is the whole message that `message` was parsed from.
  Result<SecretBytes> decrypt(const crypto::Provider& provider, const MessageContext& context,
                              const RatchetMessage& message, ByteView bytes, const Limits& limits,
                              Timestamp now);

  const crypto::X25519PublicKey& base_key() const { return start_.base_key; }
  std::uint64_t epoch() const { return start_.epoch; }
  std::size_t kept_keys() const;

  std::size_t serialized_size() const;
  void serialize(SecretWriter& out) const;
  static Result<Session> deserialize(const crypto::Provider& provider, ByteView bytes);

 private:
  // Keys of messages that were passed over, by number. The last chain is the present one.
  struct ReceivingChain {
    crypto::X25519PublicKey ratchet_key;
    Timestamp newest{};  // when a key was last added
    std::map<std::uint32_t, SecretArray<32>> kept;
  };
  // What a step of the root key gives; staged until the tag has matched.
  struct RootStep {
    SecretArray<32> root_key;
    SecretArray<32> chain_key;
  };
  struct Opened {
    SecretBytes plaintext;
    SecretArray<32> next_chain_key;
  };

  Session() = default;
  ReceivingChain* find_chain(const crypto::X25519PublicKey& ratchet_key);
  Result<RootStep> step_root(const crypto::Provider& provider, const crypto::X25519KeyPair& ours,
                             const crypto::X25519PublicKey& theirs) const;
  Result<Bytes> seal(const crypto::Provider& provider, const MessageContext& context,
                     const crypto::X25519PublicKey& ratchet_key, const SecretArray<32>& chain_key,
                     std::uint32_t previous_count, std::uint32_t number, ByteView plaintext) const;
  Result<Bytes> encrypt_with_new_chain(const crypto::Provider& provider, RandomSource& random,
                                       const MessageContext& context, ByteView plaintext);
  Result<SecretBytes> open(const crypto::Provider& provider, const SecretArray<32>& message_key,
                           const MessageContext& context, const RatchetMessage& message,
                           ByteView bytes) const;
  Result<Opened> open_in_chain(const crypto::Provider& provider, const SecretArray<32>& chain_key,
                               std::uint32_t chain_count, const MessageContext& context,
                               const RatchetMessage& message, ByteView bytes) const;
  Result<SecretBytes> decrypt_kept(const crypto::Provider& provider, ReceivingChain& chain,
                                   const MessageContext& context, const RatchetMessage& message,
                                   ByteView bytes);
  Result<SecretBytes> decrypt_ahead(const crypto::Provider& provider, const MessageContext& context,
                                    const RatchetMessage& message, ByteView bytes,
                                    const Limits& limits, Timestamp now);
  Result<SecretBytes> decrypt_with_new_chain(const crypto::Provider& provider,
                                             const MessageContext& context,
                                             const RatchetMessage& message, ByteView bytes,
                                             const Limits& limits, Timestamp now);
  void keep_until(const crypto::Provider& provider, std::uint32_t number, Timestamp now);
  void enforce(const Limits& limits, Timestamp now);
  static Status read_chains(class StoredReader& in, Session& out);

  PreKeyHeader start_;  // how the session began; its identity key is the initiator's
  crypto::X25519PublicKey responder_identity_;
  Timestamp created_at_{};
  bool initiator_ = false;
  bool awaits_reply_ = false;  // initiator: send prekey messages
  bool distrusted_ = false;    // do not send

  SecretArray<32> root_key_;                          // RK
  crypto::X25519PublicKey peer_ratchet_;              // DHr
  std::optional<crypto::X25519KeyPair> our_ratchet_;  // DHs, from first send to the peer's answer
  bool sending_ = false;                              // whether there is a sending chain
  SecretArray<32> sending_key_;                       // CKs
  std::uint32_t sending_count_ = 0;                   // Ns
  std::uint32_t previous_count_ = 0;                  // PN
  SecretArray<32> receiving_key_;                     // CKr, when chains_ is not empty
  std::uint32_t receiving_count_ = 0;                 // Nr
  std::vector<ReceivingChain> chains_;                // MKSKIPPED; oldest first
};

}  // namespace unhidra::e2ee
