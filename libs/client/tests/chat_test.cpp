// Reactions, threads, receipts, typing and search among engines.

#include "chat_case.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;

class Chat : public ChatCase {};

// An import that is run again sends what is missing, and nothing twice.
TEST_F(Chat, AnImportedMessageSaysWhereItComesFromAndIsSentOnce) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const Imported origin{.system = "Slack",
                        .author = "Cleo",
                        .written_at = from_unix_micros(1'500'000'000'000'000),
                        .reactions = {{"👍", {"Dora", "Emil"}}}};
  std::uint8_t number = 0;
  for (const auto where : {group_of(ann, {&bob}), pair_of(ann, bob)}) {
    Uuid bytes{};
    bytes[15] = ++number;
    const Draft draft{.text = "long ago", .imported = origin, .id = MessageId(bytes)};
    const auto ref = say(ann, where, draft);
    EXPECT_EQ(ref.id, *draft.id);
    EXPECT_EQ(say(ann, where, draft), ref);
    for (auto* phone : {&ann, &bob}) {
      const auto history = phone->engine->history(where, 100, 100).value();
      EXPECT_EQ(std::ranges::count(history, "long ago", &Message::text), 1);
      const auto message = seen_by(*phone, where, ref);
      ASSERT_TRUE(message.imported);
      EXPECT_EQ(message.imported->author, "Cleo");
      EXPECT_EQ(message.imported->written_at, origin.written_at);
      ASSERT_EQ(message.imported->reactions.size(), 1U);
      EXPECT_EQ(message.imported->reactions[0].names, (std::vector<std::string>{"Dora", "Emil"}));
      EXPECT_EQ(message.sender_user, ann.enrollment.user);
    }
    ASSERT_TRUE(ann.engine->edit(where, ref, {.text = "not so long ago"}));
    world.settle();
    EXPECT_TRUE(seen_by(bob, where, ref).imported);
    ASSERT_TRUE(ann.engine->remove(where, ref));
    world.settle();
    EXPECT_FALSE(seen_by(bob, where, ref).imported);
  }
  const auto elsewhere = group_of(ann, {&bob});
  Uuid used{};
  used[15] = 1;
  EXPECT_EQ(ann.engine->send(elsewhere, {.text = "x", .id = MessageId(used)}).error(),
            Errc::bad_import);
  auto nameless = origin;
  nameless.author.clear();
  EXPECT_EQ(ann.engine->send(elsewhere, {.text = "x", .imported = nameless}).error(),
            Errc::bad_import);
}

TEST_F(Chat, ReactionsAreIdempotentAndTheSameEverywhere) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  for (const auto where : {group_of(ann, {&bob, &cleo}), pair_of(ann, bob)}) {
    const auto ref = say(ann, where, {.text = "lunch?"});
    ASSERT_TRUE(bob.engine->react(where, ref, "👍", true));
    ASSERT_TRUE(bob.engine->react(where, ref, "👍", true));
    ASSERT_TRUE(ann.engine->react(where, ref, ":party:", true));
    world.settle();
    ASSERT_TRUE(bob.engine->react(where, ref, "🎉", true));
    ASSERT_TRUE(bob.engine->react(where, ref, "🎉", false));
    ASSERT_TRUE(bob.engine->react(where, ref, "🎉", false));
    world.settle();
    const auto reactions = seen_by(ann, where, ref).reactions;
    ASSERT_EQ(reactions.size(), 2U);
    for (auto* phone : {&ann, &bob}) {
      for (const auto& one : seen_by(*phone, where, ref).reactions) {
        EXPECT_EQ(one.users.size(), 1U);
        EXPECT_EQ(one.users.front(), one.emoji == "👍" ? bob.enrollment.user : ann.enrollment.user);
      }
    }
    EXPECT_EQ(last_failure(bob), "");
  }
  EXPECT_EQ(ann.engine->react(pair_of(ann, bob), {}, "x", true).error(), Errc::not_found);
}

// Whoever writes his own client may send anything, and a server need not look.
TEST_F(Chat, AThreadHasCountParticipantsAndFollowers) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  const auto where = group_of(ann, {&bob, &cleo});
  const auto root = say(ann, where, {.text = "release?"});
  const auto first = say(bob, where, {.text = "friday", .thread_root = root});
  // A reply to a reply stands under the same root.
  say(cleo, where, {.text = "ok", .thread_root = first, .reply_to = first});
  const auto thread = seen_by(ann, where, root).thread;
  ASSERT_TRUE(thread);
  EXPECT_EQ(thread->replies, 2U);
  EXPECT_EQ(thread->unread, 2U);
  EXPECT_TRUE(thread->following);  // her own message
  EXPECT_EQ(thread->participants, (std::vector{bob.enrollment.user, cleo.enrollment.user}));
  EXPECT_EQ(conversation(ann, where).unread, 0U);
  EXPECT_EQ(conversation(ann, where).unread_threads, 1U);
  EXPECT_EQ(ann.engine->thread_messages(where, root).value().size(), 2U);
  EXPECT_EQ(ann.engine->thread_messages(where, root).value()[1].reply_to, first);
  ASSERT_TRUE(ann.engine->mark_thread_read(where, root));
  EXPECT_EQ(conversation(ann, where).unread_threads, 0U);
  EXPECT_EQ(bob.engine->threads({}, true).value().size(), 1U);  // he answered
  ASSERT_TRUE(ann.engine->follow_thread(where, root, false));
  say(bob, where, {.text = "or monday", .thread_root = root});
  EXPECT_EQ(conversation(ann, where).unread_threads, 0U);
  EXPECT_TRUE(ann.engine->threads(where, true).value().empty());
}

TEST_F(Chat, MentionsCountUntilTheyAreRead) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto where = group_of(ann, {&bob});
  const auto ref = say(ann, where, {.text = "@bob look", .mentions = {bob.enrollment.user}});
  say(ann, where, {.text = "all", .mentions_everyone = true});
  EXPECT_EQ(conversation(bob, where).mentions, 2U);
  ASSERT_TRUE(ann.engine->edit(where, ref, {.text = "nobody"}));
  world.settle();
  EXPECT_EQ(conversation(bob, where).mentions, 1U);
  ASSERT_TRUE(bob.engine->mark_all_read({}));
  EXPECT_EQ(conversation(bob, where).mentions, 0U);
}

TEST_F(Chat, ReceiptsAreFoldedForEachPersonAndMayBeTurnedOff) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  for (const auto where : {group_of(ann, {&bob}), pair_of(ann, bob)}) {
    const auto ref = say(ann, where, {.text = "hi"});
    world.settle_over(5s);
    EXPECT_EQ(seen_by(ann, where, ref).delivered_to, 1U);
    EXPECT_EQ(seen_by(ann, where, ref).read_by, 0U);
    ASSERT_TRUE(bob.engine->mark_read(where, UINT64_MAX));
    world.settle_over(5s);
    EXPECT_EQ(seen_by(ann, where, ref).read_by, 1U);
  }
  ASSERT_TRUE(bob.engine->set_receipts(false));
  bob.reopen();
  world.connect(bob);
  EXPECT_FALSE(bob.engine->sends_receipts());
  const auto where = ann.engine->conversation_with(bob.enrollment.user).value()->id;
  const auto ref = say(ann, where, {.text = "hi"});
  ASSERT_TRUE(bob.engine->mark_read(where, UINT64_MAX));
  world.settle_over(5s);
  EXPECT_EQ(seen_by(ann, where, ref).delivered_to, 0U);
}

TEST_F(Chat, AnOrganisationMayForbidReceipts) {
  world.server.receipts_allowed = false;
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto where = pair_of(ann, bob);
  const auto ref = say(ann, where, {.text = "hi"});
  ASSERT_TRUE(bob.engine->mark_read(where, UINT64_MAX));
  world.settle_over(5s);
  EXPECT_EQ(seen_by(ann, where, ref).delivered_to, 0U);
}

TEST_F(Chat, TypingIsThrottledAndEndsByItself) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto where = pair_of(ann, bob);
  const auto before = world.server.requests_seen();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(ann.engine->set_typing(where, true));
    ann.take();
    world.settle();
  }
  EXPECT_EQ(world.server.requests_seen(), before + 1);
  EXPECT_EQ(bob.engine->typing(where), std::vector{ann.enrollment.user});
  world.clock.advance(9s);
  ASSERT_TRUE(bob.engine->tick());
  EXPECT_TRUE(bob.engine->typing(where).empty());
  ASSERT_TRUE(ann.engine->set_typing(where, true));
  ann.take();
  world.settle();
  say(ann, where, {.text = "done"});
  EXPECT_TRUE(bob.engine->typing(where).empty());
}

TEST_F(Chat, SearchFindsPartsOfWordsByPersonPlaceAndTime) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto group = group_of(ann, {&bob});
  const auto pair = pair_of(ann, bob);
  const auto ref = say(ann, group, {.text = "Die ÜBERGABE ist morgen"});
  world.clock.advance(1h);
  const auto later = world.clock.now();
  say(bob, group, {.text = "welche Übergabe?"});
  say(bob, pair, {.text = "unrelated"});
  const auto count = [&](SearchQuery query) { return bob.engine->search(query).value().size(); };
  EXPECT_EQ(count({.words = "übergab"}), 2U);
  EXPECT_EQ(count({.words = "gabe morg"}), 1U);
  EXPECT_EQ(count({.words = "übergabe", .conversation = pair}), 0U);
  EXPECT_EQ(count({.words = "übergabe", .sender = bob.enrollment.user}), 1U);
  EXPECT_EQ(count({.words = "übergabe", .from = later}), 1U);
  EXPECT_EQ(count({.words = "übergabe", .until = later}), 1U);
  EXPECT_EQ(count({.words = "", .limit = 1}), 1U);
  (void)ref;
  const auto own = bob.engine->search({.words = "welche"}).value().front();
  ASSERT_TRUE(bob.engine->edit(group, own.ref(), {.text = "egal"}));
  world.settle();
  EXPECT_EQ(count({.words = "welche"}), 0U);
  EXPECT_EQ(count({.words = "egal"}), 1U);
}

// ---- channels ----

TEST_F(Chat, WhoeverBelongsToTheOrganisationComesIntoAnOpenChannel) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  const auto id = ann.engine->create_channel(
      {.name = "news", .topic = "what is new", .open = true, .users = {bob.enrollment.user}});
  ASSERT_TRUE(id) << id.error().message();
  world.settle();
  ASSERT_EQ(ann.count<event::ChannelCreated>(), 1U);
  EXPECT_EQ(ann.events_of<event::ChannelCreated>().front().failure, "");
  EXPECT_EQ(world.server.channels().at(*id).name, "news");
  ASSERT_TRUE(cleo.engine->ask_place(wire::JoinChannel{*id}));
  world.settle_over(10s);
  const auto group = cleo.engine->group(*id);
  ASSERT_TRUE(group);
  EXPECT_EQ(group->state, GroupState::active);
  EXPECT_TRUE(group->open);
  for (auto* phone : {&ann, &bob}) {
    EXPECT_EQ(phone->count<event::GhostDevice>(), 0U);
    EXPECT_EQ(phone->count<event::GroupRepaired>(), 0U);
  }
  const auto ref = say(ann, *id, {.text = "welcome"});
  EXPECT_EQ(seen_by(cleo, *id, ref).text, "welcome");
  EXPECT_EQ(cleo.engine->group(*id)->topic, "what is new");
}

TEST_F(Chat, WhoJoinsAgainIsNotMadeToWaitForTheNextRepair) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto id = ann.engine->create_channel({.name = "news", .open = true});
  ASSERT_TRUE(id);
  world.settle();
  for (int time = 0; time < 2; ++time) {  // both within a minute
    ASSERT_TRUE(bob.engine->ask_place(wire::JoinChannel{*id}));
    world.settle_over(10s);
    ASSERT_EQ(bob.engine->group(*id)->state, GroupState::active);
    const auto ref = say(ann, *id, {.text = "hello bob"});
    EXPECT_EQ(seen_by(bob, *id, ref).text, "hello bob");
    ASSERT_TRUE(ann.engine->remove_from_group(*id, std::vector{bob.enrollment.user}));
    world.settle();
    ASSERT_EQ(bob.engine->group(*id)->state, GroupState::removed);
  }
}

TEST_F(Chat, NobodyComesIntoAPrivateOneByHimselfWhateverTheServerSays) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto id = ann.engine->create_channel({.name = "plans"});
  ASSERT_TRUE(id);
  world.settle();
  EXPECT_EQ(world.server.channels().at(*id).name, "");
  world.server.let_in(*id, bob.enrollment.user);
  world.disconnect(bob);
  world.connect(bob);
  world.settle_over(10s);
  EXPECT_GE(ann.count<event::GhostDevice>(), 1U);
}

TEST_F(Chat, ARefusedChannelIsLeftAndNobodyWasBroughtIn) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  ASSERT_TRUE(ann.engine->create_channel({.name = "news", .open = true}));
  world.settle();
  const auto second =
      ann.engine->create_channel({.name = "news", .open = true, .users = {bob.enrollment.user}});
  ASSERT_TRUE(second);
  world.settle_over(10s);
  EXPECT_EQ(ann.events_of<event::ChannelCreated>().back().failure, "chat.name_taken");
  EXPECT_EQ(ann.engine->group(*second)->state, GroupState::left);
  EXPECT_FALSE(bob.engine->group(*second));
}

TEST_F(Chat, NewcomersComeIntoTheDefaultChannels) {
  auto& ann = join("ann");
  const auto id = ann.engine->create_channel({.name = "welcome", .open = true, .is_default = true});
  ASSERT_TRUE(id);
  world.settle();
  auto& bob = join("bob");
  world.settle_over(10s);
  ASSERT_TRUE(bob.engine->group(*id));
  EXPECT_EQ(bob.engine->group(*id)->state, GroupState::active);
}

TEST_F(Chat, WhatIsOfAnotherKindThanTheServerWasToldIsNotShown) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto where = pair_of(ann, bob);
  world.server.kind_lie = wire::MessageKind::signal;
  ASSERT_TRUE(ann.engine->send(where, {.text = "smuggled"}));
  world.settle();
  world.server.kind_lie.reset();
  ASSERT_GE(bob.count<event::MessageUnreadable>(), 1U);
  EXPECT_EQ(bob.events_of<event::MessageUnreadable>().back().message.reason,
            UnreadableReason::mislabelled);
  EXPECT_EQ(bob.texts(ann.enrollment.user), std::vector<std::string>{"first"});
}

}  // namespace
}  // namespace unhidra::client::testing
