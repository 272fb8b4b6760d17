// Edits and deletions among engines: by their author, in the order of the log.

#include "chat_case.h"

namespace unhidra::client::testing {
namespace {

using namespace std::chrono_literals;

class Edits : public ChatCase {
 protected:
  static Texts texts(Phone& phone, ConversationId where, const MessageRef& ref) {
    Texts out;
    const auto all = phone.engine->texts(where, ref);
    EXPECT_TRUE(all);
    for (const auto& one : all.value()) {
      out.push_back(one.text);
    }
    return out;
  }
};

TEST_F(Edits, AnEditComesFromTheAuthorAndInTime) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  for (const auto where : {group_of(ann, {&bob}), pair_of(ann, bob)}) {
    const auto ref = say(ann, where, {.text = "teh plan"});
    EXPECT_EQ(bob.engine->edit(where, ref, {.text = "mine"}).error(), Errc::not_yours);
    ASSERT_TRUE(ann.engine->edit(where, ref, {.text = "the plan"}));
    world.settle();
    for (auto* phone : {&ann, &bob}) {
      EXPECT_EQ(seen_by(*phone, where, ref).text, "the plan");
      EXPECT_EQ(seen_by(*phone, where, ref).edits, 1U);
    }
    world.clock.advance(6min);
    ASSERT_TRUE(ann.engine->edit(where, ref, {.text = "another plan"}));
    world.settle();
    EXPECT_EQ(last_failure(ann), "chat.edit_window_closed");
    EXPECT_EQ(seen_by(bob, where, ref).text, "the plan");
    EXPECT_EQ(seen_by(ann, where, ref).text, "the plan");
  }
}

TEST_F(Edits, NobodyBelievesAnEditOrDeletionOfAnothersMessage) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  for (const auto where : {group_of(ann, {&bob}), pair_of(ann, bob)}) {
    const auto ref = say(ann, where, {.text = "as Ann said it"});
    claim(bob, where, ref);
    world.server.authors_checked = false;
    ASSERT_TRUE(bob.engine->edit(where, ref, {.text = "as Bob has it"}));
    world.settle();
    EXPECT_EQ(seen_by(bob, where, ref).text, "as Bob has it") << "it was sent and taken";
    EXPECT_EQ(seen_by(ann, where, ref).text, "as Ann said it");
    EXPECT_EQ(seen_by(ann, where, ref).edits, 0U);
    ASSERT_TRUE(bob.engine->remove(where, ref));
    world.settle();
    EXPECT_TRUE(seen_by(bob, where, ref).deleted);
    EXPECT_FALSE(seen_by(ann, where, ref).deleted);
    world.server.authors_checked = true;
  }
}

TEST_F(Edits, OfEditsAtTheSameTimeTheLaterInTheLogCountsEverywhere) {
  auto& ann = join("ann");
  auto& laptop = world.add_phone(ann.enrollment.user, "laptop");
  world.connect(laptop);
  world.settle();
  world.approve(ann, laptop);
  auto& bob = join("bob");
  for (const auto where : {group_of(ann, {&bob}), pair_of(ann, bob)}) {
    const auto ref = say(ann, where, {.text = "as it was"});
    world.disconnect(ann);
    world.disconnect(laptop);
    ASSERT_TRUE(ann.engine->edit(where, ref, {.text = "from the phone"}));
    ASSERT_TRUE(laptop.engine->edit(where, ref, {.text = "from the laptop"}));
    world.connect(laptop);
    world.settle();
    EXPECT_EQ(seen_by(bob, where, ref).text, "from the laptop");
    world.connect(ann);
    world.settle();
    for (auto* phone : {&ann, &laptop, &bob}) {
      EXPECT_EQ(seen_by(*phone, where, ref).text, "from the phone");
      EXPECT_EQ(seen_by(*phone, where, ref).edits, 2U);
    }
  }
}

TEST_F(Edits, AMessageMayBeEditedBeforeItIsSent) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto where = group_of(ann, {&bob});
  world.disconnect(ann);
  const auto id = ann.engine->send(where, {.text = "one"});
  ASSERT_TRUE(id);
  ASSERT_TRUE(ann.engine->edit(where, {*id, ann.enrollment.device}, {.text = "two"}));
  world.connect(ann);
  world.settle();
  EXPECT_EQ(seen_by(bob, where, {*id, ann.enrollment.device}).text, "two");
  EXPECT_EQ(seen_by(ann, where, {*id, ann.enrollment.device}).text, "two");
}

TEST_F(Edits, ADeletionLeavesATombstone) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto where = group_of(ann, {&bob});
  const auto ref = say(ann, where, {.text = "secret"});
  ASSERT_TRUE(bob.engine->react(where, ref, "👀", true));
  world.settle();
  EXPECT_EQ(conversation(bob, where).unread, 1U);
  EXPECT_EQ(bob.engine->remove(where, ref).error(), Errc::not_yours);
  ASSERT_TRUE(ann.engine->remove(where, ref));
  world.settle();
  for (auto* phone : {&ann, &bob}) {
    const auto message = seen_by(*phone, where, ref);
    EXPECT_TRUE(message.deleted);
    EXPECT_TRUE(message.text.empty());
    EXPECT_TRUE(message.reactions.empty());
    EXPECT_TRUE(phone->engine->search({.words = "secret"}).value().empty());
  }
  EXPECT_EQ(conversation(bob, where).unread, 0U);
  EXPECT_EQ(bob.engine->react(where, ref, "x", true).error(), Errc::not_found);
}

TEST_F(Edits, AModeratorDeletesWhatOthersWroteAndEverybodySeesWhoDidIt) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  auto& cleo = join("cleo");
  const auto where = group_of(ann, {&bob, &cleo});
  const auto ref = say(cleo, where, {.text = "spam"});
  world.server.moderators = {bob.enrollment.user};
  ASSERT_TRUE(bob.engine->moderate(where, ref));
  world.settle();
  EXPECT_EQ(last_failure(bob), "");
  for (auto* phone : {&ann, &bob, &cleo}) {
    const auto message = seen_by(*phone, where, ref);
    EXPECT_TRUE(message.deleted) << phone->enrollment.username;
    EXPECT_EQ(message.deleted_by, bob.enrollment.user);
    EXPECT_TRUE(phone->engine->search({.words = "spam"}).value().empty());
    phone->reopen();
    EXPECT_EQ(seen_by(*phone, where, ref).deleted_by, bob.enrollment.user) << "it is stored";
  }
}

TEST_F(Edits, AnOwnMessageThatAModeratorDeletesIsDeletedByItsAuthor) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto where = group_of(ann, {&bob});
  const auto ref = say(ann, where, {.text = "mine"});
  world.server.moderators = {ann.enrollment.user};
  ASSERT_TRUE(ann.engine->moderate(where, ref));
  world.settle();
  EXPECT_TRUE(seen_by(bob, where, ref).deleted);
  EXPECT_TRUE(seen_by(bob, where, ref).deleted_by.is_nil());
}

TEST_F(Edits, WhoDoesNotModerateIsRefusedByTheServerAndIfItFailsByEveryClient) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto where = group_of(ann, {&bob});
  const auto ref = say(ann, where, {.text = "as Ann said it"});
  ASSERT_TRUE(bob.engine->moderate(where, ref));
  world.settle();
  EXPECT_EQ(last_failure(bob), "chat.not_author");
  EXPECT_FALSE(seen_by(bob, where, ref).deleted);
  world.server.authors_checked = false;
  ASSERT_TRUE(bob.engine->moderate(where, ref));
  world.settle();
  EXPECT_EQ(last_failure(bob), "") << "it was sent and taken";
  EXPECT_FALSE(seen_by(ann, where, ref).deleted);
  EXPECT_EQ(seen_by(ann, where, ref).text, "as Ann said it");
}

TEST_F(Edits, AModeratorEditsNothingOfOthersAndInAPairThereIsNone) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  world.server.moderators = {bob.enrollment.user};
  world.server.authors_checked = false;
  world.server.calls_all_moderators = true;
  const auto group = group_of(ann, {&bob});
  const auto there = say(ann, group, {.text = "as Ann said it"});
  claim(bob, group, there);
  ASSERT_TRUE(bob.engine->edit(group, there, {.text = "as Bob has it"}));
  world.settle();
  EXPECT_EQ(seen_by(ann, group, there).text, "as Ann said it");
  const auto pair = pair_of(ann, bob);
  const auto here = say(ann, pair, {.text = "between us"});
  EXPECT_EQ(bob.engine->moderate(pair, here).error(), Errc::not_yours);
  claim(bob, pair, here);
  ASSERT_TRUE(bob.engine->remove(pair, here));
  world.settle();
  EXPECT_FALSE(seen_by(ann, pair, here).deleted);
}

TEST_F(Edits, WhatAMessageSaidBeforeIsKeptWhereItWasSeen) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto where = group_of(ann, {&bob});
  const auto ref = say(ann, where, {.text = "one"});
  const auto sent = world.clock.now();
  EXPECT_EQ(texts(bob, where, ref), (Texts{"one"}));
  for (const auto* text : {"two", "three"}) {
    world.clock.advance(1min);
    ASSERT_TRUE(ann.engine->edit(where, ref, {.text = text}));
    world.settle();
  }
  for (auto* phone : {&ann, &bob}) {
    world.disconnect(*phone);
    phone->reopen();
    world.connect(*phone);
    world.settle();
    EXPECT_EQ(texts(*phone, where, ref), (Texts{"one", "two", "three"}));
    const auto all = phone->engine->texts(where, ref).value();
    EXPECT_GE(all[1].since - all[0].since, 1min);
    EXPECT_EQ(all[2].since - all[1].since, 1min);
    EXPECT_LE(all[0].since, sent);
    EXPECT_TRUE(phone->engine->search({.words = "two"}).value().empty()) << "only what it says now";
  }
  ASSERT_TRUE(ann.engine->remove(where, ref));
  world.settle();
  EXPECT_EQ(texts(bob, where, ref), Texts{}) << "deleted is deleted";
  EXPECT_EQ(bob.engine->texts(where, {MessageId(), ref.sender_device}).error(), Errc::not_found);
}

TEST_F(Edits, OfVeryManyEditsTheFirstTextAndTheNewestStay) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto where = group_of(ann, {&bob});
  const auto ref = say(ann, where, {.text = "the first"});
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(ann.engine->edit(where, ref, {.text = std::to_string(i)}));
    world.settle();
  }
  const auto all = texts(bob, where, ref);
  ASSERT_EQ(all.size(), 51U);
  EXPECT_EQ(all.front(), "the first");
  EXPECT_EQ(all[1], "10");
  EXPECT_EQ(all.back(), "59");
}

TEST_F(Edits, AMessageThatWasGivenUpCanBeDiscarded) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  for (const auto where : {group_of(ann, {&bob}), pair_of(ann, bob)}) {
    const auto root = say(ann, where, {.text = "sent"});
    world.server.send_error =
        wire::Error{.code = "chat.malformed", .message = "no", .status = 400, .retry_after_ms = 0};
    const auto first = say(ann, where, {.text = "first", .thread_root = root});
    const auto second = say(ann, where, {.text = "second"});
    world.server.send_error.reset();
    const auto third = say(ann, where, {.text = "third"});
    ASSERT_EQ(seen_by(ann, where, first).state, MessageState::failed);
    ASSERT_EQ(seen_by(ann, where, second).state, MessageState::failed);
    EXPECT_EQ(ann.engine->discard(where, third).error(), Errc::not_failed);
    ASSERT_EQ(ann.engine->thread_messages(where, root)->size(), 1U);

    const auto before = conversation(ann, where).message_count;
    ASSERT_TRUE(ann.engine->discard(where, first));
    EXPECT_TRUE(ann.engine->thread_messages(where, root)->empty());
    ASSERT_TRUE(ann.engine->discard(where, second));
    EXPECT_EQ(ann.engine->discard(where, second).error(), Errc::not_found);
    EXPECT_EQ(conversation(ann, where).message_count, before) << "what came later keeps its place";
    ann.take();
    EXPECT_EQ(ann.count<event::MessageDiscarded>(), 2U);
    ann.events.clear();
    world.disconnect(ann);
    ann.reopen();
    world.connect(ann);
    world.settle();
    EXPECT_EQ(seen_by(ann, where, third).text, "third");
    EXPECT_EQ(ann.engine->message(where, first).value(), std::nullopt);
    EXPECT_TRUE(ann.engine->search({.words = "second"}).value().empty());
    EXPECT_EQ(bob.engine->message(where, second).value(), std::nullopt);
  }
}

TEST_F(Edits, DiscardedAtTheEndItsPlaceIsTheNextOnes) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto where = pair_of(ann, bob);
  const auto count = conversation(ann, where).message_count;
  world.server.send_error =
      wire::Error{.code = "chat.malformed", .message = "no", .status = 400, .retry_after_ms = 0};
  const auto one = say(ann, where, {.text = "one"});
  const auto two = say(ann, where, {.text = "two"});
  world.server.send_error.reset();
  ASSERT_TRUE(ann.engine->discard(where, one));
  ASSERT_TRUE(ann.engine->discard(where, two));
  EXPECT_EQ(conversation(ann, where).message_count, count);
  const auto three = say(bob, where, {.text = "three"});
  EXPECT_EQ(seen_by(ann, where, three).index, count);
  EXPECT_EQ(ann.engine->message(where, two).value(), std::nullopt) << "not what stands there now";
}

TEST_F(Edits, ASearchShowsWhatStandsThereNowThoughAnEarlierOneKeptTheTexts) {
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto where = group_of(ann, {&bob});
  const auto count = [&](const char* words) {
    return bob.engine->search({.words = words}).value().size();
  };
  const auto first = say(ann, where, {.text = "the red house"});
  const auto second = say(ann, where, {.text = "the blue house"});
  EXPECT_EQ(count("house"), 2U);
  EXPECT_EQ(count("red"), 1U);
  ASSERT_TRUE(ann.engine->edit(where, first, {.text = "the green house"}));
  world.settle();
  EXPECT_EQ(count("red"), 0U);
  EXPECT_EQ(count("green"), 1U);
  ASSERT_TRUE(ann.engine->remove(where, second));
  world.settle();
  EXPECT_EQ(count("house"), 1U);
  EXPECT_EQ(count("blue"), 0U);
  say(ann, where, {.text = "a third house"});
  EXPECT_EQ(count("house"), 2U);
  EXPECT_EQ(bob.engine->search({.words = "HOU", .limit = 1}).value().front().text, "a third house");
}

TEST_F(Edits, BeyondWhatIsKeptASearchReadsTheStore) {
  world.limits.max_search_texts = 2000;
  auto& ann = join("ann");
  auto& bob = join("bob");
  const auto where = group_of(ann, {&bob});
  std::vector<MessageRef> refs;
  for (int i = 0; i < 30; ++i) {
    refs.push_back(
        say(ann, where, {.text = "message " + std::to_string(i) + std::string(100, '.')}));
  }
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(bob.engine->search({.words = "message"}).value().size(), 30U - round);
    ASSERT_TRUE(ann.engine->remove(where, refs[static_cast<std::size_t>(round)]));
    world.settle();
  }
}

}  // namespace
}  // namespace unhidra::client::testing
