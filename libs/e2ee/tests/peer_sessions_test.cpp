// All sessions with one device: simultaneous starts, replays of starts, archives, rollback.
#include <gtest/gtest.h>

#include "unhidra/identity/errc.h"

#include "world.h"

namespace unhidra::e2ee {
namespace {

using Offer = TestDevice::Offer;

TEST(SimultaneousStart, EndsOnOneSessionWithoutLoss) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    World world(seed);
    ASSERT_TRUE(world.alice.start(world.bob_device));
    ASSERT_TRUE(world.bob.start(world.alice_device));
    const auto from_alice = *world.alice.send("from Alice");
    const auto from_bob = *world.bob.send("from Bob");
    EXPECT_EQ(*world.bob.receive(from_alice), "from Alice");
    EXPECT_EQ(*world.alice.receive(from_bob), "from Bob");
    EXPECT_EQ(world.alice.sessions.active_base_key(), world.bob.sessions.active_base_key());
    for (int i = 0; i < 3; ++i) {
      // Crossing each other again: nothing flips.
      const auto a = *world.alice.send("a");
      const auto b = *world.bob.send("b");
      EXPECT_TRUE(world.alice.receive(b));
      EXPECT_TRUE(world.bob.receive(a));
      EXPECT_EQ(world.alice.sessions.active_base_key(), world.bob.sessions.active_base_key());
    }
    EXPECT_EQ(world.alice.sessions.session_count(), 2U);
  }
}

TEST(Start, ALateFirstMessageOfAnOlderSessionDoesNotTakeOver) {
  World world(30);
  ASSERT_TRUE(world.alice.start(world.bob_device));
  const auto older = *world.alice.send("older session");
  world.alice.now += std::chrono::seconds(5);
  ASSERT_TRUE(world.alice.start(world.bob_device));
  const auto newer = *world.alice.send("newer session");
  EXPECT_EQ(*world.bob.receive(newer), "newer session");
  const auto out = world.bob.sessions.decrypt(provider(), world.bob_device.self(), world.bob_device,
                                              older.context, older.bytes, kNow);
  ASSERT_TRUE(out);
  EXPECT_EQ(as_text(out->plaintext.expose()), "older session");
  EXPECT_FALSE(out->on_active_session);
  EXPECT_EQ(world.bob.sessions.active_base_key(), world.alice.sessions.active_base_key());
}

TEST(Start, ASecondStartWithinTheSameSecondIsStillLater) {
  World world(31);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(world.alice.start(world.bob_device));
    const auto base_key = *world.alice.sessions.active_base_key();
    ASSERT_TRUE(world.bob.receive(*world.alice.send("x")));
    EXPECT_EQ(*world.bob.sessions.active_base_key(), base_key);
  }
}

// attacks: server swaps the identity key.
TEST(Start, ABundleThatTheDeviceListDoesNotVouchForIsRefused) {
  World world(32);
  TestDevice mallory(2, world.random);
  const auto before = world.alice.snapshot();
  EXPECT_EQ(world.alice.start(mallory).error(), identity::Errc::device_changed);
  auto bundle = world.bob_device.bundle();
  bundle.signed_prekey = mallory.bundle().signed_prekey;
  EXPECT_EQ(
      world.alice.sessions.start(provider(), world.random, world.alice_device.self(), bundle, kNow)
          .error(),
      identity::Errc::bad_signature);
  bundle = world.bob_device.bundle();
  bundle.one_time_prekey->key = {};
  EXPECT_EQ(
      world.alice.sessions.start(provider(), world.random, world.alice_device.self(), bundle, kNow)
          .error(),
      identity::Errc::bad_key);
  EXPECT_EQ(world.alice.snapshot(), before);
}

TEST(Start, AMessageFromAnotherIdentityKeyIsRefused) {
  World world(33);
  TestDevice mallory(1, world.random);  // claims Alice's device id
  End fake(mallory, world.bob_device, world.random);
  ASSERT_TRUE(fake.start(world.bob_device));
  EXPECT_EQ(world.bob.receive(*fake.send("I am Alice")).error(), Errc::wrong_device);
  EXPECT_EQ(world.bob.sessions.session_count(), 0U);
}

// attacks: replay of a prekey message after its one-time prekey is gone, or without one.
TEST(Replay, TheFirstMessageNeitherResetsNorDuplicatesASession) {
  for (const auto offer : {Offer::one_time, Offer::signed_only, Offer::last_resort}) {
    World world(34);
    ASSERT_TRUE(world.alice.start(world.bob_device, offer));
    const auto first = *world.alice.send("first");
    ASSERT_TRUE(world.bob.receive(first));
    const auto before = world.bob.snapshot();
    EXPECT_EQ(world.bob.receive(first).error(), Errc::duplicate);
    EXPECT_EQ(world.bob.snapshot(), before);
    EXPECT_TRUE(world.alice.receive(*world.bob.send("still the same session")));
  }
}

TEST(Replay, BaseKeysAreRememberedAfterTheirSessionIsGone) {
  World world(35, {.max_archived_sessions = 2});
  std::vector<Sent> firsts;
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(world.alice.start(world.bob_device, Offer::last_resort));
    firsts.push_back(*world.alice.send("session " + std::to_string(i)));
    ASSERT_TRUE(world.bob.receive(firsts.back()));
  }
  EXPECT_EQ(world.bob.sessions.session_count(), 3U);
  const auto before = world.bob.snapshot();
  for (const auto& first : firsts) {
    EXPECT_EQ(world.bob.receive(first).error(), Errc::duplicate);
  }
  EXPECT_EQ(world.bob.snapshot(), before);
}

TEST(Archive, KeepsTheNewestSessionsReadable) {
  World world(36);
  world.greet();
  std::vector<Sent> late;
  for (int i = 0; i < 45; ++i) {
    ASSERT_TRUE(world.alice.start(world.bob_device));
    ASSERT_TRUE(world.bob.receive(*world.alice.send("start")));
    late.push_back(*world.alice.send("late"));
  }
  EXPECT_EQ(world.bob.sessions.session_count(), 41U);
  int readable = 0;
  for (const auto& message : late) {
    readable += world.bob.receive(message).has_value() ? 1 : 0;
  }
  EXPECT_EQ(readable, 41);
}

TEST(Sending, NeedsASession) {
  World world(37);
  EXPECT_FALSE(world.alice.sessions.can_encrypt(kNow));
  EXPECT_EQ(world.alice.send("x").error(), Errc::no_session);
  world.greet();
  EXPECT_TRUE(world.alice.sessions.can_encrypt(kNow));
}

TEST(Sending, RefusesAContextOfOtherDevices) {
  World world(38);
  world.greet();
  const auto before = world.alice.snapshot();
  auto context = world.alice.next_context();
  context.recipient_device = id_of<DeviceId>(9);
  EXPECT_EQ(world.alice.sessions
                .encrypt(provider(), world.random, world.alice_device.self(), context, {}, kNow)
                .error(),
            Errc::wrong_device);
  EXPECT_EQ(world.alice.snapshot(), before);
}

TEST(Sending, AnUnansweredSessionIsGivenUpAfterAMonth) {
  World world(39);
  ASSERT_TRUE(world.alice.start(world.bob_device));
  ASSERT_TRUE(world.alice.send("x"));
  world.alice.now += std::chrono::hours(24 * 30);
  EXPECT_TRUE(world.alice.send("x"));
  world.alice.now += std::chrono::seconds(1);
  EXPECT_EQ(world.alice.send("x").error(), Errc::no_session);
  ASSERT_TRUE(world.alice.start(world.bob_device));
  EXPECT_TRUE(world.bob.receive(*world.alice.send("a new one")));
}

TEST(Receiving, UnknownPreKeysAndMissingSessionsAreTold) {
  World world(40);
  ASSERT_TRUE(world.alice.start(world.bob_device));
  const auto first = *world.alice.send("x");
  const auto used = parse_prekey_message(first.bytes)->header.one_time_prekey_id;
  ASSERT_TRUE(used);
  world.bob_device.delete_one_time_prekey(*used);
  EXPECT_EQ(world.bob.receive(first).error(), Errc::unknown_prekey);

  World other(41);
  other.greet();
  EXPECT_EQ(world.bob.receive(*other.alice.send("x")).error(), Errc::no_session);
}

TEST(Receiving, NamesTheOneTimePreKeyToDelete) {
  World world(42);
  ASSERT_TRUE(world.alice.start(world.bob_device));
  for (int i = 0; i < 2; ++i) {
    const auto sent = *world.alice.send("x");
    const auto out = world.bob.sessions.decrypt(provider(), world.bob_device.self(),
                                                world.bob_device, sent.context, sent.bytes, kNow);
    ASSERT_TRUE(out);
    EXPECT_EQ(out->started_session, i == 0);
    EXPECT_EQ(out->used_one_time_prekey.has_value(), i == 0);
    EXPECT_TRUE(out->on_active_session);
  }
}

// attacks: a client restored from an old snapshot would use message keys twice.
TEST(Rollback, AnOlderSnapshotIsNoticedAndNothingIsSentOnIt) {
  World world(43);
  world.greet();
  const auto old = world.alice.snapshot();
  const auto under_way = *world.bob.send("still readable");
  ASSERT_TRUE(world.bob.receive(*world.alice.send("after the snapshot")));
  const auto remembered = world.alice.sessions.generation();
  EXPECT_TRUE(PeerSessions::deserialize(provider(), world.alice.snapshot(), remembered));
  EXPECT_EQ(PeerSessions::deserialize(provider(), old, remembered).error(), Errc::rolled_back);

  auto restored = PeerSessions::deserialize(provider(), old, 0);
  ASSERT_TRUE(restored);
  restored->distrust();
  world.alice.sessions = std::move(*restored);
  EXPECT_EQ(world.alice.send("the same key again").error(), Errc::no_session);
  EXPECT_EQ(*world.alice.receive(under_way), "still readable");
  EXPECT_EQ(world.alice.receive(*world.bob.send("to a lost key")).error(), Errc::undecryptable);
  world.alice.now += std::chrono::seconds(1);
  ASSERT_TRUE(world.alice.start(world.bob_device));
  EXPECT_EQ(*world.bob.receive(*world.alice.send("a new session")), "a new session");
  EXPECT_EQ(world.bob.sessions.active_base_key(), world.alice.sessions.active_base_key());
}

TEST(Rollback, GenerationGrowsWithEveryChangeAndOnlyThen) {
  World world(44);
  auto last = world.alice.sessions.generation();
  const auto grew = [&] {
    const auto now = world.alice.sessions.generation();
    return std::exchange(last, now) < now;
  };
  ASSERT_TRUE(world.alice.start(world.bob_device));
  EXPECT_TRUE(grew());
  const auto sent = *world.alice.send("x");
  EXPECT_TRUE(grew());
  ASSERT_TRUE(world.bob.receive(sent));
  const auto reply = *world.bob.send("y");
  ASSERT_TRUE(world.alice.receive(reply));
  EXPECT_TRUE(grew());
  EXPECT_FALSE(world.alice.receive(reply));
  EXPECT_FALSE(grew());
  world.alice.sessions.distrust();
  EXPECT_TRUE(grew());
}

}  // namespace
}  // namespace unhidra::e2ee
