// History for a new own device: the code, what arrives and where, breaks, and a server or device in
// between.

#include "history_code.h"
#include "records.h"
#include "world.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;
class History : public ::testing::Test {
 protected:
  History() {
    world.keep_few_keys();
    world.limits.pre_key_target = 20;
  }
  Phone& join(const std::string& name) { return world.join(name); }
  Phone& add_device(Phone& approver, const std::string& name) {
    auto& phone = world.add_phone(approver.enrollment.user, name);
    world.connect(phone);
    world.settle();
    world.approve(approver, phone);
    return phone;
  }
  void say(Phone& by, Phone& to, const std::string& text) {
    ASSERT_TRUE(by.engine->send_text(to.enrollment.user, text));
    world.settle();
  }
  HistoryTransfer transfer(const Phone& phone, const Phone& other) {
    const auto all = phone.engine->history_transfers().value();
    for (const auto& one : all) {
      if (one.device == other.enrollment.device) {
        return one;
      }
    }
    ADD_FAILURE() << "no transfer";
    return {};
  }
  std::string ask(Phone& fresh, Phone& old) {
    EXPECT_TRUE(fresh.engine->request_history(old.enrollment.device));
    world.settle();
    EXPECT_EQ(transfer(old, fresh).state, HistoryState::comparing);
    EXPECT_EQ(transfer(old, fresh).code, "");
    return transfer(fresh, old).code;
  }
  void give(Phone& fresh, Phone& old) {
    ASSERT_TRUE(old.engine->approve_history(fresh.enrollment.device, ask(fresh, old)));
  }
  std::string last_failure(const Phone& phone) {
    const auto all = phone.events_of<event::HistoryTransferChanged>();
    return all.empty() ? "" : all.back().failure;
  }

  World world;
};

TEST_F(History, ANewDeviceGetsWhatTheOldOneHasInItsOrder) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  Texts all;
  for (int i = 0; i < 5; ++i) {
    all.push_back("from ann " + std::to_string(i));
    say(ann, bob, all.back());
    all.push_back("from bob " + std::to_string(i));
    say(bob, ann, all.back());
  }
  auto& fresh = add_device(ann, "tablet");
  for (const auto* text : {"live one", "live two"}) {
    all.push_back(text);
    say(bob, ann, text);
  }
  const auto code = ask(fresh, ann);
  EXPECT_EQ(code.size(), 11U) << code;
  EXPECT_TRUE(fresh.texts(bob.enrollment.user).size() == 2) << "nothing before the approval";
  ASSERT_TRUE(ann.engine->approve_history(fresh.enrollment.device, code));
  world.settle();

  EXPECT_EQ(transfer(fresh, ann).state, HistoryState::done);
  EXPECT_EQ(transfer(ann, fresh).state, HistoryState::done);
  EXPECT_EQ(transfer(fresh, ann).messages, 10U);
  EXPECT_EQ(fresh.texts(bob.enrollment.user), all);
  const auto history = fresh.history(bob.enrollment.user);
  for (std::size_t i = 0; i < history.size(); ++i) {
    EXPECT_EQ(history[i].index, i);
    EXPECT_EQ(history[i].state, MessageState::received);
    EXPECT_EQ(history[i].id, ann.history(bob.enrollment.user)[i].id);
    EXPECT_EQ(history[i].sent_at, ann.history(bob.enrollment.user)[i].sent_at);
  }
  const auto told = fresh.events_of<event::HistoryReceived>();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told.front().messages, 10U);
  // What comes later stands behind it, and nothing is missed or shown twice.
  say(bob, ann, "afterwards");
  say(fresh, bob, "from the tablet");
  all.insert(all.end(), {"afterwards", "from the tablet"});
  EXPECT_EQ(fresh.texts(bob.enrollment.user), all);
  EXPECT_EQ(ann.texts(bob.enrollment.user), all);
  world.disconnect(fresh);
  world.connect(fresh);
  world.settle();
  EXPECT_EQ(fresh.count<event::MessagesMissing>(), 0U);
  EXPECT_EQ(fresh.texts(bob.enrollment.user), all);
}

// With so many reactions its record is larger than a chunk takes: it comes with a part of them.
TEST_F(History, AMessageWithVeryManyReactionsComesToo) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  say(bob, ann, "much liked");
  const auto stored = ann.memory.load(Table::message).value();
  ASSERT_EQ(stored.size(), 1U);
  auto message = StoredMessage::decode(stored.front().value.expose()).value();
  for (std::uint64_t i = 0; i < 2000; ++i) {
    message.marks.push_back({UserId::make(world.clock, world.random), "+1", i, true});
  }
  std::vector<Mutation> change;
  change.push_back({Table::message, stored.front().key, message.encode()});
  ASSERT_GT(change.front().value->size(), 48U * 1024);
  ASSERT_TRUE(ann.memory.commit(change));
  world.disconnect(ann);
  ann.reopen();
  world.connect(ann);
  auto& fresh = add_device(ann, "tablet");
  const auto code = ask(fresh, ann);
  ASSERT_TRUE(ann.engine->approve_history(fresh.enrollment.device, code));
  world.settle();
  EXPECT_EQ(transfer(fresh, ann).state, HistoryState::done);
  EXPECT_EQ(fresh.texts(bob.enrollment.user), Texts{"much liked"});
  const auto there = fresh.history(bob.enrollment.user);
  ASSERT_EQ(there.front().reactions.size(), 1U);
  EXPECT_GE(there.front().reactions.front().users.size(), 500U);
}

TEST_F(History, ASecondTransferAddsNothing) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  say(bob, ann, "one");
  say(ann, bob, "two");
  auto& fresh = add_device(ann, "tablet");
  for (int i = 0; i < 2; ++i) {
    give(fresh, ann);
    world.settle();
    EXPECT_EQ(transfer(fresh, ann).state, HistoryState::done);
    EXPECT_EQ(fresh.texts(bob.enrollment.user), (Texts{"one", "two"}));
  }
  EXPECT_EQ(fresh.count<event::HistoryReceived>(), 1U);
}

TEST_F(History, WhatWaitsToBeSentKeepsItsPlace) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  say(bob, ann, "old");
  auto& fresh = add_device(ann, "tablet");
  say(bob, ann, "new");
  world.server.send_error = wire::Error{.code = "x", .message = "later", .status = 503};
  ASSERT_TRUE(fresh.engine->send_text(bob.enrollment.user, "waits"));
  world.settle();
  world.server.send_error.reset();
  world.settle_over(30s);
  ASSERT_TRUE(fresh.engine->connection_closed());
  ASSERT_TRUE(fresh.engine->send_text(bob.enrollment.user, "waits too"));
  world.connect(fresh);
  give(fresh, ann);
  world.settle_over(30s);
  EXPECT_EQ(fresh.texts(bob.enrollment.user), (Texts{"old", "new", "waits", "waits too"}));
  EXPECT_EQ(fresh.history(bob.enrollment.user).back().state, MessageState::sent);
}

TEST_F(History, GroupsOldMessagesComeToo) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto group = *ann.engine->create_group("the group", std::array{bob.enrollment.user});
  world.settle();
  const auto left = *ann.engine->create_group("over", std::array{bob.enrollment.user});
  world.settle();
  for (const auto& [by, where, text] :
       {std::tuple{&ann, group, "a"}, {&bob, group, "b"}, {&bob, left, "in the other"}}) {
    ASSERT_TRUE(by->engine->send_text(where, text));
    world.settle();
  }
  ASSERT_TRUE(ann.engine->leave_group(left));
  world.settle_over(60s);
  auto& fresh = add_device(ann, "tablet");
  world.settle_over(60s);
  ASSERT_TRUE(bob.engine->send_text(group, "to all three"));
  world.settle();
  EXPECT_EQ(fresh.texts(group), Texts{"to all three"});
  give(fresh, ann);
  world.settle();
  EXPECT_EQ(fresh.engine->group(group)->name, "the group");
  EXPECT_EQ(fresh.texts(group), (Texts{"a", "b", "to all three"}));
  EXPECT_EQ(fresh.texts(left), Texts{"in the other"});
  EXPECT_EQ(fresh.engine->group(left)->state, GroupState::left);
  EXPECT_EQ(fresh.engine->group(left)->name, "over");
  EXPECT_EQ(fresh.engine->group(group)->state, GroupState::active);
  EXPECT_EQ(fresh.engine->send_text(left, "no").error(), Errc::not_in_group);
}

TEST_F(History, AWrongCodeEndsIt) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  say(bob, ann, "secret");
  auto& fresh = add_device(ann, "tablet");
  auto code = ask(fresh, ann);
  auto wrong = code;
  wrong.back() = wrong.back() == '1' ? '2' : '1';
  for (const auto& typed : {wrong, std::string(), std::string("0"), code + "0"}) {
    ASSERT_TRUE(ann.engine->approve_history(fresh.enrollment.device, typed));
    world.settle();
    EXPECT_EQ(transfer(ann, fresh).state, HistoryState::failed);
    EXPECT_EQ(last_failure(ann), "client.wrong_code");
    EXPECT_EQ(transfer(fresh, ann).state, HistoryState::failed);
    EXPECT_EQ(ann.engine->approve_history(fresh.enrollment.device, code).error(), Errc::not_found)
        << "there is no second guess";
    EXPECT_TRUE(fresh.texts(bob.enrollment.user).empty());
    code = ask(fresh, ann);
  }
  // Typed as people type.
  code.erase(5, 1);
  ASSERT_TRUE(ann.engine->approve_history(fresh.enrollment.device, " " + code.insert(5, "-")));
  world.settle();
  EXPECT_EQ(fresh.texts(bob.enrollment.user), Texts{"secret"});
}

TEST_F(History, ACodeIsGoodForTenMinutes) {
  auto& ann = join("ann");
  auto& fresh = add_device(ann, "tablet");
  const auto code = ask(fresh, ann);
  world.clock.advance(11min);
  ASSERT_TRUE(ann.engine->approve_history(fresh.enrollment.device, code));
  world.settle();
  EXPECT_EQ(last_failure(ann), "client.wrong_code");
}

TEST_F(History, OnlyApprovedOwnDevicesTakePart) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& pending = world.add_phone(ann.enrollment.user, "pending");
  world.connect(pending);
  world.settle();
  EXPECT_EQ(pending.engine->request_history(ann.enrollment.device).error(), Errc::not_approved);
  EXPECT_EQ(ann.engine->request_history(bob.enrollment.device).error(), Errc::not_found);
  EXPECT_EQ(ann.engine->request_history(ann.enrollment.device).error(), Errc::not_found);
  EXPECT_EQ(ann.engine->approve_history(pending.enrollment.device, "12345 67890").error(),
            Errc::not_found);
  EXPECT_EQ(ann.engine->cancel_history(pending.enrollment.device).error(), Errc::not_found);
}

// A third device, which the account's owner approved without looking, sits in between: the new
// device asks it, and it asks the old one. The codes differ, so that the person notices.
TEST_F(History, SomebodyInBetweenShowsAnotherCode) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  say(bob, ann, "secret");
  auto& between = add_device(ann, "ghost");
  auto& fresh = add_device(ann, "tablet");
  const auto shown = ask(fresh, between);
  const auto expected = ask(between, ann);
  EXPECT_NE(shown, expected);
  ASSERT_TRUE(ann.engine->approve_history(between.enrollment.device, shown));
  world.settle();
  EXPECT_EQ(transfer(ann, between).state, HistoryState::failed);
  EXPECT_TRUE(between.texts(bob.enrollment.user).empty());
  EXPECT_TRUE(fresh.texts(bob.enrollment.user).empty());
}

// With the nonce chosen after the other's is known, a code could be hit by trying; the commitment
// binds it before.
TEST_F(History, TheCodeDependsOnAllAndTheCommitmentOnTheReceiversPart) {
  HistoryPairing first;
  world.random.fill(first.id);
  first.receiver = {DeviceId::make(world.clock, world.random), {}, {}};
  first.giver = {DeviceId::make(world.clock, world.random), {}, {}};
  const auto code = history_code(world.crypto, first);
  const auto commitment = history_commitment(world.crypto, first);
  const auto differs = [&](auto change, bool commits) {
    auto other = first;
    change(other);
    EXPECT_NE(history_code(world.crypto, other), code);
    EXPECT_EQ(history_commitment(world.crypto, other) != commitment, commits);
  };
  differs([](auto& one) { one.id[0] ^= 1; }, true);
  differs([](auto& one) { one.receiver_nonce[31] ^= 1; }, true);
  differs([](auto& one) { one.giver_nonce[31] ^= 1; }, false);
  differs([](auto& one) { one.receiver.identity_key.mutable_bytes()[0] ^= 1; }, true);
  differs([](auto& one) { one.receiver.signing_key.mutable_bytes()[0] ^= 1; }, true);
  differs([](auto& one) { one.giver.identity_key.mutable_bytes()[0] ^= 1; }, true);
  differs([](auto& one) { std::swap(one.giver.device_id, one.receiver.device_id); }, true);
}

TEST_F(History, BreaksAtAnyMomentLoseNothingAndShowNothingTwice) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  Texts all;
  for (int i = 0; i < 30; ++i) {
    all.push_back(std::to_string(i) + std::string(6000, 'x'));
    say(i % 3 == 0 ? ann : bob, i % 3 == 0 ? bob : ann, all.back());
  }
  auto& fresh = add_device(ann, "tablet");
  give(fresh, ann);
  // Frames move one at a time; now and then a device ends as in a crash, or a connection breaks.
  for (int step = 0; step < 4000; ++step) {
    if (!world.move_one()) {
      break;
    }
    if (step % 37 == 0) {
      auto& phone = step % 2 == 0 ? fresh : ann;
      world.server.disconnect(phone.enrollment.device);
      phone.reopen();
      world.connect(phone);
    } else if (step % 53 == 0) {
      world.disconnect(fresh);
      world.connect(fresh);
    }
  }
  world.settle_over(300s);
  EXPECT_EQ(transfer(fresh, ann).state, HistoryState::done);
  EXPECT_EQ(transfer(ann, fresh).state, HistoryState::done);
  EXPECT_EQ(fresh.texts(bob.enrollment.user), all);
  EXPECT_EQ(transfer(ann, fresh).messages, all.size());
}

TEST_F(History, ALostChunkIsAskedForAgain) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  Texts all;
  for (int i = 0; i < 40; ++i) {
    all.push_back(std::to_string(i) + std::string(5000, 'y'));
    say(bob, ann, all.back());
  }
  auto& fresh = add_device(ann, "tablet");
  const auto code = ask(fresh, ann);
  world.server.flip_for = fresh.enrollment.device;  // what is on its way is spoilt
  ASSERT_TRUE(ann.engine->approve_history(fresh.enrollment.device, code));
  world.settle();
  world.server.flip_for.reset();
  EXPECT_NE(transfer(fresh, ann).state, HistoryState::done);
  say(bob, ann, "meanwhile");
  all.push_back("meanwhile");
  world.settle_over(300s);
  if (transfer(fresh, ann).state != HistoryState::done) {
    give(fresh, ann);
    world.settle_over(300s);
  }
  EXPECT_EQ(transfer(fresh, ann).state, HistoryState::done);
  EXPECT_EQ(fresh.texts(bob.enrollment.user), all);
}

TEST_F(History, BothSidesCallItOff) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  say(bob, ann, "text");
  auto& fresh = add_device(ann, "tablet");
  for (const bool by_old : {true, false}) {
    ask(fresh, ann);
    auto& by = by_old ? ann : fresh;
    auto& other = by_old ? fresh : ann;
    ASSERT_TRUE(by.engine->cancel_history(other.enrollment.device));
    world.settle();
    EXPECT_EQ(transfer(other, by).state, HistoryState::failed);
    EXPECT_EQ(last_failure(other), "client.history_cancelled");
  }
  ask(fresh, ann);
  ASSERT_TRUE(ann.engine->remove_device(fresh.enrollment.device));
  world.settle();
  EXPECT_EQ(transfer(ann, fresh).state, HistoryState::failed);
}

TEST_F(History, TheNewestMessagesOfALongConversationCome) {
  world.limits.max_history_messages = 4;
  auto& ann = join("ann");
  auto& bob = join("bob");
  for (int i = 0; i < 9; ++i) {
    say(bob, ann, std::to_string(i));
  }
  auto& fresh = add_device(ann, "tablet");
  give(fresh, ann);
  world.settle();
  EXPECT_EQ(fresh.texts(bob.enrollment.user), (Texts{"5", "6", "7", "8"}));
}

TEST_F(History, WhomTheOldDeviceVerifiedTheNewOneKnowsToo) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  say(bob, ann, "text");
  ASSERT_TRUE(ann.engine->set_verified(bob.enrollment.user, true));
  auto& fresh = add_device(ann, "tablet");
  give(fresh, ann);
  world.settle();
  EXPECT_EQ(fresh.engine->user(bob.enrollment.user)->value().trust, Trust::verified);
  EXPECT_EQ(fresh.engine->user(bob.enrollment.user)->value().username, "bob");
}

}  // namespace
}  // namespace unhidra::client::testing
