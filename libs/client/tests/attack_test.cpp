// What a hostile server tries. Each attempt is refused, and the user is told.

#include "unhidra/identity/device_list.h"

#include "world.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;
class AttackTest : public ::testing::Test {
 protected:
  World world;
  UserId ann = world.add_user("ann");
  UserId bob = world.add_user("bob");
  Phone& a = world.add_phone(ann);
  Phone& b = world.add_phone(bob);

  void SetUp() override {
    world.connect(a);
    world.connect(b);
    ASSERT_TRUE(a.engine->send_text(bob, "first"));
    world.settle();
    ASSERT_TRUE(b.engine->send_text(ann, "reply"));
    world.settle();
    ASSERT_EQ(a.texts(bob).size(), 2U);
  }
  // A list that another account key signs for Bob.
  Bytes forged_list(const std::vector<identity::DeviceKeys>& devices) {
    const auto key = crypto::Ed25519KeyPair::generate(world.crypto, world.random);
    identity::DeviceList list;
    list.user_id = bob;
    list.issued_at = world.clock.now();
    list.devices = devices;
    EXPECT_TRUE(identity::sign(world.crypto, key, list));
    return identity::encode(list);
  }
  identity::DeviceKeys made_up_device() {
    return {DeviceId::make(world.clock, world.random),
            crypto::X25519KeyPair::generate(world.crypto, world.random).public_key(),
            crypto::Ed25519KeyPair::generate(world.crypto, world.random).public_key()};
  }
  wire::InboxEntry last_for_bob() {
    world.disconnect(b);
    EXPECT_TRUE(a.engine->send_text(bob, "the one"));
    world.settle();
    return world.server.device(b.enrollment.device).inbox.back();
  }
  // Puts it into the device's inbox as the next entry.
  void inject(Phone& phone, wire::InboxEntry entry) {
    auto& device = world.server.device(phone.enrollment.device);
    entry.position = ++device.inbox_head;
    device.inbox.push_back(std::move(entry));
  }
  static std::vector<UnreadableReason> reasons(const Phone& phone) {
    std::vector<UnreadableReason> out;
    for (const auto& event : phone.events_of<event::MessageUnreadable>()) {
      out.push_back(event.message.reason);
    }
    return out;
  }
};

TEST_F(AttackTest, AGhostDeviceGetsNoMessage) {
  world.server.ghost = wire::MissingDevice{bob, DeviceId::make(world.clock, world.random)};
  ASSERT_TRUE(a.engine->send_text(bob, "for Bob's eyes"));
  world.settle_over(3600s);
  ASSERT_EQ(a.count<event::GhostDevice>(), 1U);
  EXPECT_EQ(a.events_of<event::GhostDevice>()[0].device, world.server.ghost->device_id);
  EXPECT_EQ(a.history(bob).back().state, MessageState::failed);
  EXPECT_EQ(a.history(bob).back().failure, "client.stale_devices");
  EXPECT_LT(world.server.requests_seen(), 2000U);
}

TEST_F(AttackTest, AnotherAccountKeyStopsSendingUntilItIsAccepted) {
  ASSERT_TRUE(a.engine->set_verified(bob, true));
  const auto honest = a.engine->safety_number(bob)->digits;
  world.server.lied_about = bob;
  world.server.list_lie = forged_list({made_up_device()});
  ASSERT_TRUE(a.engine->refresh_user(bob));
  world.settle();
  ASSERT_EQ(a.count<event::IdentityChanged>(), 1U);
  EXPECT_TRUE(a.events_of<event::IdentityChanged>()[0].user.was_verified);
  EXPECT_EQ(a.engine->user(bob)->value().trust, Trust::changed);
  EXPECT_NE(a.engine->safety_number(bob)->digits, honest);
  ASSERT_TRUE(a.engine->send_text(bob, "secret"));
  world.settle_over(60s);
  EXPECT_EQ(a.history(bob).back().state, MessageState::blocked);
  EXPECT_EQ(a.engine->set_verified(bob, true).error(), Errc::identity_not_accepted);
  EXPECT_EQ(b.texts(ann).size(), 2U);
  // The true list comes back: nothing was ever encrypted for the other one.
  world.server.list_lie.reset();
  ASSERT_TRUE(a.engine->refresh_user(bob));
  world.settle_over(60s);
  EXPECT_EQ(b.texts(ann).back(), "secret");
  EXPECT_EQ(a.engine->user(bob)->value().trust, Trust::verified);
  EXPECT_EQ(a.history(bob).back().state, MessageState::sent);
}

TEST_F(AttackTest, AnIdentityAskedForBeforeTheConnectionIsLookedAtOnIt) {
  world.disconnect(a);
  world.server.lied_about = bob;
  world.server.list_lie = forged_list({made_up_device()});
  ASSERT_TRUE(a.engine->refresh_user(bob));
  world.connect(a);
  world.settle();
  EXPECT_EQ(a.count<event::IdentityChanged>(), 1U);
}

TEST_F(AttackTest, AnAcceptedIdentityIsWrittenToAndItsHeldMessagesOpen) {
  // Bob loses everything and starts anew.
  auto& fresh = world.add_phone(bob, "new phone");
  world.disconnect(b);
  world.server.user(bob).list.clear();
  world.server.user(bob).members.clear();
  world.connect(fresh);
  world.settle();
  ASSERT_EQ(fresh.engine->account()->membership, Membership::approved);
  ASSERT_TRUE(fresh.engine->send_text(ann, "it is me, really"));
  world.settle();
  EXPECT_EQ(a.count<event::IdentityChanged>(), 1U);
  EXPECT_EQ(a.texts(bob).size(), 2U) << "held, not shown";
  ASSERT_TRUE(a.engine->send_text(bob, "who is this?"));
  world.settle();
  EXPECT_EQ(a.history(bob).back().state, MessageState::blocked);
  ASSERT_TRUE(a.engine->accept_identity(bob));
  world.settle();
  EXPECT_EQ(a.engine->user(bob)->value().trust, Trust::first_use);
  EXPECT_EQ(a.texts(bob), (Texts{"first", "reply", "who is this?", "it is me, really"}));
  EXPECT_EQ(fresh.texts(ann), (Texts{"it is me, really", "who is this?"}));
}

TEST_F(AttackTest, AnOldDeviceListIsRefused) {
  auto& tablet = world.add_phone(bob, "tablet");
  world.connect(tablet);
  world.settle();
  world.approve(b, tablet);
  ASSERT_TRUE(a.engine->refresh_user(bob));
  world.settle();
  world.server.lied_about = bob;
  world.server.list_lie = world.server.user(bob).older_lists.front();
  ASSERT_TRUE(a.engine->refresh_user(bob));
  world.settle();
  ASSERT_EQ(a.count<event::DeviceListRefused>(), 1U);
  EXPECT_EQ(a.events_of<event::DeviceListRefused>()[0].why, event::ListRefusal::rolled_back);
  ASSERT_TRUE(a.engine->send_text(bob, "to both devices"));
  world.settle();
  EXPECT_EQ(tablet.texts(ann), Texts{"to both devices"});
}

TEST_F(AttackTest, ABrokenOrMissingDeviceListIsRefused) {
  world.server.lied_about = bob;
  auto document = world.server.user(bob).list;
  document.back() ^= 1;
  world.server.list_lie = document;
  ASSERT_TRUE(a.engine->refresh_user(bob));
  world.settle();
  world.server.list_lie = to_bytes("nonsense");
  ASSERT_TRUE(a.engine->refresh_user(bob));
  world.settle();
  world.server.list_lie = Bytes();
  ASSERT_TRUE(a.engine->refresh_user(bob));
  world.settle();
  std::vector<event::ListRefusal> why;
  for (const auto& event : a.events_of<event::DeviceListRefused>()) {
    why.push_back(event.why);
  }
  EXPECT_EQ(why, (std::vector{event::ListRefusal::bad_signature, event::ListRefusal::malformed,
                              event::ListRefusal::rolled_back}));
  ASSERT_TRUE(a.engine->send_text(bob, "still"));
  world.settle();
  EXPECT_EQ(b.texts(ann).back(), "still");
}

TEST_F(AttackTest, ABundleWithOtherKeysStartsNoSession) {
  auto& tablet = world.add_phone(bob, "tablet");
  world.connect(tablet);
  world.settle();
  world.approve(b, tablet);
  world.server.bundle_identity_lie =
      crypto::X25519KeyPair::generate(world.crypto, world.random).public_key().array();
  ASSERT_TRUE(a.engine->send_text(bob, "not for the middle"));
  world.settle_over(10s);
  EXPECT_GE(a.count<event::BundleRefused>(), 1U);
  EXPECT_EQ(a.history(bob).back().state, MessageState::queued);
  EXPECT_EQ(tablet.texts(ann).size(), 0U);
  world.server.bundle_identity_lie.reset();
  world.settle_over(300s);
  EXPECT_EQ(tablet.texts(ann), Texts{"not for the middle"});
}

TEST_F(AttackTest, OtherKeysUnderOurNameAreNoticedAtConnection) {
  world.disconnect(a);
  world.server.digest_lie = true;
  world.connect(a);
  world.settle();
  EXPECT_GE(a.count<event::OwnKeysReplaced>(), 1U);
  EXPECT_LE(a.count<event::OwnKeysReplaced>(), 2U);
}

TEST_F(AttackTest, AReplayedMessageIsShownOnceAndResetsNothing) {
  const auto entry = last_for_bob();
  world.connect(b);
  world.settle();
  ASSERT_EQ(b.texts(ann).back(), "the one");
  const auto shown = b.texts(ann);
  world.disconnect(b);
  inject(b, entry);  // the same id: dropped without a word
  auto renamed = entry;
  renamed.message_id = MessageId::make(world.clock, world.random);
  inject(b, renamed);  // another id: does not decrypt
  world.connect(b);
  world.settle();
  EXPECT_EQ(b.count<event::MessageReceived>(), 2U);
  EXPECT_EQ(reasons(b).size(), 1U);
  ASSERT_TRUE(a.engine->send_text(bob, "next"));
  world.settle();
  EXPECT_EQ(b.texts(ann).back(), "next");
  EXPECT_EQ(a.count<event::PeerCouldNotRead>(), 0U);
}

TEST_F(AttackTest, AMessageMovedToAnotherTimeOrConversationOrSenderIsUnreadable) {
  const auto cleo = world.add_user("cleo");
  auto& c = world.add_phone(cleo);
  world.connect(c);
  world.settle();
  ASSERT_TRUE(c.engine->send_text(bob, "I am Cleo"));
  world.settle();
  const auto of_cleo = b.engine->conversation_with(cleo)->value().id;
  const auto entry = last_for_bob();
  auto& inbox = world.server.device(b.enrollment.device).inbox;
  inbox.pop_back();
  --world.server.device(b.enrollment.device).inbox_head;
  auto moved = entry;
  moved.sent_at += 1s;
  inject(b, moved);
  moved = entry;
  moved.conversation_id = of_cleo;
  inject(b, moved);
  moved = entry;
  moved.conversation_id = ConversationId::make(world.clock, world.random);
  inject(b, moved);
  moved = entry;
  moved.sender_user_id = cleo;
  moved.sender_device_id = c.enrollment.device;
  moved.conversation_id = of_cleo;
  inject(b, moved);
  moved = entry;
  moved.ciphertext[moved.ciphertext.size() / 2] ^= 1;
  inject(b, moved);
  inject(b, entry);
  world.connect(b);
  world.settle();
  EXPECT_EQ(reasons(b).size(), 5U);
  EXPECT_EQ(reasons(b)[1], UnreadableReason::not_a_member);
  EXPECT_EQ(b.texts(ann).back(), "the one") << "the true message still decrypts";
  EXPECT_EQ(b.texts(cleo).front(), "I am Cleo");
}

TEST_F(AttackTest, AnOwnMessageIsNotPassedOffAsOneToSomebodyElse) {
  auto& tablet = world.add_phone(ann, "tablet");
  world.connect(tablet);
  world.settle();
  world.approve(a, tablet);
  const auto cleo = world.add_user("cleo");
  const auto dora = world.add_user("dora");
  ASSERT_TRUE(a.engine->open_conversation(cleo));
  world.settle();
  world.disconnect(tablet);
  world.server.members_lie = std::set{ann, dora};
  world.connect(tablet);
  world.settle();
  ASSERT_TRUE(tablet.engine->conversation_with(dora)->has_value());
  world.connect(world.add_phone(cleo));
  world.settle();
  ASSERT_TRUE(a.engine->send_text(cleo, "for Cleo"));
  world.settle();
  ASSERT_EQ(a.history(cleo).back().state, MessageState::sent);
  EXPECT_EQ(reasons(tablet), std::vector{UnreadableReason::not_a_member});
  EXPECT_EQ(tablet.count<event::MessageReceived>(), 0U);
}

TEST_F(AttackTest, AReflectedMessageIsRefused) {
  const auto entry = last_for_bob();
  inject(a, entry);
  world.disconnect(a);
  world.connect(a);
  world.settle();
  ASSERT_EQ(reasons(a).size(), 1U);
  EXPECT_EQ(reasons(a)[0], UnreadableReason::reflected);
  EXPECT_EQ(a.texts(bob).size(), 3U);
}

TEST_F(AttackTest, AMessageOfAnUnsignedDeviceIsUnreadable) {
  auto entry = last_for_bob();
  entry.sender_device_id = DeviceId::make(world.clock, world.random);
  inject(b, entry);
  world.connect(b);
  world.settle();
  ASSERT_EQ(reasons(b).size(), 1U);
  EXPECT_EQ(reasons(b)[0], UnreadableReason::unknown_device);
  EXPECT_EQ(b.texts(ann).back(), "") << "an unreadable entry stands in the history";
  EXPECT_EQ(b.history(ann).back().state, MessageState::unreadable);
}

TEST_F(AttackTest, TamperedMessagesAskForANewSessionOnceAndTheSenderLearnsOfIt) {
  world.server.flip_for = b.enrollment.device;
  std::vector<MessageId> lost;
  for (int i = 0; i < 5; ++i) {
    lost.push_back(*a.engine->send_text(bob, "broken " + std::to_string(i)));
    world.settle();
  }
  world.server.flip_for.reset();
  EXPECT_EQ(reasons(b).size(), 5U);
  world.settle_over(60s);
  ASSERT_TRUE(a.engine->send_text(bob, "whole"));
  world.settle();
  EXPECT_EQ(b.texts(ann).back(), "whole");
  ASSERT_EQ(a.count<event::PeerCouldNotRead>(), 1U) << "at most one reset in an hour";
  EXPECT_EQ(a.events_of<event::PeerCouldNotRead>()[0].messages, std::vector{lost[2]});
  EXPECT_EQ(a.history(bob)[4].unread_by, 1U);
}

TEST_F(AttackTest, WithheldMessagesAreNoticed) {
  world.disconnect(b);
  world.server.withhold = 1;
  const auto id = *a.engine->send_text(bob, "withheld");
  world.settle();
  ASSERT_TRUE(a.engine->send_text(bob, "delivered"));
  world.settle();
  world.clock.advance(1s);
  world.connect(b);
  world.settle();
  ASSERT_EQ(b.count<event::MessagesMissing>(), 1U);
  EXPECT_EQ(b.events_of<event::MessagesMissing>()[0].messages, std::vector{id});
  world.disconnect(b);
  world.connect(b);
  world.settle();
  EXPECT_EQ(b.count<event::MessagesMissing>(), 1U) << "told once";
}

TEST_F(AttackTest, UnreadableFramesAskForANewConnection) {
  EXPECT_EQ(a.engine->receive(to_bytes("\xff\xff\xff")).error(), Errc::bad_frame);
  EXPECT_TRUE(a.engine->take_actions().reconnect);
  // Answers to nothing and answers of a wrong kind change nothing.
  ASSERT_TRUE(a.engine->receive(wire::encode(wire::ServerFrame{777, wire::Done{}})));
  ASSERT_TRUE(a.engine->send_text(bob, "after"));
  world.settle();
  EXPECT_EQ(b.texts(ann).back(), "after");
}

TEST_F(AttackTest, AHelloForAnotherDeviceIsRefused) {
  world.disconnect(a);
  ASSERT_TRUE(a.engine->connection_opened());
  wire::Hello hello;
  hello.user_id = bob;
  hello.device_id = b.enrollment.device;
  hello.connection_id = ConnectionId::make(world.clock, world.random);
  ASSERT_TRUE(a.engine->receive(wire::encode(wire::ServerFrame{0, hello})));
  const auto actions = a.engine->take_actions();
  EXPECT_TRUE(actions.frames.empty());
  EXPECT_TRUE(actions.reconnect);
}

}  // namespace
}  // namespace unhidra::client::testing
