#pragma once
// Two devices, their prekeys and sessions, and the messages between them, for this room's tests.

#include <map>

#include "unhidra/e2ee/peer_sessions.h"
#include "unhidra/testkit/seeded_random.h"

namespace unhidra::e2ee {

inline const crypto::Provider& provider() {
  return crypto::native_provider();
}

inline constexpr Timestamp kNow = from_unix_micros(1'795'382'120'000'000);

template <class IdType>
IdType id_of(std::uint64_t number) {
  Uuid uuid{};
  for (std::size_t i = 0; i < 8; ++i) {
    uuid[15 - i] = static_cast<Byte>(number >> (8 * i));
  }
  return IdType(uuid);
}

// A device with its private keys; the store that a client has in its database.
class TestDevice : public PreKeyStore {
 public:
  TestDevice(std::uint64_t number, RandomSource& random)
      : user_id(id_of<UserId>(number)),
        device_id(id_of<DeviceId>(number)),
        random_(random),
        identity_(crypto::X25519KeyPair::generate(provider(), random)),
        signing_(crypto::Ed25519KeyPair::generate(provider(), random)),
        signed_prekey_(crypto::X25519KeyPair::generate(provider(), random)),
        last_resort_(crypto::X25519KeyPair::generate(provider(), random)) {}

  identity::DeviceKeys keys() const {
    return {device_id, identity_.public_key(), signing_.public_key()};
  }
  LocalDevice self() const { return {device_id, identity_}; }

  enum class Offer { one_time, signed_only, last_resort };
  // What the server would hand out.
  identity::PreKeyBundle bundle(Offer offer = Offer::one_time) {
    const bool last_resort = offer == Offer::last_resort;
    const auto& prekey = last_resort ? last_resort_ : signed_prekey_;
    identity::PreKeyBundle out{
        .device = keys(),
        .signed_prekey = identity::sign_prekey(provider(), signing_, device_id, last_resort ? 8 : 7,
                                               prekey.public_key(), kNow, last_resort),
        .one_time_prekey = {}};
    if (offer == Offer::one_time) {
      const auto id = next_one_time_id_++;
      const auto made =
          one_time_.emplace(id, crypto::X25519KeyPair::generate(provider(), random_)).first;
      out.one_time_prekey = identity::OneTimePreKey{id, made->second.public_key()};
    }
    return out;
  }
  void delete_one_time_prekey(identity::PreKeyId id) { one_time_.erase(id); }
  std::size_t one_time_prekeys() const { return one_time_.size(); }
  const crypto::Ed25519KeyPair& signing() const { return signing_; }

  std::optional<crypto::X25519KeyPair> signed_prekey(identity::PreKeyId id,
                                                     bool last_resort) override {
    if (id != (last_resort ? 8U : 7U)) {
      return std::nullopt;
    }
    return (last_resort ? last_resort_ : signed_prekey_).clone();
  }
  std::optional<crypto::X25519KeyPair> one_time_prekey(identity::PreKeyId id) override {
    const auto found = one_time_.find(id);
    if (found == one_time_.end()) {
      return std::nullopt;
    }
    return found->second.clone();
  }

  const UserId user_id;
  const DeviceId device_id;

 private:
  RandomSource& random_;
  crypto::X25519KeyPair identity_;
  crypto::Ed25519KeyPair signing_;
  crypto::X25519KeyPair signed_prekey_;
  crypto::X25519KeyPair last_resort_;
  std::map<identity::PreKeyId, crypto::X25519KeyPair> one_time_;
  identity::PreKeyId next_one_time_id_ = 1;
};

struct Sent {
  MessageContext context;
  Bytes bytes;
  std::string text;
};

// One device's end of the conversation with the other.
struct End {
  End(TestDevice& own, const TestDevice& peer, RandomSource& source, const Limits& limits = {})
      : device(own), random(source), sessions(peer.keys(), limits), peer_id(peer.device_id) {}

  Status start(TestDevice& peer, TestDevice::Offer offer = TestDevice::Offer::one_time) {
    return sessions.start(provider(), random, device.self(), peer.bundle(offer), now);
  }
  MessageContext next_context() {
    return {.conversation = id_of<ConversationId>(99),
            .sender_user = device.user_id,
            .sender_device = device.device_id,
            .recipient_device = peer_id,
            .message_id = id_of<MessageId>(++last_message),
            .sent_at = now,
            .kind = MessageKind::content};
  }
  Result<Sent> send(std::string text) {
    Sent out{.context = next_context(), .bytes = {}, .text = std::move(text)};
    UNHIDRA_TRY(out.bytes, sessions.encrypt(provider(), random, device.self(), out.context,
                                            as_bytes(out.text), now));
    return out;
  }
  // As a client does: deletes the one-time prekey that was used.
  Result<std::string> receive(const MessageContext& context, ByteView bytes) {
    UNHIDRA_TRY(auto out, sessions.decrypt(provider(), device.self(), device, context, bytes, now));
    if (out.used_one_time_prekey) {
      device.delete_one_time_prekey(*out.used_one_time_prekey);
    }
    return std::string(as_text(out.plaintext.expose()));
  }
  Result<std::string> receive(const Sent& sent) { return receive(sent.context, sent.bytes); }
  Bytes snapshot() const { return to_bytes(sessions.serialize().expose()); }

  TestDevice& device;
  RandomSource& random;
  PeerSessions sessions;
  DeviceId peer_id;
  std::uint64_t last_message = 0;
  Timestamp now = kNow;
};

// Alice and Bob, before any message.
struct World {
  explicit World(std::uint64_t seed, const Limits& limits = {})
      : random(seed),
        alice_device(1, random),
        bob_device(2, random),
        alice(alice_device, bob_device, random, limits),
        bob(bob_device, alice_device, random, limits) {}
  // Both have a session and have heard each other: no prekey messages any more.
  void greet() {
    (void)alice.start(bob_device);
    (void)bob.receive(*alice.send("hello"));
    (void)alice.receive(*bob.send("hello yourself"));
  }

  testkit::SeededRandom random;
  TestDevice alice_device;
  TestDevice bob_device;
  End alice;
  End bob;
};

}  // namespace unhidra::e2ee
