// Rules of one session: order, loss, limits, tampering.
#include "unhidra/e2ee/session.h"

#include <gtest/gtest.h>

#include "unhidra/base/codec.h"

#include "counting_provider.h"
#include "world.h"

namespace unhidra::e2ee {
namespace {

using Offer = TestDevice::Offer;

TEST(Conversation, StartsFromEveryKindOfBundleAndGoesBothWays) {
  for (const auto offer : {Offer::one_time, Offer::signed_only, Offer::last_resort}) {
    World world(1);
    ASSERT_TRUE(world.alice.start(world.bob_device, offer));
    for (int round = 0; round < 20; ++round) {
      for (auto [from, to] : {std::pair{&world.alice, &world.bob}, {&world.bob, &world.alice}}) {
        for (int i = 0; i <= round % 3; ++i) {
          const auto text = "round " + std::to_string(round) + " message " + std::to_string(i);
          const auto sent = from->send(text);
          ASSERT_TRUE(sent);
          const auto received = to->receive(*sent);
          ASSERT_TRUE(received) << received.error().message();
          EXPECT_EQ(*received, text);
        }
      }
    }
    EXPECT_EQ(world.bob_device.one_time_prekeys(), 0U) << "used up";
  }
}

TEST(Conversation, PreKeyMessagesAreSentUntilTheFirstReply) {
  World world(2);
  ASSERT_TRUE(world.alice.start(world.bob_device));
  std::vector<Sent> first;
  for (int i = 0; i < 3; ++i) {
    first.push_back(*world.alice.send("again"));
    EXPECT_EQ(message_type(first.back().bytes), MessageType::prekey);
  }
  // The first one is lost; the next starts the session all the same.
  EXPECT_TRUE(world.bob.receive(first[1]));
  EXPECT_TRUE(world.bob.receive(first[2]));
  EXPECT_EQ(world.bob.sessions.session_count(), 1U);
  EXPECT_TRUE(world.alice.receive(*world.bob.send("reply")));
  const auto after = *world.alice.send("settled");
  EXPECT_EQ(message_type(after.bytes), MessageType::ratchet);
  EXPECT_TRUE(world.bob.receive(after));
  EXPECT_TRUE(world.bob.receive(first[0])) << "late, and still welcome";
}

TEST(Conversation, HundredBytesGrowByAtMostFiftySix) {
  World world(3);
  world.greet();
  std::size_t largest = 0;
  for (int i = 0; i < 20'000; ++i) {
    largest = std::max(largest, world.alice.send(std::string(100, 'x'))->bytes.size());
  }
  EXPECT_LE(largest, 156U);
}

TEST(Conversation, AnyOrderOfDeliveryWorksOnceEach) {
  World world(4);
  world.greet();
  std::vector<Sent> sent;
  for (int chain = 0; chain < 3; ++chain) {
    for (int i = 0; i < 10; ++i) {
      sent.push_back(*world.alice.send(std::to_string(chain) + "/" + std::to_string(i)));
    }
    // Only the last of each chain is heard before the next chain starts.
    ASSERT_TRUE(world.bob.receive(sent.back()));
    ASSERT_TRUE(world.alice.receive(*world.bob.send("next")));
  }
  for (auto message = sent.rbegin(); message != sent.rend(); ++message) {
    const auto received = world.bob.receive(*message);
    const bool heard = message->text.ends_with("/9");
    ASSERT_EQ(received.has_value(), !heard) << message->text;
    EXPECT_TRUE(heard ? received.error() == Errc::duplicate : *received == message->text);
  }
  for (const auto& message : sent) {
    EXPECT_EQ(world.bob.receive(message).error(), Errc::duplicate);
  }
}

// attacks: header counter 2^32-1, and anything over the bound; in the present chain and in a new
// one.
TEST(Limits, SkippingTooFarIsRefusedBeforeAnyKeyIsDerived) {
  World world(5);
  world.greet();
  const auto in_new_chain = *world.alice.send("x");
  for (const bool new_chain : {true, false}) {
    const auto sent = new_chain ? in_new_chain : *world.alice.send("y");
    const auto parsed = *parse_ratchet_message(sent.bytes);
    for (const std::uint64_t number : {std::uint64_t{0xffffffff}, std::uint64_t{2'100}}) {
      ByteWriter forged;
      forged.raw(ByteView(sent.bytes).first(33)).varint(parsed.header.previous_count);
      forged.varint(number).raw(parsed.sealed);
      const auto before = world.bob.snapshot();
      const CountingProvider counting;
      const auto refused = world.bob.sessions.decrypt(
          counting, world.bob_device.self(), world.bob_device, sent.context, forged.view(), kNow);
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error(), Errc::too_far_ahead);
      EXPECT_EQ(counting.calls(), 0);
      EXPECT_EQ(world.bob.snapshot(), before);
    }
    EXPECT_TRUE(world.bob.receive(sent)) << "the next good message decrypts";
  }
}

TEST(Limits, ExactlyTheAllowedNumberMayBeMissing) {
  World world(6, {.max_skip = 50});
  world.greet();
  std::vector<Sent> sent;
  for (int i = 0; i < 52; ++i) {
    sent.push_back(*world.alice.send("x"));
  }
  EXPECT_EQ(world.bob.receive(sent[51]).error(), Errc::too_far_ahead);
  EXPECT_TRUE(world.bob.receive(sent[50]));
  EXPECT_TRUE(world.bob.receive(sent[51]));
}

TEST(Limits, MissingTooManyAtTheEndOfAChainIsRefused) {
  World world(7, {.max_skip = 50});
  world.greet();
  const auto first = *world.alice.send("first");
  EXPECT_TRUE(world.bob.receive(first));
  for (int i = 0; i < 51; ++i) {
    (void)world.alice.send("lost");
  }
  EXPECT_TRUE(world.alice.receive(*world.bob.send("next")));
  const auto before = world.bob.snapshot();
  EXPECT_EQ(world.bob.receive(*world.alice.send("new chain")).error(), Errc::too_far_ahead);
  EXPECT_EQ(world.bob.snapshot(), before);
}

// attacks: many new ratchet keys, each with skips. The caps hold and the oldest go first.
TEST(Limits, KeptKeysAndChainsAreCapped) {
  const Limits limits{.max_skipped_keys = 100, .max_receiving_chains = 3};
  World world(8, limits);
  world.greet();
  std::vector<std::vector<Sent>> chains;
  for (int chain = 0; chain < 8; ++chain) {
    auto& sent = chains.emplace_back();
    for (int i = 0; i < 41; ++i) {
      sent.push_back(*world.alice.send("x"));
    }
    ASSERT_TRUE(world.bob.receive(sent.back()));
    ASSERT_TRUE(world.alice.receive(*world.bob.send("next")));
  }
  std::vector<int> readable;
  for (auto& chain : chains) {
    int count = 0;
    for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
      count += world.bob.receive(chain[i]).has_value() ? 1 : 0;
    }
    readable.push_back(count);
  }
  EXPECT_EQ(readable, (std::vector<int>{0, 0, 0, 0, 0, 20, 40, 40}));
}

TEST(Limits, OldKeysAreDroppedByAge) {
  World world(9);
  world.greet();
  const auto missed = *world.alice.send("missed");
  EXPECT_TRUE(world.bob.receive(*world.alice.send("heard")));
  const auto kept = world.bob.snapshot().size();
  world.bob.now += std::chrono::hours(24 * 31);
  EXPECT_TRUE(world.bob.receive(*world.alice.send("a month later")));
  EXPECT_LT(world.bob.snapshot().size(), kept);
  EXPECT_EQ(world.bob.receive(missed).error(), Errc::duplicate);
}

TEST(Limits, TooLongMessagesAreRefusedOnBothSides) {
  World world(10);
  world.greet();
  EXPECT_TRUE(world.bob.receive(*world.alice.send(std::string(kMaxPlaintextSize, 'x'))));
  EXPECT_EQ(world.alice.send(std::string(kMaxPlaintextSize + 1, 'x')).error(), Errc::malformed);
  const Bytes huge(kMaxMessageSize + 1, Byte{0x12});
  EXPECT_EQ(world.bob.receive(world.alice.next_context(), huge).error(), Errc::malformed);
}

TEST(Keys, AUsedMessageKeyIsGoneFromTheState) {
  World world(11);
  world.greet();
  const auto missed = *world.alice.send("missed");
  ASSERT_TRUE(world.bob.receive(*world.alice.send("heard")));
  const auto with_key = world.bob.snapshot();
  ASSERT_TRUE(world.bob.receive(missed));
  const auto without_key = world.bob.snapshot();
  EXPECT_EQ(with_key.size(), without_key.size() + 4 + 32);
  // Some window of 32 bytes was the key; none of the windows that went is still there.
  const auto in = [](const Bytes& state, ByteView window) {
    return std::search(state.begin(), state.end(), window.begin(), window.end()) != state.end();
  };
  int gone = 0;
  for (std::size_t at = 0; at + 36 <= with_key.size(); ++at) {
    gone += in(without_key, ByteView(with_key).subspan(at, 36)) ? 0 : 1;
  }
  EXPECT_GT(gone, 0);
}

TEST(Keys, OurRatchetKeyIsForgottenWithThePeersAnswer) {
  World world(12);
  world.greet();
  ASSERT_TRUE(world.alice.send("a new ratchet key"));
  const auto sending = world.alice.snapshot().size();
  ASSERT_TRUE(world.bob.receive(*world.alice.send("x")));
  ASSERT_TRUE(world.alice.receive(*world.bob.send("answer")));
  EXPECT_LT(world.alice.snapshot().size(), sending + 44)
      << "private key and sending chain are gone";
}

}  // namespace
}  // namespace unhidra::e2ee
