// The published vectors (tests/vectors) are what this code does. UNHIDRA_WRITE_VECTORS=1 writes
// them anew; that is right only for a new suite or format, never for an old one.
#include <sstream>

#include <gtest/gtest.h>

#include "unhidra/base/text.h"
#include "unhidra/e2ee/x3dh.h"

#include "associated_data.h"
#include "vector_files.h"
#include "world.h"

namespace unhidra::e2ee {
namespace {

void describe_device(Json& json, const std::string& name, const TestDevice& device) {
  json.open(name, '{');
  json.field("user_id", to_hex(device.user_id.bytes()));
  json.field("device_id", to_hex(device.device_id.bytes()));
  json.field("identity_private", to_hex(device.self().identity_key.private_key().expose()));
  json.field("identity_public", to_hex(device.self().identity_key.public_key().bytes()));
  json.field("signing_seed", to_hex(device.signing().private_key().expose()));
  json.field("signing_public", to_hex(device.signing().public_key().bytes()));
  json.close('}');
}

void describe_message(Json& json, const End& from, const Sent& sent, const std::string& random,
                      const crypto::X25519PublicKey& alice, const crypto::X25519PublicKey& bob) {
  const auto header_size = sent.bytes.size() - sent.text.size() - crypto::kAeadTagSize;
  const AssociatedData associated(Suite::x25519_chacha20poly1305_sha256, alice, bob, sent.context,
                                  ByteView(sent.bytes).first(header_size));
  json.open("", '{');
  json.field("from", from.device.device_id == id_of<DeviceId>(1) ? "alice" : "bob");
  if (!random.empty()) {
    json.field("new_ratchet_private", random);
  }
  json.field("conversation", to_hex(sent.context.conversation.bytes()));
  json.field("message_id", to_hex(sent.context.message_id.bytes()));
  json.number("kind", static_cast<std::uint64_t>(sent.context.kind));
  json.number("sent_at", static_cast<std::uint64_t>(to_unix_micros(sent.context.sent_at)));
  json.field("plaintext", to_hex(as_bytes(sent.text)));
  json.field("associated_data", to_hex(associated.view()));
  json.field("message", to_hex(sent.bytes));
  json.close('}');
}

struct VectorWorld {
  CountingRandom random;
  TestDevice alice_device{1, random};
  TestDevice bob_device{2, random};
};

void describe_case(Json& json, const std::string& name, TestDevice::Offer offer) {
  VectorWorld world;
  End alice(world.alice_device, world.bob_device, world.random);
  End bob(world.bob_device, world.alice_device, world.random);
  const auto bundle = world.bob_device.bundle(offer);
  json.open("", '{').field("name", name);
  describe_device(json, "alice", world.alice_device);
  describe_device(json, "bob", world.bob_device);
  json.field("bundle", to_hex(identity::encode(bundle)));
  const auto prekey =
      *world.bob_device.signed_prekey(bundle.signed_prekey.id, bundle.signed_prekey.last_resort);
  json.field("signed_prekey_private", to_hex(prekey.private_key().expose()));
  if (bundle.one_time_prekey) {
    const auto one_time = *world.bob_device.one_time_prekey(bundle.one_time_prekey->id);
    json.field("one_time_prekey_private", to_hex(one_time.private_key().expose()));
  }
  ASSERT_TRUE(
      alice.sessions.start(provider(), world.random, world.alice_device.self(), bundle, alice.now));
  json.field("ephemeral_private", world.random.last);
  const auto ephemeral = crypto::X25519KeyPair::from_private(
      provider(), *crypto::X25519PrivateKey::from_bytes(*from_hex(world.random.last)));
  const auto agreement =
      agree_as_initiator(provider(), world.alice_device.self().identity_key, ephemeral, bundle);
  json.field("shared_secret", to_hex(agreement->secret.expose()));
  json.open("messages", '[');
  for (const auto* script : {"alice", "alice", "bob", "bob", "alice", "alice", "bob", "alice"}) {
    const bool from_alice = script[0] == 'a';
    auto& from = from_alice ? alice : bob;
    auto& to = from_alice ? bob : alice;
    world.random.last.clear();
    const auto sent = from.send(std::string(script) + " says " + name);
    ASSERT_TRUE(sent);
    describe_message(json, from, *sent, world.random.last, world.alice_device.keys().identity_key,
                     world.bob_device.keys().identity_key);
    ASSERT_TRUE(to.receive(*sent));
  }
  json.close(']').close('}');
}

TEST(Vectors, SessionsAreAsPublished) {
  Json json;
  json.open("", '{');
  json.field("what", "X3DH and Double Ratchet, suite 1: see docs/security.md").number("suite", 1);
  json.open("cases", '[');
  describe_case(json, "one-time prekey", TestDevice::Offer::one_time);
  describe_case(json, "signed prekey alone", TestDevice::Offer::signed_only);
  describe_case(json, "last-resort prekey", TestDevice::Offer::last_resort);
  json.close(']').close('}');
  const auto now = json.finish();
  if (writes_instead("sessions.json", now)) {
    GTEST_SKIP() << "written";
  }
  EXPECT_EQ(now, read_file("sessions.json"));
}

// Stored sessions of format 1 must be readable for ever: kept keys, an archived session, both ends
// of the ratchet.
TEST(Vectors, StoredSessionsOfFormatOneAreReadable) {
  VectorWorld world;
  End alice(world.alice_device, world.bob_device, world.random);
  End bob(world.bob_device, world.alice_device, world.random);
  ASSERT_TRUE(alice.start(world.bob_device));
  ASSERT_TRUE(bob.receive(*alice.send("hello")));
  const auto missed = *alice.send("missed");
  ASSERT_TRUE(bob.receive(*alice.send("heard")));
  ASSERT_TRUE(alice.receive(*bob.send("answer")));
  ASSERT_TRUE(alice.start(world.bob_device, TestDevice::Offer::signed_only));
  ASSERT_TRUE(bob.receive(*alice.send("second session")));
  const auto under_way = *alice.send("under way");
  const auto made = to_hex(bob.snapshot()) + "\n" + to_hex(missed.bytes) + "\n" +
                    to_hex(under_way.bytes) + "\n" + to_hex(alice.snapshot()) + "\n";
  if (writes_instead("stored_sessions_1.txt", made)) {
    GTEST_SKIP() << "written";
  }
  EXPECT_EQ(made, read_file("stored_sessions_1.txt")) << "this format's bytes have changed";

  std::istringstream file(read_file("stored_sessions_1.txt"));
  std::array<std::string, 4> lines;
  for (auto& line : lines) {
    ASSERT_TRUE(std::getline(file, line));
  }
  auto stored_bob = PeerSessions::deserialize(provider(), *from_hex(lines[0]), 0);
  auto stored_alice = PeerSessions::deserialize(provider(), *from_hex(lines[3]), 0);
  ASSERT_TRUE(stored_bob && stored_alice);
  bob.sessions = std::move(*stored_bob);
  alice.sessions = std::move(*stored_alice);
  EXPECT_EQ(*bob.receive(missed.context, *from_hex(lines[1])), "missed");
  EXPECT_EQ(*bob.receive(under_way.context, *from_hex(lines[2])), "under way");
  EXPECT_EQ(*alice.receive(*bob.send("back")), "back");
  EXPECT_EQ(*bob.receive(*alice.send("and forth")), "and forth");
}

TEST(StoredSessions, DamageIsRefusedOrHarmless) {
  World world(50);
  world.greet();
  (void)world.alice.send("missed");
  ASSERT_TRUE(world.bob.receive(*world.alice.send("heard")));
  const auto stored = world.bob.snapshot();
  for (std::size_t size = 0; size < stored.size(); ++size) {
    const auto read = PeerSessions::deserialize(provider(), ByteView(stored).first(size), 0);
    ASSERT_FALSE(read) << size;
    EXPECT_EQ(read.error(), Errc::bad_stored_session);
  }
  auto longer = stored;
  longer.push_back(0);
  EXPECT_FALSE(PeerSessions::deserialize(provider(), longer, 0));
  // A flipped bit is refused, or changes a value that has no structure: then it is kept as read.
  for (std::size_t bit = 0; bit < stored.size() * 8; ++bit) {
    auto changed = stored;
    changed[bit / 8] ^= static_cast<Byte>(1U << (bit % 8));
    const auto read = PeerSessions::deserialize(provider(), changed, 0);
    if (read) {
      EXPECT_EQ(to_bytes(read->serialize().expose()), changed) << "bit " << bit;
    }
  }
  auto other_format = stored;
  other_format[0] = 2;
  EXPECT_EQ(PeerSessions::deserialize(provider(), other_format, 0).error(),
            Errc::bad_stored_session);
}

}  // namespace
}  // namespace unhidra::e2ee
