#include "world.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;
class ConversationTest : public ::testing::Test {
 protected:
  World world;
  UserId ann = world.add_user("ann");
  UserId bob = world.add_user("bob");
  Phone& a = world.add_phone(ann);
  Phone& b = world.add_phone(bob);

  void connect_all() {
    for (auto& phone : world.phones) {
      world.connect(*phone);
    }
    world.settle();
  }
  static MessageId say(Phone& from, UserId to, const std::string& text) {
    const auto id = from.engine->send_text(to, text);
    EXPECT_TRUE(id) << (id ? "" : id.error().message());
    return id.value_or(MessageId());
  }
};

TEST_F(ConversationTest, FirstDeviceCreatesTheAccountAndPublishesItsKeys) {
  connect_all();
  EXPECT_EQ(a.count<event::AccountCreated>(), 1U);
  EXPECT_EQ(a.engine->account()->membership, Membership::approved);
  EXPECT_EQ(a.engine->account()->list_version, 1U);
  EXPECT_TRUE(a.engine->account()->has_account_key);
  EXPECT_EQ(world.server.device(a.enrollment.device).one_time.size(), 100U);
  EXPECT_EQ(a.count<event::OwnKeysReplaced>(), 0U);
  EXPECT_EQ(a.count<event::RequestFailed>(), 0U);
  EXPECT_TRUE(a.engine->idle());
  EXPECT_GE(a.count<event::CaughtUp>(), 1U);
}

TEST_F(ConversationTest, TwoPeopleTalkBothWaysInOrder) {
  connect_all();
  say(a, bob, "hello Bob");
  say(a, bob, "how are you?");
  world.settle();
  EXPECT_EQ(b.texts(ann), (Texts{"hello Bob", "how are you?"}));
  say(b, ann, "fine");
  world.settle();
  say(a, bob, "good");
  world.settle();
  const Texts all{"hello Bob", "how are you?", "fine", "good"};
  EXPECT_EQ(a.texts(bob), all);
  EXPECT_EQ(b.texts(ann), all);
  EXPECT_EQ(a.count<event::MessageReceived>(), 1U);
  EXPECT_EQ(b.count<event::MessageReceived>(), 3U);
  for (const auto& message : a.history(bob)) {
    EXPECT_EQ(message.state,
              message.sender_user == ann ? MessageState::sent : MessageState::received);
    EXPECT_GT(message.seq, 0U);
  }
  EXPECT_EQ(b.engine->user(ann)->value().username, "ann");
  EXPECT_EQ(a.engine->account()->outbox_size, 0U);
}

TEST_F(ConversationTest, TheServerSeesCiphertextOfFewSizesOnly) {
  connect_all();
  world.disconnect(b);
  say(a, bob, "the quick brown fox");
  say(a, bob, "no");
  world.settle();
  const auto& inbox = world.server.device(b.enrollment.device).inbox;
  ASSERT_EQ(inbox.size(), 2U);
  EXPECT_EQ(inbox[0].ciphertext.size(), inbox[1].ciphertext.size());
  for (const auto& entry : inbox) {
    EXPECT_EQ(as_text(entry.ciphertext).find("fox"), std::string_view::npos);
  }
}

TEST_F(ConversationTest, WhatWasSentToAnOfflineDeviceArrivesLater) {
  connect_all();
  world.disconnect(b);
  Texts sent;
  for (int i = 0; i < 40; ++i) {
    sent.push_back("message " + std::to_string(i));
    say(a, bob, sent.back());
  }
  world.settle();
  EXPECT_TRUE(b.texts(ann).empty());
  world.connect(b);
  world.settle();
  EXPECT_EQ(b.texts(ann), sent);
  EXPECT_TRUE(world.server.device(b.enrollment.device).inbox.empty());
}

TEST_F(ConversationTest, WhatWasWrittenOfflineIsSentOnConnection) {
  connect_all();
  world.disconnect(a);
  say(a, bob, "written in a tunnel");
  EXPECT_EQ(a.engine->account()->outbox_size, 1U);
  world.settle();
  EXPECT_TRUE(b.texts(ann).empty());
  world.connect(a);
  world.settle();
  EXPECT_EQ(b.texts(ann), Texts{"written in a tunnel"});
  EXPECT_EQ(a.texts(bob), Texts{"written in a tunnel"});
}

TEST_F(ConversationTest, BothMayStartAtOnce) {
  connect_all();
  say(a, bob, "from Ann");
  say(b, ann, "from Bob");
  while (world.move_one()) {
  }
  world.settle();
  say(a, bob, "again from Ann");
  say(b, ann, "again from Bob");
  world.settle();
  EXPECT_EQ(a.texts(bob).size(), 4U);
  EXPECT_EQ(b.texts(ann).size(), 4U);
  EXPECT_EQ(a.count<event::MessageUnreadable>() + b.count<event::MessageUnreadable>(), 0U);
}

// Nobody's clock moves a message, or a conversation to the top of a list.
TEST_F(ConversationTest, WhoseClockIsWrongStandsWhereTheServerHasHim) {
  const auto cleo = world.add_user("cleo");
  auto& c = world.add_phone(cleo);
  connect_all();
  say(c, bob, "first");
  world.settle();
  Texts sent;
  const auto go_by = [&](const Clock& clock) {
    world.disconnect(a);
    a.clock = &clock;
    a.reopen();
    world.connect(a);
    world.settle();
  };
  for (const auto shift : {24h * 3650, -24h * 3650}) {
    testkit::FakeClock wrong(world.clock.now() + shift);
    go_by(wrong);
    sent.push_back("by a clock " + std::to_string(shift.count()) + " hours off");
    say(a, bob, sent.back());
    world.settle();
    go_by(world.clock);
    sent.push_back("by the right clock");
    say(b, ann, sent.back());
    world.settle();
  }
  EXPECT_EQ(b.texts(ann), sent);
  EXPECT_EQ(a.texts(bob), sent);
  world.clock.advance(1s);
  say(c, bob, "later");
  world.settle();
  EXPECT_EQ(b.engine->conversations()->front().peer, cleo);
}

TEST_F(ConversationTest, GapsInTheEventsAreFetched) {
  connect_all();
  world.server.drop_events = true;
  say(a, bob, "one");
  world.settle();
  EXPECT_TRUE(b.texts(ann).empty());
  world.server.drop_events = false;
  say(a, bob, "two");
  world.settle();
  EXPECT_EQ(b.texts(ann), (Texts{"one", "two"}));
}

TEST_F(ConversationTest, DuplicatedAndReorderedEventsAreShownOnceInOrder) {
  connect_all();
  for (const auto* text : {"1", "2", "3", "4"}) {
    say(a, bob, text);
    a.take();
  }
  // Let everything arrive at the server, then shuffle what waits for Bob.
  for (int i = 0; i < 50; ++i) {
    a.take();
    while (!a.to_server.empty()) {
      world.server.handle(a.enrollment.device, a.to_server.front());
      a.to_server.pop_front();
    }
    auto& incoming = world.server.outgoing(a.enrollment.device);
    while (!incoming.empty()) {
      ASSERT_TRUE(a.engine->receive(wire::encode(incoming.front())));
      incoming.pop_front();
    }
  }
  auto& waiting = world.server.outgoing(b.enrollment.device);
  ASSERT_GE(waiting.size(), 4U);
  const auto copy = waiting;
  std::ranges::reverse(waiting);
  waiting.insert(waiting.end(), copy.begin(), copy.end());
  world.settle();
  EXPECT_EQ(b.texts(ann), (Texts{"1", "2", "3", "4"}));
  EXPECT_EQ(b.count<event::MessageReceived>(), 4U);
}

TEST_F(ConversationTest, OutboxAndTextAreBounded) {
  Limits limits;
  limits.max_outbox = 3;
  auto opened = Engine::open({*a.store, world.crypto, world.random, world.clock}, limits);
  ASSERT_TRUE(opened);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(opened->send_text(bob, "x"));
  }
  EXPECT_EQ(opened->send_text(bob, "x").error(), Errc::outbox_full);
  EXPECT_EQ(a.engine->send_text(bob, std::string(limits.max_text + 1, 'x')).error(),
            Errc::message_too_large);
  EXPECT_EQ(a.engine->send_text(bob, "\xff").error(), Errc::bad_text);
  EXPECT_EQ(a.engine->send_text(bob, "").error(), Errc::bad_text);
  EXPECT_TRUE(a.engine->send_text(bob, std::string(limits.max_text, 'x')));
  connect_all();
  EXPECT_EQ(b.texts(ann).size(), 1U);
}

TEST_F(ConversationTest, SendingIsTriedAgainWhenTheServerIsBusyAndGivenUpWhenItRefuses) {
  connect_all();
  world.server.send_error = {
      .code = "gateway.rate_limited", .message = "", .status = 429, .retry_after_ms = 7000};
  const auto first = say(a, bob, "patience");
  world.settle();
  EXPECT_EQ(a.history(bob).at(0).state, MessageState::queued);
  EXPECT_EQ(a.history(bob).at(0).failure, "gateway.rate_limited");
  world.server.send_error.reset();
  world.settle();
  EXPECT_EQ(a.history(bob).at(0).state, MessageState::queued) << "before the delay is over";
  world.settle_over(10s);
  EXPECT_EQ(a.history(bob).at(0).state, MessageState::sent);
  EXPECT_EQ(a.history(bob).at(0).id, first);
  world.server.send_error = {.code = "chat.too_large", .message = "", .status = 413};
  say(a, bob, "refused");
  world.settle();
  EXPECT_EQ(a.history(bob).at(1).state, MessageState::failed);
  EXPECT_EQ(a.history(bob).at(1).failure, "chat.too_large");
  EXPECT_EQ(a.engine->account()->outbox_size, 0U);
}

TEST_F(ConversationTest, AnAnswerThatNeverComesAsksForANewConnection) {
  connect_all();
  say(a, bob, "hello");
  a.take();
  a.to_server.clear();  // lost on the way
  world.clock.advance(31s);
  ASSERT_TRUE(a.engine->tick());
  a.take();
  EXPECT_TRUE(a.reconnect);
  world.settle();
  EXPECT_EQ(b.texts(ann), Texts{"hello"});
}

TEST_F(ConversationTest, PrekeysAreRefilledAndRotatedAndForgotten) {
  connect_all();
  auto& keys = world.server.device(b.enrollment.device);
  const auto first_signed = keys.keys->signed_pre_key->id;
  for (int i = 0; i < 85; ++i) {
    keys.one_time.erase(keys.one_time.begin());
  }
  say(a, bob, "takes one more, and the server says they run low");
  world.settle();
  EXPECT_GE(keys.one_time.size(), 99U);
  world.clock.advance(std::chrono::hours(24 * 8));
  world.settle_over(5s);
  EXPECT_NE(keys.keys->signed_pre_key->id, first_signed);
  EXPECT_EQ(b.count<event::OwnKeysReplaced>(), 0U);
  const auto stored = b.memory.load(Table::pre_key)->size();
  EXPECT_LE(stored, 400U + 4U);
  // The one-time key that has served is gone, its session stays.
  world.disconnect(b);
  world.connect(b);
  say(a, bob, "still there?");
  world.settle();
  EXPECT_EQ(b.texts(ann).size(), 2U);
}

TEST_F(ConversationTest, AOneTimeKeyIsForgottenWithItsFirstUse) {
  connect_all();
  const auto before = b.memory.load(Table::pre_key)->size();
  say(a, bob, "starts the session");
  world.settle();
  EXPECT_EQ(b.memory.load(Table::pre_key)->size(), before - 1);
  say(a, bob, "goes on with it");
  world.settle();
  EXPECT_EQ(b.memory.load(Table::pre_key)->size(), before - 1);
}

TEST_F(ConversationTest, UnknownNamesAndUsersAreTold) {
  EXPECT_FALSE(a.engine->look_up_user("bob")) << "no connection";
  connect_all();
  ASSERT_TRUE(a.engine->look_up_user("nobody"));
  ASSERT_TRUE(a.engine->look_up_user("bob"));
  world.settle();
  ASSERT_EQ(a.count<event::UserNotFound>(), 1U);
  EXPECT_EQ(a.events_of<event::UserNotFound>()[0].username, "nobody");
  ASSERT_EQ(a.count<event::UserFound>(), 1U);
  EXPECT_EQ(a.events_of<event::UserFound>()[0].user.id, bob);
  EXPECT_EQ(a.engine->user_named("bob")->value().id, bob);
}

TEST_F(ConversationTest, AMessageToSomeoneWithoutDevicesWaits) {
  const auto cleo = world.add_user("cleo");
  connect_all();
  say(a, cleo, "see you soon");
  world.settle();
  EXPECT_EQ(a.engine->account()->outbox_size, 1U);
  auto& c = world.add_phone(cleo);
  world.connect(c);
  world.settle_over(60s);
  EXPECT_EQ(c.texts(ann), Texts{"see you soon"});
}

}  // namespace
}  // namespace unhidra::client::testing
