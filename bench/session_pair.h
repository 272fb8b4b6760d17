#pragma once
// Two devices with a session between them, for benchmarks of messages.

#include <cstdlib>

#include "unhidra/crypto/random.h"
#include "unhidra/e2ee/peer_sessions.h"

namespace unhidra::e2ee {

inline constexpr std::size_t kPairTextSize = 100;

inline const crypto::Provider& provider() {
  return crypto::native_provider();
}
inline constexpr Timestamp kNow = from_unix_micros(1'795'382'120'000'000);

class Device : public PreKeyStore {
 public:
  explicit Device(Byte number)
      : id(Uuid{number}),
        identity(crypto::X25519KeyPair::generate(provider(), random)),
        signing(crypto::Ed25519KeyPair::generate(provider(), random)),
        prekey(crypto::X25519KeyPair::generate(provider(), random)),
        one_time(crypto::X25519KeyPair::generate(provider(), random)) {}

  identity::DeviceKeys keys() const { return {id, identity.public_key(), signing.public_key()}; }
  LocalDevice self() const { return {id, identity}; }
  identity::PreKeyBundle bundle() const {
    return {.device = keys(),
            .signed_prekey =
                identity::sign_prekey(provider(), signing, id, 1, prekey.public_key(), kNow, false),
            .one_time_prekey = identity::OneTimePreKey{1, one_time.public_key()}};
  }
  std::optional<crypto::X25519KeyPair> signed_prekey(identity::PreKeyId, bool) override {
    return prekey.clone();
  }
  std::optional<crypto::X25519KeyPair> one_time_prekey(identity::PreKeyId) override {
    return one_time.clone();
  }

  crypto::SystemRandom random;
  DeviceId id;
  crypto::X25519KeyPair identity;
  crypto::Ed25519KeyPair signing;
  crypto::X25519KeyPair prekey;
  crypto::X25519KeyPair one_time;
};

struct Message {
  MessageContext context;
  Bytes bytes;
};

struct Pair {
  Device alice_device{1};
  Device bob_device{2};
  PeerSessions alice{bob_device.keys()};
  PeerSessions bob{alice_device.keys()};
  Bytes text = Bytes(kPairTextSize, Byte{'x'});

  static MessageContext context(const Device& from, const Device& to) {
    MessageContext out;
    out.sender_device = from.id;
    out.recipient_device = to.id;
    out.sent_at = kNow;
    return out;
  }
  void start() {
    check(alice.start(provider(), alice_device.random, alice_device.self(), bundle, kNow));
  }
  Message to_bob() { return send(alice, alice_device, bob_device); }
  Message to_alice() { return send(bob, bob_device, alice_device); }
  void at_bob(const Message& message) { receive(bob, bob_device, message); }
  void at_alice(const Message& message) { receive(alice, alice_device, message); }
  void greet() {
    start();
    at_bob(to_bob());
    at_alice(to_alice());
  }
  template <class R>
  static void check(const R& result) {
    if (!result) {
      std::abort();
    }
  }

  identity::PreKeyBundle bundle = bob_device.bundle();

 private:
  Message send(PeerSessions& sessions, Device& from, const Device& to) const {
    Message out{context(from, to), {}};
    auto bytes = sessions.encrypt(provider(), from.random, from.self(), out.context, text, kNow);
    check(bytes);
    out.bytes = std::move(*bytes);
    return out;
  }
  static void receive(PeerSessions& sessions, Device& device, const Message& message) {
    check(
        sessions.decrypt(provider(), device.self(), device, message.context, message.bytes, kNow));
  }
};

}  // namespace unhidra::e2ee
