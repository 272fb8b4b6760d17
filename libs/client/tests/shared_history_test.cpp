// A group that shares its history with those who come later.

#include <algorithm>

#include "unhidra/mls/group.h"

#include "shared_history_case.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;

class SharedHistories : public SharedHistoryCase {
 protected:
  std::vector<UnreadableReason> reasons(const Phone& phone) {
    std::vector<UnreadableReason> out;
    for (const auto& one : phone.events_of<event::MessageUnreadable>()) {
      out.push_back(one.message.reason);
    }
    return out;
  }
  wire::GroupEntry& entry_of(ConversationId id, const MessageId& message) {
    auto& log = world.server.groups().at(id).log;
    return *std::ranges::find(log, std::optional(message), &wire::GroupEntry::message_id);
  }
};

TEST_F(SharedHistories, IsOffUntilAMemberSwitchesItOnAndEverybodySeesWho) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto id = create(ann, {&bob});
  EXPECT_FALSE(bob.engine->group(id)->shares_history);
  share(ann, id, true);
  for (auto* phone : {&ann, &bob}) {
    const auto told = phone->events_of<event::SharedHistoryChanged>();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_TRUE(told.front().shared);
    EXPECT_EQ(told.front().by, ann.enrollment.user);
    EXPECT_TRUE(phone->engine->group(id)->shares_history);
    EXPECT_EQ(phone->engine->group(id)->history_changed_by, ann.enrollment.user);
    EXPECT_FALSE(phone->engine->group(id)->has_earlier);
  }
  share(ann, id, true);  // as it is
  EXPECT_EQ(bob.count<event::SharedHistoryChanged>(), 1U);
  share(bob, id, false);
  EXPECT_EQ(ann.events_of<event::SharedHistoryChanged>().back().by, bob.enrollment.user);
  EXPECT_FALSE(ann.events_of<event::SharedHistoryChanged>().back().shared);
  EXPECT_FALSE(ann.engine->group(id)->shares_history);
  tell(ann, id, "as before");
  EXPECT_EQ(bob.texts(id), Texts{"as before"});
  expect_together(id, {&ann, &bob});
}

TEST_F(SharedHistories, ANewcomerReadsWhatWasWrittenSinceAndNothingBefore) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  const auto id = create(ann, {&bob});
  tell(ann, id, "closed");
  share(bob, id, true);
  tell(ann, id, "one");
  tell(bob, id, "two");
  add(ann, id, cleo);
  tell(bob, id, "three");
  EXPECT_EQ(cleo.texts(id), Texts{"three"}) << "not before it is asked for";
  EXPECT_TRUE(cleo.engine->group(id)->has_earlier);
  EXPECT_EQ(cleo.engine->group(id)->history_changed_by, bob.enrollment.user);
  EXPECT_EQ(read_all(cleo, id), 2U);
  EXPECT_EQ(cleo.texts(id), (Texts{"one", "two", "three"}));
  const auto all = cleo.engine->history(id, UINT64_MAX, 10).value();
  EXPECT_TRUE(all[0].from_history && all[1].from_history);
  EXPECT_FALSE(all[2].from_history);
  EXPECT_EQ(all[0].sender_user, ann.enrollment.user);
  EXPECT_EQ(all[2].index, 2U);
  SearchQuery query;
  query.words = "one";
  EXPECT_EQ(cleo.engine->search(query)->size(), 1U);
  EXPECT_EQ(cleo.count<event::MessageUnreadable>(), 0U);
  cleo.reopen();
  EXPECT_EQ(cleo.texts(id), (Texts{"one", "two", "three"}));
}

TEST_F(SharedHistories, ARefusalIsToldAndCanBeAskedAgain) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto id = create(ann, {});
  share(ann, id, true);
  tell(ann, id, "one");
  add(ann, id, bob);
  bob.events.clear();  // that there is something was told when he came in
  world.server.log_error = wire::Error{.code = "chat.not_found", .status = 404};
  ASSERT_TRUE(bob.engine->read_earlier(id));
  world.settle();
  ASSERT_EQ(bob.count<event::RequestFailed>(), 1U);
  EXPECT_EQ(bob.events_of<event::RequestFailed>().front().what, "earlier");
  ASSERT_EQ(bob.count<event::EarlierMessages>(), 1U);
  EXPECT_EQ(bob.events_of<event::EarlierMessages>().front().messages, 0U);
  EXPECT_TRUE(bob.events_of<event::EarlierMessages>().front().more);
  world.server.log_error.reset();
  world.settle_over(5s);
  EXPECT_EQ(read_all(bob, id), 1U);
}

TEST_F(SharedHistories, AServerThatSendsMoreThanThePageIsNotFollowed) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto id = create(ann, {});
  share(ann, id, true);
  Texts said;
  for (int i = 0; i < 120; ++i) {
    said.push_back(std::to_string(i));
    tell(ann, id, said.back());
  }
  add(ann, id, bob);
  bob.events.clear();
  world.server.log_from_start = true;
  ASSERT_TRUE(bob.engine->read_earlier(id));
  world.settle();
  ASSERT_EQ(bob.count<event::EarlierMessages>(), 1U);
  EXPECT_LE(bob.events_of<event::EarlierMessages>().front().messages, 50U);
  read_all(bob, id);
  EXPECT_EQ(bob.texts(id), said);
}

TEST_F(SharedHistories, WhatIsSwitchedOffStaysClosed) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  const auto id = create(ann, {&bob});
  share(ann, id, true);
  tell(ann, id, "shared then");
  share(ann, id, false);
  tell(ann, id, "closed");
  add(ann, id, cleo);
  EXPECT_FALSE(cleo.engine->group(id)->has_earlier);
  ASSERT_TRUE(cleo.engine->read_earlier(id));
  world.settle();
  EXPECT_TRUE(cleo.texts(id).empty());
  auto& dora = join("dora");
  share(ann, id, true);
  tell(ann, id, "shared again");
  add(bob, id, dora);
  EXPECT_EQ(read_all(dora, id), 1U);
  EXPECT_EQ(dora.texts(id), Texts{"shared again"});
}

TEST_F(SharedHistories, TheWayLeadsBackThroughManyEpochs) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto id = create(ann, {&bob});
  share(ann, id, true);
  Texts expected;
  for (int i = 0; i < 12; ++i) {
    auto& guest = join("guest" + std::to_string(i));
    for (int k = 0; k < 8; ++k) {
      expected.push_back(std::to_string(i) + "." + std::to_string(k));
      tell(k % 2 == 0 ? ann : bob, id, expected.back());
    }
    add(i % 2 == 0 ? ann : bob, id, guest);
  }
  auto& last = *world.phones.back();
  EXPECT_TRUE(last.texts(id).empty());
  ASSERT_TRUE(last.engine->read_earlier(id));
  world.settle();
  const auto part = last.texts(id);
  EXPECT_GT(part.size(), 20U);
  EXPECT_LT(part.size(), expected.size()) << "a page at a time";
  EXPECT_EQ(part.back(), expected.back());
  read_all(last, id);
  EXPECT_EQ(last.texts(id), expected);
  // Whoever came later opens the way for the next one.
  auto& next = join("next");
  add(last, id, next);
  read_all(next, id);
  EXPECT_EQ(next.texts(id), expected);
}

TEST_F(SharedHistories, WhoComesIntoAnOpenChannelReadsItToo) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  NewChannel wanted;
  wanted.name = "open";
  wanted.open = true;
  wanted.users = {bob.enrollment.user};
  const auto id = ann.engine->create_channel(wanted).value();
  world.settle();
  share(ann, id, true);
  tell(bob, id, "welcome");
  ASSERT_TRUE(cleo.engine->ask_place(wire::JoinChannel{id}));
  world.settle_over(30s);
  ASSERT_EQ(cleo.engine->group(id)->state, GroupState::active);
  read_all(cleo, id);
  EXPECT_EQ(cleo.texts(id), Texts{"welcome"});
}

TEST_F(SharedHistories, ASecondDeviceReadsIt) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto id = create(ann, {&bob});
  share(ann, id, true);
  tell(ann, id, "one");
  tell(bob, id, "two");
  auto& second = world.add_phone(bob.enrollment.user, "second");
  world.connect(second);
  world.settle();
  world.approve(bob, second);
  world.settle_over(60s);
  ASSERT_EQ(second.engine->group(id)->state, GroupState::active);
  read_all(second, id);
  EXPECT_EQ(second.texts(id), (Texts{"one", "two"}));
}

TEST_F(SharedHistories, WhoIsRemovedReadsNoMoreAndWhoReturnsReadsTheGap) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  const auto id = create(ann, {&bob, &cleo});
  share(ann, id, true);
  tell(ann, id, "with cleo");
  ASSERT_TRUE(ann.engine->remove_from_group(id, std::array{cleo.enrollment.user}));
  world.settle();
  tell(bob, id, "without cleo");
  EXPECT_EQ(cleo.texts(id), Texts{"with cleo"});
  EXPECT_FALSE(cleo.engine->group(id)->has_earlier);
  add(ann, id, cleo);
  tell(ann, id, "again with cleo");
  read_all(cleo, id);
  EXPECT_EQ(cleo.texts(id), (Texts{"with cleo", "without cleo", "again with cleo"}));
}

TEST_F(SharedHistories, EditsReactionsThreadsAndDeletionsReachWhatComesLater) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  const auto id = create(ann, {&bob});
  share(ann, id, true);
  const auto root = ann.engine->send_text(id, "root").value();
  const auto gone = ann.engine->send_text(id, "to be deleted").value();
  world.settle();
  const MessageRef root_ref{root, ann.enrollment.device};
  for (int i = 0; i < 60; ++i) {
    tell(bob, id, "filler");
  }
  ASSERT_TRUE(ann.engine->edit(id, root_ref, {.text = "edited"}));
  ASSERT_TRUE(bob.engine->react(id, root_ref, "+1", true));
  Draft reply{.text = "reply"};
  reply.thread_root = root_ref;
  ASSERT_TRUE(bob.engine->send(id, reply));
  world.settle();
  add(ann, id, cleo);
  // After cleo has come, and before she has read back.
  ASSERT_TRUE(ann.engine->remove(id, {gone, ann.enrollment.device}));
  world.settle();
  read_all(cleo, id);
  const auto here = cleo.engine->message(id, root_ref).value();
  ASSERT_TRUE(here);
  EXPECT_EQ(here->text, "edited");
  ASSERT_EQ(here->reactions.size(), 1U);
  EXPECT_EQ(here->reactions.front().users, std::vector{bob.enrollment.user});
  ASSERT_TRUE(here->thread);
  EXPECT_EQ(here->thread->replies, 1U);
  const auto deleted = cleo.engine->message(id, {gone, ann.enrollment.device}).value();
  ASSERT_TRUE(deleted);
  EXPECT_TRUE(deleted->deleted);
  EXPECT_EQ(deleted->text, "");
}

TEST_F(SharedHistories, WhatTheServerChangesOrMovesIsNotShown) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  const auto id = create(ann, {&bob});
  share(ann, id, true);
  std::vector<MessageId> ids;
  for (int i = 0; i < 6; ++i) {
    ids.push_back((i % 2 == 0 ? ann : bob).engine->send_text(id, std::to_string(i)).value());
    world.settle();
  }
  // Changed; under another's name; at another time; with another's content; without its box.
  const auto change = [&](wire::GroupEntry& entry, auto how) {
    auto message = mls::MlsMessage::parse(entry.content).value();
    auto& sealed = std::get<mls::PrivateMessage>(message.body);
    how(sealed);
    entry.content = mls::encode(message);
  };
  change(entry_of(id, ids[0]), [](auto& sealed) { sealed.authenticated_data.back() ^= 1; });
  entry_of(id, ids[1]).sender_user_id = ann.enrollment.user;
  entry_of(id, ids[2]).sent_at += 1s;
  change(entry_of(id, ids[3]), [](auto& sealed) {
    sealed.authenticated_data.resize(89);
    sealed.authenticated_data.front() = 1;
  });
  // Two change places: the later one had read the earlier one.
  auto& four = entry_of(id, ids[4]);
  auto& five = entry_of(id, ids[5]);
  std::swap(four, five);
  std::swap(four.seq, five.seq);
  add(ann, id, cleo);
  read_all(cleo, id);
  EXPECT_EQ(cleo.texts(id), Texts{"4"});
  EXPECT_EQ(reasons(cleo), (std::vector{UnreadableReason::tampered, UnreadableReason::tampered,
                                        UnreadableReason::tampered, UnreadableReason::tampered,
                                        UnreadableReason::out_of_place}));
}

TEST_F(SharedHistories, TheServerCannotShareAndSeesNoKey) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto id = create(ann, {&bob});
  // An external sender's proposal to change the context is no good.
  share(ann, id, true);
  tell(ann, id, "find me if you can");
  for (const auto& entry : world.server.groups().at(id).log) {
    EXPECT_EQ(as_text(entry.content).find("find me"), std::string_view::npos);
  }
  // Keys of the store stand in no entry of the log.
  const auto records = ann.memory.load(Table::group_history).value();
  ASSERT_EQ(records.size(), 1U);
  const auto stored = as_text(records.front().value.expose());
  for (const auto& entry : world.server.groups().at(id).log) {
    for (std::size_t at = 50; at + 32 <= stored.size(); ++at) {
      const auto part = stored.substr(at, 32);
      const bool zeros = part.find_first_not_of('\0') == std::string_view::npos;
      EXPECT_TRUE(zeros || as_text(entry.content).find(part) == std::string_view::npos);
    }
  }
}

// Whatever commit of a newcomer's reading fails, everything is there once.
TEST_F(SharedHistories, ReadingBackSurvivesACrashAtEveryCommit) {
  for (std::size_t at = 1; at < 12; ++at) {
    for (const bool after : {false, true}) {
      World fresh;
      fresh.limits = world.limits;
      auto& ann = fresh.add_phone(fresh.add_user("ann"));
      auto& bob = fresh.add_phone(fresh.add_user("bob"));
      fresh.connect(ann);
      fresh.connect(bob);
      fresh.settle();
      const auto id = ann.engine->create_group("g", {}).value();
      fresh.settle();
      ASSERT_TRUE(ann.engine->share_history(id, true));
      fresh.settle();
      for (const auto* text : {"one", "two"}) {
        ASSERT_TRUE(ann.engine->send_text(id, text));
        fresh.settle();
      }
      ASSERT_TRUE(ann.engine->add_to_group(id, std::array{bob.enrollment.user}));
      bob.store->fail_at = bob.store->commits + at;
      bob.store->after = after;
      fresh.settle_over(60s);
      for (int i = 0; i < 3; ++i) {
        (void)bob.engine->read_earlier(id);
        fresh.settle_over(10s);
      }
      EXPECT_EQ(bob.texts(id), (Texts{"one", "two"})) << at << " " << after;
    }
  }
}

}  // namespace
}  // namespace unhidra::client::testing
