// A failed decrypt changes nothing, whatever was wrong, and the good message still decrypts.
#include <functional>

#include <gtest/gtest.h>

#include "world.h"

namespace unhidra::e2ee {
namespace {

class Tampering : public testing::TestWithParam<int> {
 protected:
  // What is attacked: the first message of a session, one with a new ratchet key, one further in
  // the same chain, one whose key was kept.
  Tampering() : world_(100 + static_cast<std::uint64_t>(GetParam())) {
    if (GetParam() == 0) {
      (void)world_.alice.start(world_.bob_device);
      target_ = *world_.alice.send("the message");
      return;
    }
    world_.greet();
    if (GetParam() == 2) {
      (void)world_.bob.receive(*world_.alice.send("before"));
      (void)world_.alice.send("lost");
    }
    target_ = *world_.alice.send("the message");
    if (GetParam() == 3) {
      (void)world_.bob.receive(*world_.alice.send("overtakes"));
    }
  }

  void expect_refused_without_trace(const MessageContext& context, ByteView bytes,
                                    const std::string& what) {
    const auto before = world_.bob.snapshot();
    const auto prekeys = world_.bob_device.one_time_prekeys();
    const auto received = world_.bob.receive(context, bytes);
    ASSERT_FALSE(received) << what;
    ASSERT_EQ(world_.bob.snapshot(), before) << what;
    ASSERT_EQ(world_.bob_device.one_time_prekeys(), prekeys) << what;
  }
  void TearDown() override {
    const auto received = world_.bob.receive(target_);
    ASSERT_TRUE(received) << received.error().message();
    EXPECT_EQ(*received, "the message");
  }

  World world_;
  Sent target_;
};

TEST_P(Tampering, EveryBitOfTheMessageCounts) {
  for (std::size_t bit = 0; bit < target_.bytes.size() * 8; ++bit) {
    auto changed = target_.bytes;
    changed[bit / 8] ^= static_cast<Byte>(1U << (bit % 8));
    expect_refused_without_trace(target_.context, changed, "bit " + std::to_string(bit));
  }
}

TEST_P(Tampering, EveryTruncationAndAnyTailIsRefused) {
  for (std::size_t size = 0; size < target_.bytes.size(); ++size) {
    expect_refused_without_trace(target_.context, ByteView(target_.bytes).first(size),
                                 "size " + std::to_string(size));
  }
  auto longer = target_.bytes;
  longer.push_back(0);
  expect_refused_without_trace(target_.context, longer, "a tail");
}

TEST_P(Tampering, EveryPartOfTheContextCounts) {
  const auto& right = target_.context;
  const auto try_with = [&](const std::string& what,
                            const std::function<void(MessageContext&)>& change) {
    auto context = right;
    change(context);
    expect_refused_without_trace(context, target_.bytes, what);
  };
  try_with("conversation", [](auto& c) { c.conversation = id_of<ConversationId>(100); });
  try_with("sender user", [](auto& c) { c.sender_user = id_of<UserId>(100); });
  try_with("sender device", [](auto& c) { c.sender_device = id_of<DeviceId>(100); });
  try_with("recipient", [](auto& c) { c.recipient_device = id_of<DeviceId>(100); });
  try_with("message id", [](auto& c) { c.message_id = id_of<MessageId>(100); });
  try_with("time", [](auto& c) { c.sent_at += std::chrono::microseconds(1); });
  try_with("kind", [](auto& c) { c.kind = static_cast<MessageKind>(2); });
}

TEST_P(Tampering, HeadersOfTwoMessagesCannotBeSwapped) {
  const auto other = *world_.alice.send("the message");
  ASSERT_EQ(other.bytes.size(), target_.bytes.size());
  const auto header_size = other.bytes.size() - other.text.size() - crypto::kAeadTagSize;
  Bytes swapped(other.bytes.begin(),
                other.bytes.begin() + static_cast<std::ptrdiff_t>(header_size));
  append(swapped, ByteView(target_.bytes).subspan(header_size));
  expect_refused_without_trace(target_.context, swapped, "the other's header");
  expect_refused_without_trace(other.context, swapped, "the other's header and context");
}

// attacks: unknown key share, reflection.
TEST_P(Tampering, AMessageEchoedToItsSenderIsRefused) {
  const auto before = world_.alice.snapshot();
  EXPECT_FALSE(world_.alice.receive(target_));
  auto turned = target_.context;
  std::swap(turned.sender_device, turned.recipient_device);
  turned.sender_user = world_.bob_device.user_id;
  EXPECT_FALSE(world_.alice.receive(turned, target_.bytes));
  EXPECT_EQ(world_.alice.snapshot(), before);
}

// attacks: downgrade. A prekey message cut down to its ratchet message, and other suites.
TEST_P(Tampering, StrippingAndDowngradingIsNoticed) {
  if (GetParam() != 0) {
    return;
  }
  const auto parsed = *parse_prekey_message(target_.bytes);
  const auto inner_size = std::size_t{1} + 32 + 2 + parsed.message.sealed.size();
  expect_refused_without_trace(target_.context, ByteView(target_.bytes).last(inner_size),
                               "the inner message alone");
  (void)world_.bob.receive(*world_.alice.send("the session is there"));
  expect_refused_without_trace(target_.context, ByteView(target_.bytes).last(inner_size),
                               "the inner message in its session");
  auto suite = target_.bytes;
  suite[1] = 2;
  EXPECT_EQ(world_.bob.receive(target_.context, suite).error(), Errc::unsupported);
  auto version = target_.bytes;
  version[0] = 0x21;
  EXPECT_EQ(world_.bob.receive(target_.context, version).error(), Errc::unsupported);
}

std::string name_of(const testing::TestParamInfo<int>& info) {
  static constexpr std::array kNames{"FirstMessage", "NewRatchetKey", "SameChain", "KeptKey"};
  return kNames[static_cast<std::size_t>(info.param)];
}
INSTANTIATE_TEST_SUITE_P(Target, Tampering, testing::Range(0, 4), name_of);

TEST(Replay, ADuplicateIsToldAsSuchAndChangesNothing) {
  World world(20);
  ASSERT_TRUE(world.alice.start(world.bob_device));
  const auto first = *world.alice.send("first");
  ASSERT_TRUE(world.bob.receive(first));
  ASSERT_TRUE(world.alice.receive(*world.bob.send("reply")));
  const auto second = *world.alice.send("second");
  ASSERT_TRUE(world.bob.receive(second));
  const auto before = world.bob.snapshot();
  EXPECT_EQ(world.bob.receive(first).error(), Errc::duplicate);
  EXPECT_EQ(world.bob.receive(second).error(), Errc::duplicate);
  EXPECT_EQ(world.bob.snapshot(), before);
}

}  // namespace
}  // namespace unhidra::e2ee
