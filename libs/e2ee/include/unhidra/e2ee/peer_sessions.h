#pragma once
// All sessions with one peer device: what a client stores for each device it talks to.
//
// Which session is sent on. Each session has an epoch, chosen by who starts it: higher than every
// epoch known for this peer, and at least the present time in seconds. The active session is the
// one with the highest epoch; between equal ones, the one with the smaller base key. Both devices
// see the same order, so that they end on one session even when both start at once; messages of the
// others still decrypt, for the newest `max_archived_sessions` of them.
//
// What the caller must do:
// - Store serialize() after every successful call before the message leaves or is shown.
// - Delete the one-time prekey that decrypt() names, in the same transaction.
// - Keep generation() also where a restored backup or disk image does not take it back, and pass it
//   to deserialize(). Errc::rolled_back tells that the stored state is old: sending on it would use
//   keys again. Then deserialize with generation 0, call distrust(), and start a new session.
// - On no_session, unknown_prekey or a run of undecryptable messages from this peer: call
//   distrust(), start() a new session and tell the peer in it (SessionReset).
// - On a SessionReset that did not come on the active session: the same, without telling again.
//
// One thread at a time. Nothing here blocks or allocates more than the limits allow.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "unhidra/e2ee/limits.h"
#include "unhidra/e2ee/local_device.h"
#include "unhidra/e2ee/message.h"
#include "unhidra/identity/device_list.h"

namespace unhidra::e2ee {

class Session;

struct Decrypted {
  SecretBytes plaintext;
  // Delete it: it has served once.
  std::optional<identity::PreKeyId> used_one_time_prekey;
  bool started_session = false;    // this message has created a session
  bool on_active_session = false;  // it came on the session that is sent on
};

class PeerSessions {
 public:
  // `peer` comes from the peer's verified device list.
  explicit PeerSessions(const identity::DeviceKeys& peer, const Limits& limits = {});
  PeerSessions(PeerSessions&&) noexcept;
  PeerSessions& operator=(PeerSessions&&) noexcept;
  ~PeerSessions();

  const identity::DeviceKeys& peer() const { return peer_; }

  // Whether encrypt() would work; otherwise fetch a bundle and start().
  bool can_encrypt(Timestamp now) const;
  // Checks the bundle against peer() and starts a session, which becomes the active one.
  // identity::Errc::device_changed, bad_key, bad_signature; Errc::exhausted.
  Status start(const crypto::Provider& provider, RandomSource& random, const LocalDevice& self,
               const identity::PreKeyBundle& bundle, Timestamp now);
  // Sends on none of the present sessions any more; they still decrypt.
  void distrust();

  // Sender and recipient of the context must be `self` and peer(): Errc::wrong_device.
  // Errc::no_session, Errc::exhausted, Errc::malformed (plaintext too long).
  Result<Bytes> encrypt(const crypto::Provider& provider, RandomSource& random,
                        const LocalDevice& self, const MessageContext& context, ByteView plaintext,
                        Timestamp now);
  // Any error leaves every session as it was, byte by byte.
  Result<Decrypted> decrypt(const crypto::Provider& provider, const LocalDevice& self,
                            PreKeyStore& prekeys, const MessageContext& context, ByteView message,
                            Timestamp now);

  // Grows by one with every change of what serialize() gives.
  std::uint64_t generation() const { return generation_; }
  std::size_t session_count() const { return sessions_.size(); }
  // Base key of the active session: the same on both sides once they have converged.
  std::optional<crypto::X25519PublicKey> active_base_key() const;

  // Secret: seal it before it is stored.
  SecretBytes serialize() const;
  // `least_generation`: the last generation the caller remembers; 0 when it remembers none.
  // Errc::bad_stored_session, Errc::rolled_back.
  static Result<PeerSessions> deserialize(const crypto::Provider& provider, ByteView bytes,
                                          std::uint64_t least_generation,
                                          const Limits& limits = {});

 private:
  using Sessions = std::vector<std::unique_ptr<Session>>;

  Session* find(const crypto::X25519PublicKey& base_key) const;
  bool is_active(const Session& session) const;
  bool remembers(const crypto::X25519PublicKey& base_key) const;
  std::uint64_t next_epoch(Timestamp now) const;
  void insert(std::unique_ptr<Session> session);
  Result<Decrypted> decrypt_prekey(const crypto::Provider& provider, const LocalDevice& self,
                                   PreKeyStore& prekeys, const MessageContext& context,
                                   ByteView message, Timestamp now);
  Result<Decrypted> decrypt_first(const crypto::Provider& provider, const LocalDevice& self,
                                  PreKeyStore& prekeys, const MessageContext& context,
                                  const PreKeyMessage& parsed, ByteView message, Timestamp now);
  Result<Decrypted> decrypt_ratchet(const crypto::Provider& provider, const MessageContext& context,
                                    ByteView message, Timestamp now);

  identity::DeviceKeys peer_;
  Limits limits_;
  std::uint64_t generation_ = 0;
  Sessions sessions_;  // by descending epoch: the first is active
  std::vector<crypto::X25519PublicKey>
      base_keys_;  // of sessions the peer has started, oldest first
};

}  // namespace unhidra::e2ee
